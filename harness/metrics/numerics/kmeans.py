"""k-means on features, by scikit-learn, with all that decides its numbers said."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from harness.arrays import Array, Classes
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_count, check_features
from harness.metrics.numerics.memo import remembered


class Norm(StrEnum):
    """What is done to features before distances are taken."""

    RAW = "raw"
    L2 = "l2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """Clusters of images, and the objective that chose them.

    Attributes
    ----------
    clusters
        (n,) number of each image's cluster.
    inertia
        Sum of squared distances to the centres: the least over the starts.
    """

    clusters: Classes
    inertia: float


def normalised(features: Array, norm: Norm) -> Array:
    """(n, d) features as they are, or each of length 1; zeros stay zeros.

    Examples
    --------
    >>> normalised(np.array([[3.0, 4.0], [0.0, 0.0]]), Norm.L2).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    if norm is Norm.RAW:
        return features
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.where(lengths > 0, lengths, 1.0))


def kmeans(
    features: Array, *, k: int, norm: Norm, n_init: int, seed: int
) -> Clustering:
    """Cluster images by Lloyd's k-means, from k-means++ starts.

    Parameters
    ----------
    features : (n, d) array
        One row per image.
    k
        Number of clusters, n at most.
    norm
        Of the rows; `Norm.L2` is spherical in its input alone, centres are means.
    n_init
        Starts; the one of least inertia is kept, so that no label chooses. One start
        alone costs points of accuracy and makes results vary.
    seed
        Of the starts.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix, or a number is below 1.
    UndefinedMetricError
        If there are fewer images than clusters.

    References
    ----------
    Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory
    28, 1982; Arthur and Vassilvitskii, "k-means++", SODA 2007.

    Examples
    --------
    >>> two = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> found = kmeans(two, k=2, norm=Norm.RAW, n_init=1, seed=0)
    >>> bool(found.clusters[0] == found.clusters[1] != found.clusters[2]), found.inertia
    (True, 0.01)
    """
    check_features(features)
    for name, count in (("k", k), ("n_init", n_init)):
        check_count(name, count)
    if len(features) < k:
        raise UndefinedMetricError(f"{k} clusters need {k} images, got {len(features)}")
    found = _fitted(features, k=k, norm=str(norm), n_init=n_init, seed=seed)
    return replace(found, clusters=found.clusters.astype(np.int64))


# Clusters of pixels are the same for every model, and a run goes model by model.
@remembered(512)
def _fitted(
    features: Array, *, k: int, norm: str, n_init: int, seed: int
) -> Clustering:
    import warnings

    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    estimator = KMeans(k, n_init=n_init, random_state=seed, algorithm="lloyd")
    with warnings.catch_warnings():
        # Fewer distinct images than clusters: the number of clusters used tells it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(normalised(features, Norm(norm)))
    return Clustering(
        clusters=estimator.labels_.astype(np.int32), inertia=float(estimator.inertia_)
    )
