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
    _check(features, k, n_init)
    found = _fitted(features, k=k, norm=str(norm), n_init=n_init, seed=seed)
    return replace(found, clusters=found.clusters.astype(np.int64))


def faiss_kmeans(
    features: Array, *, k: int, norm: Norm, n_init: int, seed: int
) -> Clustering:
    """Cluster images by faiss, which takes less time for many clusters.

    It is another k-means: starts are images drawn at random, each is followed for 25
    iterations, in float32. Every image counts: faiss would take 256 a cluster by
    itself.

    Parameters
    ----------
    features, k, norm, n_init, seed
        As of `kmeans`, which raises the same errors.

    References
    ----------
    Johnson, Douze and Jégou, "Billion-scale similarity search with GPUs", IEEE
    Transactions on Big Data 7, 2021, arXiv:1702.08734; facebookresearch/faiss,
    ``Clustering.h``.
    """
    _check(features, k, n_init)
    found = _fitted_by_faiss(features, k=k, norm=str(norm), n_init=n_init, seed=seed)
    return replace(found, clusters=found.clusters.astype(np.int64))


def _check(features: Array, k: int, n_init: int) -> None:
    check_features(features)
    for name, count in (("k", k), ("n_init", n_init)):
        check_count(name, count)
    if len(features) < k:
        raise UndefinedMetricError(f"{k} clusters need {k} images, got {len(features)}")


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


_ITERATIONS = 25  # faiss's own number


@remembered(512)
def _fitted_by_faiss(
    features: Array, *, k: int, norm: str, n_init: int, seed: int
) -> Clustering:
    import faiss

    rows = np.ascontiguousarray(normalised(features, Norm(norm)), dtype=np.float32)
    estimator = faiss.Kmeans(
        rows.shape[1],
        k,
        niter=_ITERATIONS,
        nredo=n_init,
        seed=seed,
        min_points_per_centroid=1,
        max_points_per_centroid=len(rows),
    )
    estimator.train(rows)
    clusters = estimator.index.search(rows, 1)[1][:, 0]
    assert estimator.centroids is not None  # it has been trained
    centres = estimator.centroids[clusters].astype(np.float64)
    return Clustering(
        clusters=clusters.astype(np.int32), inertia=float(((rows - centres) ** 2).sum())
    )
