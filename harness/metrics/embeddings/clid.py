"""CLID: are features expressive, and are their clusters easy to learn?"""

from collections.abc import Sequence

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_count, check_features
from harness.metrics.numerics.kmeans import Norm, kmeans
from harness.metrics.numerics.neighbours import nearest_others
from harness.metrics.spec import Input, Metric, Trend
from harness.sampling import sampled_rows


def cluster_learnability(
    features: Array,
    *,
    clusters: int | None = None,
    starts: int = 1,
    seed: int = 0,
    images: int | None = None,
) -> float:
    r"""Return how often the nearest other image is of the same k-means cluster.

    .. math:: \frac1n \sum_i \mathbb 1[c_i = c_{\mathrm{nn}(i)}]

    Parameters
    ----------
    features : (n, d) array
        One row per image.
    clusters
        How many k-means makes; None for the root of the number of images, rounded down.
    starts, seed
        Of k-means, from k-means++.
    images
        Use a sample of so many images; None for all.

    Returns
    -------
    float
        In [0, 1], more is better: the accuracy of a nearest-neighbour classifier on
        labels that k-means made, each image left out in turn.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix, or a number is not positive.
    UndefinedMetricError
        If there are fewer than two clusters, or fewer images than clusters and one.

    Notes
    -----
    A part of CLID, in one reading of it: in the published paper it is the validation
    accuracy of nearest neighbours on clusters by k-means; leaving out one image at a
    time needs no split. The number of clusters by default is ours. With few clusters it
    is near 1 whatever the features are.

    References
    ----------
    Lu, Liu, Baratin, Laroche, Courville, Sordoni, "Using Representation Expressiveness
    and Learnability to Evaluate Self-Supervised Learning Methods", TMLR 2023,
    arXiv:2206.01251.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [3.2], [5.0], [5.5], [6.1]])
    >>> cluster_learnability(line, clusters=2)  # 0, 1, 3.2 and the rest, or 0, 1
    1.0
    """
    check_features(features)
    for name, count in (("clusters", clusters), ("images", images)):
        check_count(name, count)
    rows = np.asarray(features, dtype=np.float64)
    rows = rows[sampled_rows(len(rows), images)]
    k = int(np.sqrt(len(rows))) if clusters is None else clusters
    if k < 2 or len(rows) <= k:
        raise UndefinedMetricError(
            f"it needs two clusters and an image more than clusters, got {k} of "
            f"{len(rows)} images"
        )
    found = kmeans(rows, k=k, norm=Norm.RAW, n_init=starts, seed=seed).clusters
    neighbours = nearest_others(rows, k=1, distance="euclidean").rows[:, 0]
    return float((found[neighbours] == found).mean())


def clid(learnabilities: Sequence[float], dimensions: Sequence[float]) -> Array:
    r"""Return CLID of several models: the sum of both parts, each standardised.

    .. math:: \frac{CL - \overline{CL}}{\sigma_{CL}}
        + \frac{ID - \overline{ID}}{\sigma_{ID}}

    Parameters
    ----------
    learnabilities
        `cluster_learnability` of each model.
    dimensions
        `intrinsic_dimension` of each, in the same order.

    Returns
    -------
    (m,) array
        More is better, among these models alone: with others it is another number, so
        that it is no metric of one model.

    Raises
    ------
    ValueError
        If these are not as many, or not finite.
    UndefinedMetricError
        If there are fewer than two models, or all have one value of a part.

    Notes
    -----
    Deviations are those of the models themselves, divided by m.

    Examples
    --------
    >>> clid([0.8, 0.9], [10.0, 20.0]).round(12).tolist()
    [-2.0, 2.0]
    >>> clid([0.8, 0.9], [20.0, 10.0]).round(12).tolist()
    [0.0, 0.0]
    """
    parts = [
        np.asarray(part, dtype=np.float64) for part in (learnabilities, dimensions)
    ]
    if len({part.shape for part in parts}) > 1 or parts[0].ndim != 1:
        raise ValueError(
            "`learnabilities` and `dimensions` must be of the same models, got shapes "
            f"{parts[0].shape} and {parts[1].shape}"
        )
    if not all(np.isfinite(part).all() for part in parts):
        raise ValueError("`learnabilities` and `dimensions` must be finite")
    if len(parts[0]) < 2:
        raise UndefinedMetricError("CLID compares models: it needs two or more")
    if any(np.ptp(part) == 0 for part in parts):
        raise UndefinedMetricError("all models have one value of a part of CLID")
    return np.asarray(sum((part - part.mean()) / part.std() for part in parts))


CLUSTER_LEARNABILITY = Metric(
    fn=cluster_learnability,
    inputs=(Input.FEATURES,),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Lu et al. 2023, arXiv:2206.01251, leaving out one image at a time",
    depends_on_n=True,
    on_request=True,
)
