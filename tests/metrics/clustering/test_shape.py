"""Shape and stability of clusters, and k-means: plain loops and known numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UndefinedMetricError
from harness.metrics.clustering.acc import acc_hybrid, acc_majority, acc_one_to_one
from harness.metrics.clustering.adjusted import ami, ari
from harness.metrics.clustering.nmi import nmi_arithmetic
from harness.metrics.clustering.shape import (
    calinski_harabasz,
    davies_bouldin,
    silhouette,
)
from harness.metrics.clustering.stability import stability
from harness.metrics.numerics.kmeans import Norm, faiss_kmeans, kmeans, normalised

# What faiss 1.9 imports has another name since NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:numpy.core:DeprecationWarning")


def cloud(seed, n=30, d=3, k=4):
    """Features, and clusters that have two images each at least."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), np.arange(n) % k


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_shape_as_in_plain_loops(seed):
    z, clusters = cloud(seed)
    n, names = len(z), np.unique(clusters)
    centres = np.array([z[clusters == c].mean(axis=0) for c in names])
    away = np.linalg.norm(z[:, None] - z[None], axis=2)
    scores = []
    for i in range(n):
        own = clusters[i]
        a = away[i, (clusters == own) & (np.arange(n) != i)].mean()
        b = min(away[i, clusters == c].mean() for c in names if c != own)
        scores.append((b - a) / max(a, b))
    sizes = np.bincount(clusters)
    between = (sizes * ((centres - z.mean(axis=0)) ** 2).sum(axis=1)).sum()
    within = ((z - centres[clusters]) ** 2).sum()
    width = [
        np.linalg.norm(z[clusters == c] - centres[c], axis=1).mean() for c in names
    ]
    alike = [
        max(
            (width[c] + width[o]) / np.linalg.norm(centres[c] - centres[o])
            for o in names
            if o != c
        )
        for c in names
    ]

    assert silhouette(z, clusters) == pytest.approx(np.mean(scores))
    assert calinski_harabasz(z, clusters) == pytest.approx(
        (between / (len(names) - 1)) / (within / (n - len(names)))
    )
    assert davies_bouldin(z, clusters) == pytest.approx(np.mean(alike))


def test_a_silhouette_of_a_sample_is_near_that_of_all():
    rng = np.random.default_rng(0)
    clusters = np.arange(800) % 4
    z = rng.normal(size=(800, 2)) + 3 * np.eye(4)[clusters][:, :2]

    assert silhouette(z, clusters, sample=300) == pytest.approx(
        silhouette(z, clusters), abs=0.05
    )


@pytest.mark.parametrize("measure", [silhouette, calinski_harabasz, davies_bouldin])
@pytest.mark.parametrize("clusters", [np.zeros(5, int), np.arange(5)])
def test_one_cluster_and_one_an_image_have_no_shape(measure, clusters):
    with pytest.raises(UndefinedMetricError, match="needs 2 clusters or more"):
        measure(np.arange(10.0).reshape(5, 2), clusters)


def test_a_collapse_is_not_stable():
    with pytest.raises(UndefinedMetricError, match="one cluster alone"):
        stability(np.zeros(4, int), np.zeros((2, 4), int))


def test_normalised_rows_have_length_1():
    z, _ = cloud(0)

    assert np.linalg.norm(normalised(z, Norm.L2), axis=1) == pytest.approx(1)
    assert normalised(z, Norm.RAW) is z


def test_kmeans_takes_the_best_of_its_starts_and_comes_again():
    z, _ = cloud(1, n=60)
    few, many, again = (
        kmeans(z, k=6, norm=Norm.RAW, n_init=starts, seed=3) for starts in (1, 20, 20)
    )

    assert many.inertia <= few.inertia
    assert np.array_equal(many.clusters, again.clusters)
    centres = np.array([z[many.clusters == c].mean(axis=0) for c in range(6)])
    assert ((z - centres[many.clusters]) ** 2).sum() == pytest.approx(many.inertia)


@pytest.mark.parametrize("make", [kmeans, faiss_kmeans])
def test_kmeans_of_fewer_images_than_clusters_is_undefined(make):
    with pytest.raises(UndefinedMetricError, match="5 clusters need 5 images, got 4"):
        make(np.eye(4), k=5, norm=Norm.RAW, n_init=1, seed=0)
    with pytest.raises(ValueError, match="`n_init` must be at least 1"):
        make(np.eye(4), k=2, norm=Norm.RAW, n_init=0, seed=0)


def test_faiss_lets_every_image_count():
    """600 images a cluster, of which it would take 256: a centre is the mean of all."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(1200, 3)) + 50.0 * (np.arange(1200) % 2)[:, None]
    found = faiss_kmeans(z, k=2, norm=Norm.RAW, n_init=2, seed=0)
    by_the_other = kmeans(z, k=2, norm=Norm.RAW, n_init=2, seed=0)

    assert ari(found.clusters, np.arange(1200) % 2) == 1
    assert found.inertia == pytest.approx(by_the_other.inertia, rel=1e-6)


def test_faiss_on_the_pixels_of_digits():
    """As good as scikit-learn's, and the same again."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    options = {"k": 10, "norm": Norm.L2, "n_init": 10, "seed": 0}
    found, its = faiss_kmeans(pixels, **options), kmeans(pixels, **options)

    assert found.inertia == pytest.approx(its.inertia, rel=0.005)
    assert ami(found.clusters, labels) == pytest.approx(0.7362, abs=0.02)
    again = faiss_kmeans(pixels + 0.0, **options)
    assert np.array_equal(again.clusters, found.clusters)


@pytest.mark.parametrize(
    ("norm", "expected"),
    [
        (Norm.RAW, (0.7424, 0.7398, 0.6677, 0.7933, 0.7934)),
        (Norm.L2, (0.7388, 0.7362, 0.6647, 0.7929, 0.7929)),
    ],
)
def test_kmeans_on_the_pixels_of_digits(norm, expected):
    """Means over ten seeds, which differ by .003; of 1,797 images in 10 clusters."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    clusters = kmeans(pixels, k=10, norm=norm, n_init=10, seed=0).clusters
    measures = (nmi_arithmetic, ami, ari, acc_one_to_one, acc_majority)
    found = [measure(clusters, labels) for measure in measures]

    assert found == pytest.approx(expected, abs=0.012)
    assert acc_hybrid(clusters, labels) == found[3]
