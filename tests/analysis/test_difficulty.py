"""Statistics of images against what networks get right: known numbers, and draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from harness.analysis.correlation import Undefined
from harness.analysis.difficulty import difficulty, shuffled
from harness.metrics.image_statistics import STATISTICS
from harness.metrics.image_statistics.soft_labels import soft_label_entropy
from harness.metrics.numerics.cubes import right_of


def population(seed, n=600, m=5, effect=1.0):
    """A statistic, what m networks get right, and labels of three classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    statistic = rng.normal(size=n) + 2 * labels
    level = effect * (statistic - 2 * labels) + rng.normal(size=n)
    return statistic, rng.normal(size=(m, n)) < level, labels


def test_as_in_scipy():
    statistic, right, labels = population(0)
    shares = right.mean(axis=0)
    found = difficulty(statistic, right, labels, draws=20)
    each = [spearmanr(statistic[labels == c], shares[labels == c])[0] for c in range(3)]

    assert found.overall.value == pytest.approx(spearmanr(statistic, shares)[0])
    assert list(found.by_class.values()) == pytest.approx(each)
    assert found.within.value == pytest.approx(np.mean(each))
    assert (found.images, found.missing) == (600, 0)


def test_between_classes_alone_is_nothing_within():
    """A statistic that only tells classes apart, where one of them is easier."""
    rng = np.random.default_rng(0)
    labels = np.arange(1000) % 2
    right = rng.random((5, 1000)) < np.where(labels, 0.9, 0.4)
    found = difficulty(labels + rng.normal(0, 0.1, 1000), right, labels, draws=100)

    assert found.overall.low > 0.5
    assert found.within.low < 0 < found.within.high


def test_intervals_hold_the_value_and_narrow_with_images():
    few = difficulty(*population(1, n=100), draws=200)
    many = difficulty(*population(1, n=2000), draws=200)
    for found in (few, many):
        for one in (found.overall, found.within):
            assert one.low < one.value < one.high
    assert many.within.high - many.within.low < few.within.high - few.within.low


def test_the_interval_covers():
    """Of 60 samples the true correlation, by a large one, is in most intervals."""
    truth = difficulty(*population(99, n=40_000), draws=0)
    assert isinstance(truth.overall, Undefined)  # without draws there is no interval
    large = population(99, n=40_000)
    value = spearmanr(large[0], large[1].mean(axis=0))[0]
    inside = 0
    for seed in range(60):
        found = difficulty(*population(seed, n=200), draws=100).overall
        inside += found.low <= value <= found.high
    assert inside >= 51  # 57 are expected


def test_other_networks_widen_the_interval():
    rng = np.random.default_rng(0)
    own = rng.normal(size=(3, 800))  # what each finds easy by itself
    statistic = own[0]
    right = own + rng.normal(size=(3, 800)) > 0
    labels = np.zeros(800, dtype=int)
    alone = difficulty(statistic, right, labels, draws=200).overall
    both = difficulty(statistic, right, labels, draws=200, over_networks=True).overall

    assert both.high - both.low > 2 * (alone.high - alone.low)
    assert both.value == alone.value


@given(st.integers(0, 1000))
def test_order_and_scale_are_nothing(seed):
    statistic, right, labels = population(seed, n=40)
    mixed = np.random.default_rng(seed).permutation(40)
    one = difficulty(statistic, right, labels, draws=2)
    other = difficulty(
        np.exp(statistic[mixed]), right[:, mixed], labels[mixed], draws=2
    )

    assert other.overall.value == pytest.approx(one.overall.value)
    assert other.by_class == pytest.approx(one.by_class)


def test_what_is_missing_is_left_out():
    statistic, right, labels = population(2)
    statistic[::3] = np.nan
    known = ~np.isnan(statistic)
    found = difficulty(statistic, right, labels, draws=5)
    other = difficulty(statistic[known], right[:, known], labels[known], draws=5)

    assert (found.images, found.missing) == (400, 200)
    assert found.overall == other.overall


def test_over_epochs_it_is_the_share_of_both():
    rng = np.random.default_rng(0)
    right, labels = rng.random((3, 4, 50)) < 0.5, np.zeros(50, dtype=int)
    found = difficulty(np.arange(50.0), right, labels, draws=2)
    score = right.mean(axis=(0, 1))

    assert found.overall.value == pytest.approx(spearmanr(np.arange(50), score)[0])


def test_a_constant_correlates_with_nothing():
    _, right, labels = population(3)
    found = difficulty(np.ones(600), right, labels, draws=5)

    assert isinstance(found.overall, Undefined)
    assert isinstance(found.within, Undefined)
    assert isinstance(shuffled(np.ones(600), right, labels), Undefined)


def test_shuffles_do_no_better_than_what_belongs():
    data = population(4)
    for within in (False, True):
        found = shuffled(*data, within=within, shuffles=99)
        assert found.p == 0.01
        assert found.largest < 0.25
        assert found.spread == pytest.approx(1 / np.sqrt(600), rel=0.35)
    other = shuffled(np.random.default_rng(5).permutation(data[0]), *data[1:])
    assert other.p > 0.05


def test_other_images_are_refused():
    _, right, labels = population(5)
    with pytest.raises(ValueError, match=r"600 images of `right`, got shape \(3,\)"):
        difficulty(np.zeros(3), right, labels)
    with pytest.raises(ValueError, match="must be finite"):
        difficulty(np.full(600, np.inf), right, labels)


@pytest.fixture(scope="module")
def published(data_root):
    """What 30 published models get right, the labels, and the entropy of people."""
    folder = data_root / "published-predictions"
    people = data_root / "cifar10h" / "probs.npy"
    if not (folder.is_dir() and people.exists()):
        pytest.skip(f"{data_root} has no published predictions or no CIFAR-10H")
    with np.load(folder / "cifar10_test.npz") as file:
        labels = file["labels"]
        right = right_of(file["predictions"], labels)
    return right, labels, soft_label_entropy(np.load(people))


# Entropies of answers that are shared out alike are ties here, on any processor; summed
# by class, in the order of classes, they differ in the last bit (-0.339156, -0.315943).
BY_CLASS = (
    *(-0.306721, -0.262389, -0.331950, -0.439145, -0.325169),
    *(-0.395564, -0.242018, -0.238932, -0.247586, -0.369780),
)


@pytest.mark.real
def test_people_and_networks_find_the_same_images_hard(published):
    right, labels, entropy = published
    found = difficulty(entropy, right, labels, draws=50)

    assert found.overall.value == pytest.approx(-0.339154683047, abs=1e-11)
    assert found.within.value == pytest.approx(-0.315925363066, abs=1e-11)
    assert list(found.by_class.values()) == pytest.approx(BY_CLASS, abs=1e-6)
    assert found.overall.high < -0.3
    r = pearsonr(entropy, right.mean(axis=0))[0]
    assert r == pytest.approx(-0.394278136003, abs=1e-11)


@pytest.mark.real
def test_a_table_in_the_order_of_folders_is_no_better_than_shuffled(published):
    """Rows in the order of the test set, given to images that are sorted by class."""
    right, labels, entropy = published
    folders = np.argsort(labels, kind="stable")
    data = right[:, folders], labels[folders]
    wrong = difficulty(entropy, *data, draws=50)
    test = shuffled(entropy, *data)

    assert wrong.overall.value == pytest.approx(-0.002397971085, abs=1e-11)
    assert wrong.overall.low < 0 < wrong.overall.high
    assert test.p > 0.05
    assert test.spread == pytest.approx(0.0101, abs=1.5e-3)
    assert shuffled(entropy, right, labels).p == 1 / 201


# With human entropy, and with the share right of 30; within class in the second place.
STATISTIC = {
    "window_entropy": (-0.0239, -0.0015, -0.0189, -0.0302),
    "dct_share": (-0.0227, 0.0333, 0.0008, -0.0493),
    "segments": (-0.0789, -0.0201, 0.0167, -0.0081),
    "edge_sobel_sum": (-0.0793, -0.0021, 0.0245, -0.0162),
    "rms_contrast": (-0.0808, -0.0142, 0.0347, 0.0051),
    "luminance": (-0.0781, -0.0786, 0.0734, 0.0641),
    "colourfulness": (-0.0717, -0.0674, 0.0310, 0.0210),
}


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", STATISTIC)
def test_no_statistic_of_pixels_goes_far_with_what_is_right(name, published, data_root):
    if name == "segments":
        pytest.importorskip("skimage", reason="scikit-image is not installed")
    right, labels, entropy = published
    images = np.load(data_root / "cifar10-jpeg75" / "test" / "data.npy")
    values = STATISTICS[name](images)
    found = difficulty(values, right, labels, draws=2)
    people = spearmanr(values, entropy)[0]
    inside = [
        spearmanr(values[labels == c], entropy[labels == c])[0] for c in range(10)
    ]
    numbers = people, np.mean(inside), found.overall.value, found.within.value

    assert numbers == pytest.approx(STATISTIC[name], abs=5.1e-5)
    assert abs(found.overall.value) < 0.1
