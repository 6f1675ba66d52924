"""Measures of embeddings: closed forms, seeded values, and other formulations."""

import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats
from sklearn.cluster import KMeans
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from harness.metrics.embeddings.alignment import alignment
from harness.metrics.embeddings.alpha_req import alpha_req
from harness.metrics.embeddings.clid import clid, cluster_learnability
from harness.metrics.embeddings.coherence import coherence
from harness.metrics.embeddings.effective_rank import effective_rank
from harness.metrics.embeddings.intrinsic_dimension import intrinsic_dimension
from harness.metrics.embeddings.lidar import lidar
from harness.metrics.embeddings.nesum import nesum
from harness.metrics.embeddings.participation_ratio import participation_ratio
from harness.metrics.embeddings.rankme import rankme
from harness.metrics.embeddings.self_clustering import self_clustering
from harness.metrics.embeddings.stable_rank import stable_rank
from harness.metrics.embeddings.uniformity import uniformity

close = {"rel": 0, "abs": 1e-9}
NOISE = np.random.default_rng(0).standard_normal((256, 32))
STEEP = NOISE / np.arange(1, 33)
VIEWS = np.random.default_rng(2).standard_normal(
    (40, 1, 8)
) + 0.5 * np.random.default_rng(3).standard_normal((40, 10, 8))


def with_covariance(eigenvalues: np.ndarray) -> np.ndarray:
    """Centred features whose covariance has eigenvalues proportional to these."""
    half = np.diag(np.sqrt(eigenvalues))
    return np.concatenate([half, -half])


@pytest.mark.parametrize(
    ("measure", "noise", "moved", "steep"),
    [
        (effective_rank, 31.426389855292, 11.699241133137, 18.052381774276),
        (rankme, 31.426639662272, 11.699353649587, 18.052552286212),
        (participation_ratio, 28.044305382190, 28.044305382190, 2.659669130325),
        (nesum, 16.897430830569, 16.897430830569, 1.713255290006),
        (stable_rank, 16.877053235481, 1.038330748899, 1.713296828567),
        (uniformity, -3.746551511390, -0.148252923250, -2.536908677911),
        (self_clustering, 0.000349637630, 0.924653963176, 0.209240740624),
        (coherence, 1.675448779786, 1.672850495602, 1.675448779786),
        (intrinsic_dimension, 25.137373537899, 25.137373537899, 11.173760137808),
    ],
)
def test_seeded_values(measure, noise, moved, steep):
    """Of noise, of noise moved by 5, and of noise over 1, 2, ..., 32."""
    found = [measure(z) for z in (NOISE, NOISE + 5, STEEP)]
    assert found == pytest.approx([noise, moved, steep], **close)


def test_effective_rank_of_centred_features():
    found = [effective_rank(z - z.mean(axis=0)) for z in (NOISE, NOISE + 5, STEEP)]
    expected = [31.427874465651, 31.427874465651, 18.039945948428]
    assert found == pytest.approx(expected, **close)


def test_alpha_of_a_seeded_power_law():
    z = np.random.default_rng(1).standard_normal((2000, 128))
    z = z * np.arange(1, 129) ** -0.5

    assert alpha_req(z) == pytest.approx(1.015452611073, **close)
    assert alpha_req(z, weighted=False) == pytest.approx(1.032014797264, **close)
    assert alpha_req(z, first=1, last=128) == pytest.approx(1.007240615829, **close)
    # The authors' function, whose weights are float32.
    assert alpha_req(z) == pytest.approx(1.015452610861, abs=1e-9)


def test_seeded_values_of_views():
    views = VIEWS.swapaxes(0, 1)
    assert lidar(views) == pytest.approx(7.364490915753, **close)
    assert lidar(views, delta=1e-6) == pytest.approx(7.364442631055, **close)
    assert alignment(views[:2]) == pytest.approx(0.439873346167, **close)


def test_lidar_is_highest_for_noise():
    """Of one clean signal direction in the same noise it is low."""
    noise = 0.5 * np.random.default_rng(3).standard_normal((40, 10, 8))
    one = np.random.default_rng(2).standard_normal((40, 1, 1)) * np.eye(8)[0]

    assert lidar(noise.swapaxes(0, 1)) == pytest.approx(7.0644, abs=5e-5)
    assert lidar((one + noise).swapaxes(0, 1)) == pytest.approx(2.0474, abs=5e-5)


@pytest.mark.parametrize(
    ("r", "expected"), [(4, 4.000000618071), (16, 16.000045378315)]
)
def test_ranks_of_an_identity(r, expected):
    z = np.eye(r)
    assert effective_rank(z) == pytest.approx(r, **close)
    assert rankme(z) == pytest.approx(expected, **close)
    assert stable_rank(z) == pytest.approx(r, **close)
    assert participation_ratio(z) == pytest.approx(r - 1, **close)
    assert nesum(z) == pytest.approx(r - 1, **close)


def test_ranks_of_equal_rows():
    z = np.ones((10, 4))
    assert effective_rank(z) == pytest.approx(1, **close)
    assert rankme(z) == pytest.approx(1.000004735440, **close)


def test_ranks_of_a_harmonic_spectrum():
    i = np.arange(1, 11)
    z = with_covariance(1 / i)
    assert participation_ratio(z) == pytest.approx(5.535574693052, **close)
    assert nesum(z) == pytest.approx(2.928968253968, **close)
    assert effective_rank(z) == pytest.approx(9.309535516625, **close)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(("first", "last"), [(11, 100), (1, 150), (5, 12), (11, 999)])
def test_alpha_of_a_power_law_is_its_exponent_over_any_ranks(first, last, weighted):
    z = with_covariance(np.arange(1, 151) ** -1.3)
    found = alpha_req(z, first=first, last=last, weighted=weighted)
    assert found == pytest.approx(1.3, **close)


def test_rankme_grows_with_the_number_of_images():
    rows = {
        n: np.random.default_rng(7).standard_normal((n, 64))
        for n in (32, 64, 128, 512, 4096)
    }
    found = {n: round(rankme(z), 2) for n, z in rows.items()}
    assert found == {32: 29.35, 64: 51.10, 128: 59.30, 512: 62.96, 4096: 63.87}


def test_rankme_is_not_the_rank_of_the_covariance():
    """Which one library has under its name: 4.80 for 18.05 on a 1/i spectrum."""
    of_covariance = np.linalg.svd(STEEP - STEEP.mean(axis=0), compute_uv=False) ** 2
    other = np.exp(scipy.stats.entropy(of_covariance))
    assert other == pytest.approx(4.80, abs=0.005)
    assert rankme(STEEP) == pytest.approx(18.05, abs=0.005)


@pytest.mark.parametrize("z", [NOISE, NOISE + 5, STEEP, NOISE[:20], NOISE[:, :3]])
def test_ranks_from_eigenvalues(z):
    """By another decomposition, and entropies of scipy."""
    raw = scipy.linalg.eigvalsh(z.T @ z).clip(0)[::-1][: min(z.shape)]
    covariance = np.atleast_2d(np.cov(z.T))
    of = scipy.linalg.eigvalsh(covariance).clip(0)
    singular = np.sqrt(raw)

    assert effective_rank(z) == pytest.approx(np.exp(scipy.stats.entropy(singular)))
    assert stable_rank(z) == pytest.approx(raw.sum() / raw.max())
    assert participation_ratio(z) == pytest.approx(of.sum() ** 2 / (of**2).sum())
    assert nesum(z) == pytest.approx(np.trace(covariance) / of.max())


def test_uniformity_of_few_points():
    around = np.linspace(0, 2 * np.pi, 4)[:-1]
    triangle = np.stack([np.cos(around), np.sin(around)], axis=1)
    square = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])

    assert uniformity(np.array([[0.0, 3.0], [0.0, -1.0]])) == pytest.approx(-8, **close)
    assert uniformity(triangle) == pytest.approx(-6, **close)
    assert uniformity(square) == pytest.approx(-4.396348967229, **close)
    assert uniformity(np.ones((5, 3))) == pytest.approx(0, **close)


@pytest.mark.parametrize(
    ("d", "limit"),
    [
        (2, -1.575027204485),
        (3, -2.079777060588),
        (8, -3.082527233478),
        (32, -3.751805019857),
        (128, -3.937530010204),
        (2048, -3.996093757444),
    ],
)
def test_uniformity_of_the_whole_sphere(d, limit):
    """The closed form, and what 3,000 random directions have."""
    assert -4 + np.log(scipy.special.hyp0f1(d / 2, 4)) == pytest.approx(limit, **close)
    if d <= 128:
        z = np.random.default_rng(d).standard_normal((3000, d))
        assert uniformity(z) == pytest.approx(limit, abs=0.01)


def test_uniformity_pair_by_pair_and_in_blocks():
    u = NOISE / np.linalg.norm(NOISE, axis=1, keepdims=True)
    squared = scipy.spatial.distance.pdist(u, "sqeuclidean")
    for t in (0.5, 2.0, 100.0):
        direct = scipy.special.logsumexp(-t * squared) - np.log(len(squared))
        assert uniformity(NOISE, t=t) == pytest.approx(direct, **close)
    z = np.random.default_rng(0).standard_normal((2100, 4))
    u = z / np.linalg.norm(z, axis=1, keepdims=True)
    squared = scipy.spatial.distance.pdist(u, "sqeuclidean")
    direct = np.log(np.exp(-2 * squared).mean())
    assert uniformity(z) == pytest.approx(direct, **close)


def test_alignment_of_same_and_opposite_views():
    assert alignment(np.stack([NOISE, NOISE])) == pytest.approx(0, **close)
    assert alignment(np.stack([NOISE, -3 * NOISE])) == pytest.approx(4, **close)


def test_alignment_is_two_less_twice_the_mean_cosine():
    views = np.random.default_rng(1).standard_normal((4, 30, 6))
    u = views / np.linalg.norm(views, axis=2, keepdims=True)
    cosines = [(u[a] * u[b]).sum(axis=1) for a in range(4) for b in range(a)]
    assert alignment(views) == pytest.approx(2 - 2 * np.mean(cosines), **close)


def test_lidar_by_the_root_of_the_inverse():
    """As the formula is written, with loops."""
    images = VIEWS
    means = images.mean(axis=1)
    mean = means.mean(axis=0)
    between = np.mean([np.outer(m - mean, m - mean) for m in means], axis=0)
    away = (images - means[:, None]).reshape(-1, 8)
    within = np.mean([np.outer(a, a) for a in away], axis=0) + 1e-4 * np.eye(8)
    root = scipy.linalg.inv(scipy.linalg.sqrtm(within)).real
    values = scipy.linalg.eigvalsh(root @ between @ root)
    shares = values / values.sum() + 1e-7

    expected = np.exp(-(shares * np.log(shares)).sum())
    assert lidar(images.swapaxes(0, 1)) == pytest.approx(expected, **close)


def test_intrinsic_dimension_by_scikit_learn_s_neighbours():
    away = NearestNeighbors(n_neighbors=3).fit(NOISE).kneighbors(NOISE)[0]
    direct = len(away) / np.log(away[:, 2] / away[:, 1]).sum()
    assert intrinsic_dimension(NOISE) == pytest.approx(direct, **close)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_intrinsic_dimension_of_a_cube_is_the_cube_s(d):
    """Wherever it lies in more dimensions."""
    rng = np.random.default_rng(d)
    inside = rng.random((2000, d)) @ np.linalg.qr(rng.standard_normal((20, d)))[0].T
    assert intrinsic_dimension(inside) == pytest.approx(d, rel=0.1)


def test_learnability_is_a_left_out_neighbour_s_accuracy():
    z = np.random.default_rng(0).standard_normal((120, 5))
    found = KMeans(10, n_init=1, random_state=0, algorithm="lloyd").fit(z).labels_
    nearest = KNeighborsClassifier(1)
    direct = cross_val_score(nearest, z, found, cv=LeaveOneOut()).mean()
    assert cluster_learnability(z, clusters=10) == pytest.approx(direct, **close)
    assert cluster_learnability(z) == pytest.approx(direct, **close)  # root of 120


def test_clid_is_the_sum_of_standard_scores():
    learnability, dimension = np.random.default_rng(0).random((2, 7))
    expected = scipy.stats.zscore(learnability) + scipy.stats.zscore(dimension)
    assert clid(learnability, dimension) == pytest.approx(expected, **close)


def test_self_clustering_image_by_image():
    for z in (NOISE, NOISE[:10]):
        n, d = z.shape
        u = z / np.linalg.norm(z, axis=1, keepdims=True)
        total = sum(float(a @ b) ** 2 for a in u for b in u)
        chance = n + n * (n - 1) / d
        expected = (total - chance) / (n**2 - chance)
        assert self_clustering(z) == pytest.approx(expected, **close)


def test_coherence_is_the_largest_leverage():
    """The diagonal of the projection on the columns."""
    for z in (NOISE, STEEP, np.hstack([NOISE, NOISE])):
        rank = np.linalg.matrix_rank(z)
        leverage = np.diag(z @ np.linalg.pinv(z))
        expected = leverage.max() * len(z) / rank
        assert coherence(z) == pytest.approx(expected, **close)
    assert coherence(np.hstack([NOISE, NOISE])) == pytest.approx(coherence(NOISE))
