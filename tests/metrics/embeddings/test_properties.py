"""What measures of embeddings do not see, what they refuse, and where they end."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group

from harness.errors import UndefinedMetricError
from harness.metrics import METRICS, Trend
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

quick = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def slope(features):
    """alpha-ReQ on as few features as these tests have."""
    return alpha_req(features, first=1)


OF_FEATURES = [
    *(effective_rank, rankme, participation_ratio, nesum, stable_rank, slope),
    *(uniformity, self_clustering, coherence, intrinsic_dimension),
]
CENTRED = [participation_ratio, nesum, slope, intrinsic_dimension]
each = pytest.mark.parametrize("measure", OF_FEATURES)


@st.composite
def features(draw):
    """(n, d) of some scale, mean and spectrum; wide ones too."""
    rng = np.random.default_rng(draw(seeds))
    n, d = draw(st.integers(5, 30)), draw(st.integers(4, 12))
    decay = np.arange(1, d + 1) ** -draw(st.floats(0, 2))
    mean = draw(st.floats(-3, 3))
    return rng.standard_normal((n, d)) * decay + mean


@st.composite
def views(draw):
    """(v, n, d)."""
    rng = np.random.default_rng(draw(seeds))
    v, n, d = draw(st.integers(2, 5)), draw(st.integers(3, 12)), draw(st.integers(2, 6))
    return rng.standard_normal((n, d)) + 0.5 * rng.standard_normal((v, n, d))


def same(found, expected):
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-8)


@each
@quick
@given(z=features(), seed=seeds)
def test_turning_features_changes_nothing(measure, z, seed):
    turn = ortho_group.rvs(z.shape[1], random_state=seed)
    same(measure(z @ turn), measure(z))


@each
@quick
@given(z=features(), scale=st.floats(1e-6, 1e6))
def test_scaling_features_changes_nothing(measure, z, scale):
    same(measure(scale * z), measure(z))


@each
@quick
@given(z=features(), seed=seeds)
def test_the_order_of_images_changes_nothing(measure, z, seed):
    order = np.random.default_rng(seed).permutation(len(z))
    same(measure(z[order]), measure(z))


@pytest.mark.parametrize("measure", CENTRED)
@quick
@given(z=features(), move=st.floats(-5, 5))
def test_moving_features_changes_nothing_of_what_is_centred(measure, z, move):
    same(measure(z + move), measure(z))


@quick
@given(z=features(), seed=seeds)
def test_lengths_change_nothing_of_directions(z, seed):
    lengths = np.random.default_rng(seed).uniform(0.1, 10, (len(z), 1))
    same(uniformity(z * lengths), uniformity(z))
    same(self_clustering(z * lengths), self_clustering(z))


@quick
@given(z=features())
def test_bounds_and_order_of_ranks(z):
    n, d = z.shape
    most = min(n, d)
    for measure in (effective_rank, stable_rank):
        assert 1 <= measure(z) <= most + 1e-9
    for measure in (participation_ratio, nesum):
        assert 1 <= measure(z) <= min(n - 1, d) + 1e-9
    # The entropy of squares is nearer to one component, and the largest share alone
    # says less than all of them.
    assert stable_rank(z) <= effective_rank(z) + 1e-9
    assert nesum(z) <= participation_ratio(z) + 1e-9
    assert rankme(z, epsilon=0.0) == effective_rank(z)
    assert abs(rankme(z) - effective_rank(z)) < 1e-3
    assert 1 <= coherence(z) <= n / np.linalg.matrix_rank(z) + 1e-9
    assert -1 / (max(n, d) - 1) - 1e-9 <= self_clustering(z) <= 1
    assert -8 <= uniformity(z) <= 0


@quick
@given(found=views(), seed=seeds, scale=st.floats(0.01, 100))
def test_turning_views_changes_nothing(found, seed, scale):
    """Scaling too, of LiDAR where nothing is added to the scatter."""
    turn = ortho_group.rvs(found.shape[2], random_state=seed)
    rng = np.random.default_rng(seed)
    order, images = (rng.permutation(size) for size in found.shape[:2])
    assume(found.shape[1] * (len(found) - 1) > 2 * found.shape[2])  # has an inverse
    same(alignment(scale * (found @ turn)[order]), alignment(found))
    same(lidar((found @ turn)[order][:, images]), lidar(found))
    same(lidar(scale * found, delta=0.0), lidar(found, delta=0.0))


@quick
@given(found=views())
def test_bounds_of_views(found):
    _, n, d = found.shape
    assert 1 <= lidar(found, epsilon=0.0) <= min(d, n - 1) + 1e-6
    assert 0 <= alignment(found) <= 4


def test_any_invertible_map_changes_nothing_of_lidar_without_delta():
    rng = np.random.default_rng(0)
    found = rng.standard_normal((20, 5)) + rng.standard_normal((6, 20, 5))
    mixed = found @ rng.standard_normal((5, 5)) + rng.standard_normal(5)
    same(lidar(mixed, delta=0.0), lidar(found, delta=0.0))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(bad):
    z = np.random.default_rng(0).standard_normal((30, 20))
    z[3, 1] = bad
    for measure in [*OF_FEATURES, cluster_learnability]:
        with pytest.raises(
            ValueError, match=r"`features` must be finite, got .* \[3, 1"
        ):
            measure(z)
    for measure in (alignment, lidar):
        with pytest.raises(ValueError, match=r"`copy_features` must be finite, got"):
            measure(np.stack([z, z]))


@pytest.mark.parametrize("constant", [1.0, 0.1, -7.3e-3])
@pytest.mark.parametrize("measure", [participation_ratio, nesum, slope])
def test_a_collapse_has_no_variance_to_spread(measure, constant):
    """0/0 is named, of equal rows whose mean is rounded and of noise of float32."""
    rows = np.full((10, 4), constant)
    noise = 1e-8 * np.random.default_rng(0).standard_normal((10, 4))
    for z in (rows, rows * (1 + noise)):
        with pytest.raises(UndefinedMetricError, match="of all 10 images are equal"):
            measure(z)
    assert effective_rank(rows) == pytest.approx(1)


@pytest.mark.parametrize(
    "measure", [effective_rank, rankme, stable_rank, coherence, uniformity]
)
def test_features_of_0_alone_have_no_value(measure):
    with pytest.raises(UndefinedMetricError, match=r"all of them are 0|no direction"):
        measure(np.zeros((10, 4)))


def test_a_collapse_of_views():
    """One point whatever is shown: aligned, and without a discriminant."""
    found = np.ones((3, 10, 4))
    assert alignment(found) == 0
    with pytest.raises(UndefinedMetricError, match="means of all 10 images are equal"):
        lidar(found)


def test_a_zero_among_others_is_named():
    z = np.eye(4)
    z[2] = 0
    for measure in (uniformity, self_clustering):
        with pytest.raises(
            UndefinedMetricError, match=r"no direction, got some at \[2"
        ):
            measure(z)
    with pytest.raises(UndefinedMetricError, match=r"no direction, got some at \[1, 2"):
        alignment(np.stack([np.eye(4), z]))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: uniformity(np.ones((1, 3))), "pairs of images"),
        (lambda: uniformity(np.eye(3), images=1), "got `images` of 1"),
        (lambda: self_clustering(np.ones((3, 1))), "two images and two features"),
        (lambda: alignment(np.ones((1, 3, 2))), "two views of each image, got 1"),
        (lambda: lidar(np.ones((1, 3, 2))), "two views of each, got 3 and 1"),
        (lambda: lidar(np.ones((2, 1, 2))), "two views of each, got 1 and 2"),
        (lambda: lidar(np.stack([np.eye(3)] * 2), delta=0.0), "larger `delta`"),
        (lambda: intrinsic_dimension(np.eye(3)[[0, 0, 1]]), "three images that differ"),
        (lambda: intrinsic_dimension(np.eye(3)), "equally far"),
        (lambda: alpha_req(np.random.default_rng(0).random((50, 11))), "rank 11 on"),
        (lambda: cluster_learnability(np.eye(3)), "two clusters"),
        (lambda: cluster_learnability(np.eye(3), clusters=3), "got 3 of 3 images"),
        (lambda: clid([0.5], [1.0]), "two or more"),
        (lambda: clid([0.5, 0.5], [1.0, 2.0]), "one value of a part"),
    ],
)
def test_where_there_is_no_value(call, match):
    with pytest.raises(UndefinedMetricError, match=match):
        call()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda z: rankme(z, epsilon=-1.0), "`epsilon` must be .* got -1.0"),
        (lambda z: alpha_req(z, first=0), "got 0 and 100"),
        (lambda z: alpha_req(z, first=5, last=5), "got 5 and 5"),
        (lambda z: uniformity(z, t=0.0), "`t` must .* got 0.0"),
        (lambda z: uniformity(z, images=0), "`images` must be at least 1"),
        (lambda z: intrinsic_dimension(z, images=-3), "`images` must .* got -3"),
        (lambda z: cluster_learnability(z, clusters=0), "`clusters` must be at least"),
        (lambda z: lidar(np.stack([z, z]), delta=np.nan), "`delta` must be .* got nan"),
        (lambda z: lidar(np.stack([z, z]), epsilon=-1.0), "`epsilon` must be"),
        (lambda z: clid([1.0], [1.0, 2.0]), "of the same models"),
        (lambda z: clid([1.0, np.nan], [1.0, 2.0]), "must be finite"),
    ],
)
def test_options_are_checked(call, match):
    with pytest.raises(ValueError, match=match):
        call(np.eye(4))


def test_a_sample_of_images_is_that_of_every_set():
    z = np.random.default_rng(0).standard_normal((500, 6))
    found = np.stack([z, z + 0.1])
    from harness.sampling import sampled_rows

    rows = sampled_rows(500, 100)
    for measure in (uniformity, intrinsic_dimension, cluster_learnability):
        assert measure(z, images=100) == measure(z[rows])
    assert lidar(found, images=100) == lidar(found[:, rows])


def test_alpha_is_the_same_of_every_image_twice():
    z = np.random.default_rng(0).standard_normal((40, 12)) / np.arange(1, 13)
    same(slope(np.concatenate([z, z])), slope(z))


def test_twins_count_once_in_a_dimension():
    z = np.random.default_rng(0).standard_normal((60, 3))
    assert intrinsic_dimension(np.concatenate([z, z[:20]])) == intrinsic_dimension(z)


@pytest.mark.parametrize("measure", [effective_rank, rankme, stable_rank, nesum])
def test_features_in_more_directions_rank_higher(measure):
    """Among features without noise, which is what they can tell apart."""
    rng = np.random.default_rng(0)
    found = []
    for used in (1, 2, 4, 8):
        z = rng.standard_normal((300, used)) @ rng.standard_normal((used, 16))
        found.append(measure(z))
    assert found == sorted(found)
    assert measure(rng.standard_normal((300, 16))) > found[-1]  # and noise the highest


def of_directions(used, *, noise=0.0, views=()):
    """Features that use so many of 16 directions; perhaps of several views."""
    rng = np.random.default_rng(0)
    signal = (
        rng.standard_normal((200, used)) @ ortho_group.rvs(16, random_state=1)[:used]
    )
    return signal + noise * rng.standard_normal((*views, 200, 16))


BLOBS = np.random.default_rng(0).standard_normal((20, 16))[np.arange(200) % 20]
#: What a measure should hold to be better, and what to be worse.
BETTER = {
    "cluster_learnability": (
        BLOBS + of_directions(1, noise=0.01) / 50,
        of_directions(16),
    ),
    "alignment": (
        of_directions(8, noise=0.1, views=(3,)),
        of_directions(8, noise=1.0, views=(3,)),
    ),
    "lidar": (
        of_directions(8, noise=0.3, views=(10,)),
        of_directions(1, noise=0.3, views=(10,)),
    ),
}


@pytest.mark.parametrize(
    "metric",
    [m for m in METRICS if m.fn.__module__.startswith("harness.metrics.embeddings.")],
    ids=lambda m: m.name,
)
def test_each_goes_in_the_direction_that_it_declares(metric):
    """From one direction to eight, but where another world says more."""
    good, bad = BETTER.get(
        metric.name, (of_directions(8), of_directions(1, noise=1e-4))
    )
    options = {"first": 1} if metric.name == "alpha_req" else {}
    found = [metric(z, **options) for z in (good, bad)]
    if metric.trend is not Trend.NONE:
        assert np.sign(found[0] - found[1]) == metric.trend.value
