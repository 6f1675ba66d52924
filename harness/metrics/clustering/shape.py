"""Shape of clusters among features, without labels: how far apart, and how tight."""

from typing import Any

import numpy as np

from harness.arrays import Array, Classes
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_features, check_predicted
from harness.metrics.spec import Input, Metric, Trend

SAMPLE = 5000  # images that silhouettes are taken of: distances grow with the square


def silhouette(features: Array, predicted: Classes, *, sample: int = SAMPLE) -> float:
    r"""Return how much nearer images are to their own cluster than to the next.

    .. math:: \frac1n \sum_i \frac{b_i - a_i}{\max(a_i, b_i)}

    with the mean distance a to the other images of the cluster, and b to those of the
    nearest other cluster; 0 for an image that is alone in its cluster.

    Parameters
    ----------
    features : (n, d) array
        One row per image.
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    sample : int
        Of more images, so many are drawn (seed 0), and the rest left out.

    Returns
    -------
    float
        In [-1, 1]: 1 of points far apart, below 0 where images are nearer to another
        cluster.

    Raises
    ------
    TypeError, ValueError
        If `features` is no finite matrix or `predicted` are not n whole numbers from 0.
    UndefinedMetricError
        If one cluster alone is used, or every image has one of its own.

    Notes
    -----
    Euclidean distances between features as they are.

    References
    ----------
    Rousseeuw, "Silhouettes: A graphical aid to the interpretation and validation of
    cluster analysis", Journal of Computational and Applied Mathematics 20, 1987.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [4.0], [5.0]])
    >>> silhouette(line, np.array([0, 0, 1, 1]))  # 7/9, 5/7, 5/7, 7/9
    0.746031746032
    >>> silhouette(line, np.array([0, 1, 0, 1]))
    -0.375
    """
    from sklearn.metrics import silhouette_score

    if sample < 3:
        raise ValueError(f"`sample` must be at least 3, got {sample}")
    _check(features, predicted)
    if len(features) > sample:
        rows = np.sort(np.random.default_rng(0).choice(len(features), sample, False))
        features, predicted = features[rows], predicted[rows]
    return _score(silhouette_score, features, predicted)


def calinski_harabasz(features: Array, predicted: Classes) -> float:
    r"""Return the scatter between clusters in parts of that within, each per degree.

    .. math:: \frac{\sum_c b_c \lVert \mu_c - \mu \rVert^2 / (C - 1)}
        {\sum_i \lVert z_i - \mu_{\hat y_i} \rVert^2 / (n - C)}

    Parameters
    ----------
    features : (n, d) array
        One row per image.
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0; C of them.

    Returns
    -------
    float
        At least 0, larger for tight clusters far apart; 1 if nothing is scattered
        within clusters, as scikit-learn has it. It grows with the number of images.

    Raises
    ------
    TypeError, ValueError
        If `features` is no finite matrix or `predicted` are not n whole numbers from 0.
    UndefinedMetricError
        If one cluster alone is used, or every image has one of its own.

    References
    ----------
    Caliński and Harabasz, "A dendrite method for cluster analysis", Communications in
    Statistics 3, 1974.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [4.0], [5.0]])
    >>> calinski_harabasz(line, np.array([0, 0, 1, 1]))  # 16 over 1/2
    32.0
    >>> calinski_harabasz(line[[0, 0, 2, 2]], np.array([0, 0, 1, 1]))
    1.0
    """
    from sklearn.metrics import calinski_harabasz_score

    _check(features, predicted)
    return _score(calinski_harabasz_score, features, predicted)


def davies_bouldin(features: Array, predicted: Classes) -> float:
    r"""Return how alike each cluster is to the one most like it.

    .. math:: \frac1C \sum_c \max_{c' \ne c}
        \frac{s_c + s_{c'}}{\lVert \mu_c - \mu_{c'} \rVert}

    with the mean distance s of a cluster's images to its centre.

    Parameters
    ----------
    features : (n, d) array
        One row per image.
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0; C of them.

    Returns
    -------
    float
        At least 0, smaller for tight clusters far apart; 0 where none has any width.

    Raises
    ------
    TypeError, ValueError
        If `features` is no finite matrix or `predicted` are not n whole numbers from 0.
    UndefinedMetricError
        If one cluster alone is used, or every image has one of its own.

    Notes
    -----
    Two clusters with one centre are left out of the largest, as in scikit-learn.

    References
    ----------
    Davies and Bouldin, "A Cluster Separation Measure", IEEE Transactions on Pattern
    Analysis and Machine Intelligence 1, 1979.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [4.0], [5.0]])
    >>> davies_bouldin(line, np.array([0, 0, 1, 1]))  # (1/2 + 1/2) / 4
    0.25
    >>> davies_bouldin(line[[0, 0, 2, 2]], np.array([0, 0, 1, 1]))
    0.0
    """
    from sklearn.metrics import davies_bouldin_score

    _check(features, predicted)
    return _score(davies_bouldin_score, features, predicted)


def _check(features: Array, predicted: Classes) -> None:
    check_features(features)
    check_predicted(predicted, len(features))


def _score(score: Any, features: Array, predicted: Classes) -> float:
    used, n = len(np.unique(predicted)), len(predicted)
    if not 2 <= used < n:
        raise UndefinedMetricError(
            f"it needs 2 clusters or more, and fewer than images, got {used} of {n} "
            "images"
        )
    return float(score(np.asarray(features, dtype=np.float64), predicted))


SILHOUETTE = Metric(
    fn=silhouette,
    inputs=(Input.FEATURES, Input.PREDICTED),
    bounds=(-1.0, 1.0),
    trend=Trend.RISES,
    source="Rousseeuw 1987",
    costly=True,
)
CALINSKI_HARABASZ = Metric(
    fn=calinski_harabasz,
    inputs=(Input.FEATURES, Input.PREDICTED),
    bounds=(0.0, float("inf")),
    trend=Trend.RISES,
    source="Caliński and Harabasz 1974",
    depends_on_n=True,
    on_request=True,
)
DAVIES_BOULDIN = Metric(
    fn=davies_bouldin,
    inputs=(Input.FEATURES, Input.PREDICTED),
    bounds=(0.0, float("inf")),
    trend=Trend.FALLS,
    source="Davies and Bouldin 1979",
    on_request=True,
)
