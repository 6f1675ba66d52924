"""Retrieval: are the nearest other images of the same class?

Two published numbers are called recall@k. Here they have two names: `hit_at_k` and
`recall_at_k`.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.memo import remembered
from harness.metrics.numerics.neighbours import (
    closeness_blocks,
    largest,
    nearest_others,
)
from harness.metrics.numerics.uncertainty import mean_interval
from harness.metrics.representation.bank import check_own
from harness.metrics.spec import Input, Metric, Trend


def precision_at_k(
    features: Array, labels: Classes, *, k: int = 10, distance: str = "cosine"
) -> float:
    r"""Return the mean share of an image's nearest others that are of its class.

    .. math:: \frac1{nk} \sum_i \sum_{j \in N_k(i)} \mathbb 1[y_j = y_i]

    Parameters
    ----------
    features : (n, d) array
        Features of the images.
    labels : (n,) integer array
        Their true classes.
    k
        Neighbours.
    distance
        "cosine" or "euclidean".

    Returns
    -------
    float
        In [0, 1]. Random neighbours have its level of chance, `retrieval_floor`.

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit together or are not finite, or an option is none.
    UndefinedMetricError
        If there are no more images than k.

    Notes
    -----
    Also called neighbourhood purity. An image is not its own neighbour; of neighbours
    at one distance those of lower rows are nearer.

    References
    ----------
    Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008,
    section 8.4.

    Examples
    --------
    >>> line = np.array([[0], [1], [2.1], [3.3], [4.6], [6.0]])
    >>> classes = np.array([0, 0, 1, 1, 1, 0])
    >>> [round(precision_at_k(line, classes, k=k, distance="euclidean"), 6)
    ...  for k in (1, 2, 3)]
    [0.666667, 0.5, 0.388889]
    """
    return float(_precisions(features, labels, k=k, distance=distance).mean())


def hit_at_k(
    features: Array, labels: Classes, *, k: int = 10, distance: str = "cosine"
) -> float:
    r"""Return the share of images that have one of their class among the nearest.

    .. math:: \frac1n \sum_i \max_{j \in N_k(i)} \mathbb 1[y_j = y_i]

    Parameters
    ----------
    features : (n, d) array
        Features of the images.
    labels : (n,) integer array
        Their true classes.
    k
        Neighbours.
    distance
        "cosine" or "euclidean".

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n, that rises with k.

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit together or are not finite, or an option is none.
    UndefinedMetricError
        If there are no more images than k.

    Notes
    -----
    What metric learning calls Recall@k.

    References
    ----------
    Oh Song, Xiang, Jegelka and Savarese, "Deep Metric Learning via Lifted Structured
    Feature Embedding", CVPR 2016, arXiv:1511.06452.

    Examples
    --------
    >>> line = np.array([[0], [1], [2.1], [3.3], [4.6], [6.0]])
    >>> classes = np.array([0, 0, 1, 1, 1, 0])
    >>> [round(hit_at_k(line, classes, k=k, distance="euclidean"), 6)
    ...  for k in (1, 2, 3)]
    [0.666667, 0.833333, 0.833333]
    """
    return float(_hits(features, labels, k=k, distance=distance).mean())


def recall_at_k(
    features: Array, labels: Classes, *, k: int = 10, distance: str = "cosine"
) -> float:
    r"""Return the mean share of an image's class that is among its nearest others.

    .. math:: \frac1n \sum_i \frac{1}{n_{y_i} - 1}
        \sum_{j \in N_k(i)} \mathbb 1[y_j = y_i]

    Parameters
    ----------
    features : (n, d) array
        Features of the images.
    labels : (n,) integer array
        Their true classes.
    k
        Neighbours.
    distance
        "cosine" or "euclidean".

    Returns
    -------
    float
        In [0, 1]; at most k / (n_c - 1) of a class of n_c images.

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit together or are not finite, or an option is none.
    UndefinedMetricError
        If there are no more images than k, or every class has one image alone.

    Notes
    -----
    Over images whose class has another. What metric learning calls Recall@k is
    `hit_at_k`.

    References
    ----------
    Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008,
    section 8.3.

    Examples
    --------
    >>> line = np.array([[0], [1], [2.1], [3.3], [4.6], [6.0]])
    >>> classes = np.array([0, 0, 1, 1, 1, 0])
    >>> [round(recall_at_k(line, classes, k=k, distance="euclidean"), 6)
    ...  for k in (1, 2, 3)]
    [0.333333, 0.5, 0.583333]
    """
    return float(_recalls(features, labels, k=k, distance=distance).mean())


def r_precision(features: Array, labels: Classes, *, distance: str = "cosine") -> float:
    r"""Return the mean share of the R nearest others that are of an image's class.

    .. math:: \frac1n \sum_i \frac1{R_i} \sum_{j \in N_{R_i}(i)} \mathbb 1[y_j = y_i],
        \quad R_i = n_{y_i} - 1

    Parameters
    ----------
    features : (n, d) array
        Features of the images.
    labels : (n,) integer array
        Their true classes.
    distance
        "cosine" or "euclidean".

    Returns
    -------
    float
        In [0, 1]: 1 if all of the class are nearer than any other image.

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit together or are not finite, or an option is none.
    UndefinedMetricError
        If every class has one image alone.

    Notes
    -----
    Over images whose class has another.

    References
    ----------
    Musgrave, Belongie and Lim, "A Metric Learning Reality Check", ECCV 2020,
    arXiv:2003.08505, section 3.2.

    Examples
    --------
    >>> line = np.array([[0], [1], [2.1], [3.3]])
    >>> r_precision(line, np.array([0, 0, 1, 1]), distance="euclidean")
    0.75
    """
    return float(_over_r(features, labels, distance)[0].mean())


def map_at_r(features: Array, labels: Classes, *, distance: str = "cosine") -> float:
    r"""Return the mean average precision over the R nearest others.

    .. math:: \frac1n \sum_i \frac1{R_i} \sum_{r=1}^{R_i} P_r(i)
        \mathbb 1[y_{(r)} = y_i], \quad R_i = n_{y_i} - 1

    with the share P_r of the r nearest that are of the image's class.

    Parameters
    ----------
    features : (n, d) array
        Features of the images.
    labels : (n,) integer array
        Their true classes.
    distance
        "cosine" or "euclidean".

    Returns
    -------
    float
        In [0, 1]: at most `r_precision`, and 1 where that is.

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit together or are not finite, or an option is none.
    UndefinedMetricError
        If every class has one image alone.

    Notes
    -----
    Over images whose class has another.

    References
    ----------
    Musgrave, Belongie and Lim, "A Metric Learning Reality Check", ECCV 2020,
    arXiv:2003.08505, equation 5.

    Examples
    --------
    >>> line = np.array([[0], [1], [2.1], [3.3], [4.6], [6.0]])
    >>> classes = np.array([0, 0, 1, 1, 1, 0])  # 1/2, 1/2, 1/4, 1, 1/2, 0
    >>> round(map_at_r(line, classes, distance="euclidean"), 6)
    0.458333
    """
    return float(_over_r(features, labels, distance)[1].mean())


def retrieval_floor(labels: Classes) -> float:
    r"""Return the precision of neighbours drawn at random.

    .. math:: \sum_c \frac{n_c (n_c - 1)}{n (n - 1)}

    Parameters
    ----------
    labels : (n,) integer array
        True classes of two images or more.

    Examples
    --------
    >>> retrieval_floor(np.array([0, 0, 1, 1]))
    0.3333333333333333
    """
    counts = np.bincount(labels).astype(np.float64)
    n = len(labels)
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))


def _same(features: Array, labels: Classes, k: int, distance: str) -> NDArray[np.bool_]:
    """(n, k): whether each neighbour is of the image's class."""
    check_own(features, labels)
    rows = nearest_others(features, k=k, distance=distance).rows
    return np.asarray(labels[rows] == labels[:, None])


def _precisions(
    features: Array, labels: Classes, *, k: int = 10, distance: str = "cosine"
) -> Array:
    return np.asarray(_same(features, labels, k, distance).mean(axis=1))


def _hits(
    features: Array, labels: Classes, *, k: int = 10, distance: str = "cosine"
) -> Array:
    hits = _same(features, labels, k, distance).any(axis=1)
    return np.asarray(hits, dtype=np.float64)


def _recalls(
    features: Array, labels: Classes, *, k: int = 10, distance: str = "cosine"
) -> Array:
    same = _same(features, labels, k, distance)
    others = _others(labels)
    kept = others > 0
    return np.asarray(same[kept].sum(axis=1) / others[kept])


def _others(labels: Classes) -> NDArray[np.int64]:
    """(n,) how many other images are of each one's class."""
    others = np.bincount(labels)[labels] - 1
    if not others.any():
        raise UndefinedMetricError("every class has one image alone")
    return np.asarray(others, dtype=np.int64)


def _over_r(features: Array, labels: Classes, distance: str) -> Array:
    """(2, q): precision and average precision over R, of images that have others."""
    check_own(features, labels)
    return _ranked(features, labels, distance)


@remembered(2)  # both numbers and both intervals
def _ranked(features: Array, labels: Classes, distance: str) -> Array:
    others = _others(labels)
    most = int(others.max())
    ranks = np.arange(1, most + 1)
    found = np.empty((2, len(labels)))
    blocks = closeness_blocks(features, features, distance=distance, itself=True)
    for part, block in blocks:
        columns, _ = largest(block, most)
        r = others[part, None]
        same = (labels[columns] == labels[part, None]) & (ranks <= r)
        precise = same.cumsum(axis=1) / ranks
        with np.errstate(invalid="ignore"):  # of images that have no other: left out
            found[0, part] = same.sum(axis=1) / r[:, 0]
            found[1, part] = (precise * same).sum(axis=1) / r[:, 0]
    return found[:, others > 0]


def _interval(
    each: Callable[..., Array],
) -> Callable[..., tuple[float, float]]:
    """Student's, of what each image contributes."""

    def interval(
        features: Array, labels: Classes, *, k: int = 10, distance: str = "cosine"
    ) -> tuple[float, float]:
        return mean_interval(
            each(features, labels, k=k, distance=distance), bounds=(0, 1)
        )

    return interval


def _interval_over_r(row: int) -> Callable[..., tuple[float, float]]:
    def interval(
        features: Array, labels: Classes, *, distance: str = "cosine"
    ) -> tuple[float, float]:
        return mean_interval(_over_r(features, labels, distance)[row], bounds=(0, 1))

    return interval


def _floor(features: Array, labels: Classes) -> float:
    return retrieval_floor(labels)


def _metric(
    fn: Callable[..., float],
    interval: Callable[..., tuple[float, float]],
    source: str,
    chance: Callable[..., float] | None = None,
) -> Metric:
    return Metric(
        fn=fn,
        inputs=(Input.FEATURES, Input.LABELS),
        bounds=(0.0, 1.0),
        trend=Trend.RISES,
        source=source,
        depends_on_n=True,
        interval=interval,
        chance=chance,
    )


_MUSGRAVE = "Musgrave et al. 2020, arXiv:2003.08505, section 3.2"
PRECISION_AT_K = _metric(
    precision_at_k,
    _interval(_precisions),
    "Manning et al. 2008, section 8.4; neighbourhood purity",
    _floor,
)
HIT_AT_K = _metric(
    hit_at_k, _interval(_hits), "Oh Song et al. 2016, arXiv:1511.06452 (Recall@k)"
)
RECALL_AT_K = _metric(
    recall_at_k, _interval(_recalls), "Manning et al. 2008, section 8.3"
)
R_PRECISION = _metric(r_precision, _interval_over_r(0), _MUSGRAVE, _floor)
MAP_AT_R = _metric(map_at_r, _interval_over_r(1), _MUSGRAVE)
