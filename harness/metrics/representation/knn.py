"""kNN classification: what neighbours among labelled features say."""

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes, Probs
from harness.metrics.numerics.neighbours import (
    Distance,
    Neighbours,
    checked_distance,
    nearest,
    nearest_others,
)
from harness.metrics.numerics.uncertainty import share_interval
from harness.metrics.outcomes.chance import prevalence
from harness.metrics.representation.bank import check_bank, check_own, most_common
from harness.metrics.spec import Input, Invariant, Metric, Trend


def knn(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    k: int = 20,
    temperature: float | None = 0.07,
    distance: str = "cosine",
) -> float:
    r"""Return the share of images whose nearest training images vote for their class.

    .. math:: \frac1n \sum_i \mathbb 1\Big[y_i = \arg\max_c \sum_{j \in N_k(i)}
        e^{s_{ij} / T} \mathbb 1[y_j = c]\Big]

    Parameters
    ----------
    train_features : (m, d) array
        The bank: features of training images.
    train_labels : (m,) integer array
        Their classes.
    features : (n, d) array
        Features of the images.
    labels : (n,) integer array
        Their true classes.
    k
        Neighbours that vote.
    temperature
        T; None for a majority, where every neighbour has one vote.
    distance
        "cosine", or "euclidean", which has majorities alone.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n.

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit together or are not finite, or an option is none.
    UndefinedMetricError
        If the bank has fewer images than k, or lacks a class of the images.

    Notes
    -----
    Of neighbours at one distance those of lower rows are nearer, of classes with as
    many votes the lowest wins. k and T are part of the number: published ones are in
    `harness.metrics.representation.protocols`.

    References
    ----------
    Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance
    Discrimination", CVPR 2018, arXiv:1805.01978, section 3.4 (weights); Caron et al.,
    "Emerging Properties in Self-Supervised Vision Transformers", ICCV 2021,
    arXiv:2104.14294.

    Examples
    --------
    >>> bank = np.array([[1, 0], [0.8, 0.6], [0, 1], [-0.6, 0.8], [-1, 0]])
    >>> classes, image = np.array([0, 1, 1, 0, 0]), np.array([[0.6, 0.8]])
    >>> knn(bank, classes, image, np.array([1]), k=5)
    1.0
    >>> knn(bank, classes, image, np.array([1]), k=5, temperature=None)
    0.0
    """
    return float(
        _right(
            train_features,
            train_labels,
            features,
            labels,
            k=k,
            temperature=temperature,
            distance=distance,
        ).mean()
    )


def knn_leave_one_out(
    features: Array,
    labels: Classes,
    *,
    k: int = 20,
    temperature: float | None = 0.07,
    distance: str = "cosine",
) -> float:
    r"""Return the share of images whose nearest other images vote for their class.

    .. math:: \frac1n \sum_i \mathbb 1\Big[y_i = \arg\max_c
        \sum_{j \in N_k(i), j \neq i} e^{s_{ij} / T} \mathbb 1[y_j = c]\Big]

    Parameters
    ----------
    features : (n, d) array
        Features of the images.
    labels : (n,) integer array
        Their true classes.
    k, temperature, distance
        As of `knn`.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n.

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit together or are not finite, or an option is none.
    UndefinedMetricError
        If there are no more images than k.

    Notes
    -----
    It needs no training images: the images are the bank of each other. An image that
    is there twice is its own neighbour all the same.

    References
    ----------
    Cover and Hart, "Nearest neighbor pattern classification", IEEE Transactions on
    Information Theory 13, 1967; weights as of `knn`.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [2.1], [3.3]])
    >>> knn_leave_one_out(
    ...     line, np.array([0, 0, 1, 1]), k=1, temperature=None, distance="euclidean")
    0.75
    """
    return float(
        _right_alone(
            features, labels, k=k, temperature=temperature, distance=distance
        ).mean()
    )


def knn_shares(
    neighbours: Neighbours, train_labels: Classes, *, temperature: float | None
) -> Probs:
    """(n, c) shares of the votes, for each class from 0 to the largest of the bank.

    Parameters
    ----------
    neighbours
        Of each image.
    train_labels : (m,) integer array
        Classes of the bank's rows.
    temperature
        T of the weights exp(s / T); None for one vote each.

    Raises
    ------
    ValueError
        If the temperature is not positive and finite.
    """
    n, k = neighbours.rows.shape
    if temperature is None:
        weights = np.ones((n, k))
    else:
        if not 0 < temperature < np.inf:
            raise ValueError(
                f"`temperature` must be positive and finite, got {temperature!r}; use "
                "None for a majority"
            )
        # Less the nearest's, so that none of it overflows and the winner is the same.
        gaps = neighbours.closeness - neighbours.closeness[:, :1]
        weights = np.exp(gaps / temperature)
    voted = np.zeros((n, int(train_labels.max()) + 1))
    classes = train_labels[neighbours.rows]
    for j in range(k):
        voted[np.arange(n), classes[:, j]] += weights[:, j]
    return np.asarray(voted / weights.sum(axis=1, keepdims=True))


def _right(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    k: int = 20,
    temperature: float | None = 0.07,
    distance: str = "cosine",
) -> NDArray[np.bool_]:
    check_bank(train_features, train_labels, features, labels)
    _check_weights(distance, temperature)
    found = nearest(features, train_features, k=k, distance=distance)
    shares = knn_shares(found, train_labels, temperature=temperature)
    return np.asarray(shares.argmax(axis=1) == labels)


def _right_alone(
    features: Array,
    labels: Classes,
    *,
    k: int = 20,
    temperature: float | None = 0.07,
    distance: str = "cosine",
) -> NDArray[np.bool_]:
    check_own(features, labels)
    _check_weights(distance, temperature)
    found = nearest_others(features, k=k, distance=distance)
    shares = knn_shares(found, labels, temperature=temperature)
    return np.asarray(shares.argmax(axis=1) == labels)


def _check_weights(distance: str, temperature: float | None) -> None:
    if checked_distance(distance) is Distance.EUCLIDEAN and temperature is not None:
        raise ValueError(
            "`temperature` must be None for euclidean neighbours, got "
            f"{temperature!r}: the published weights are of cosines"
        )


def _interval(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    k: int = 20,
    temperature: float | None = 0.07,
    distance: str = "cosine",
) -> tuple[float, float]:
    options = {"k": k, "temperature": temperature, "distance": distance}
    return share_interval(
        _right(train_features, train_labels, features, labels, **options)  # type: ignore[arg-type]
    )


def _interval_alone(
    features: Array,
    labels: Classes,
    *,
    k: int = 20,
    temperature: float | None = 0.07,
    distance: str = "cosine",
) -> tuple[float, float]:
    return share_interval(
        _right_alone(features, labels, k=k, temperature=temperature, distance=distance)
    )


def _chance_alone(features: Array, labels: Classes) -> float:
    return prevalence(labels)


KNN = Metric(
    fn=knn,
    inputs=(
        Input.TRAIN_FEATURES,
        Input.TRAIN_LABELS,
        Input.FEATURES,
        Input.LABELS,
    ),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Wu et al. 2018, arXiv:1805.01978, section 3.4",
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.DUPLICATION}),
    proportion=True,
    interval=_interval,
    chance=most_common,
)
KNN_LEAVE_ONE_OUT = Metric(
    fn=knn_leave_one_out,
    inputs=(Input.FEATURES, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Cover and Hart 1967, weights of Wu et al. 2018",
    depends_on_n=True,
    proportion=True,
    interval=_interval_alone,
    chance=_chance_alone,
)
