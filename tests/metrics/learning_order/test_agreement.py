"""Agreement: the cube worked by hand, published networks, and what always holds."""

from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from harness.errors import UndefinedMetricError
from harness.metrics.learning_order.agreement import (
    agreed,
    agreement,
    agreements,
    corrected_agreement,
    expected_agreement,
)
from harness.metrics.learning_order.split_half import split_half
from harness.metrics.numerics.cubes import right_of
from harness.metrics.robustness.error_consistency import error_consistencies
from tests.metrics.learning_order.cube import LABELS, PREDICTED, RIGHT

some = settings(max_examples=60, deadline=None)
shapes = st.tuples(st.integers(1, 5), st.integers(1, 12))
cubes = shapes.flatmap(lambda shape: nps.arrays(np.bool_, shape))


def test_what_is_right_in_the_cube():
    rows = [["".join(map(str, map(int, row))) for row in net] for net in RIGHT]

    assert rows == [
        ["110000", "111000", "111100", "111110"],
        ["101000", "111000", "110100", "111100"],
        ["110010", "111000", "111010", "111100"],
    ]
    assert np.array_equal(right_of(PREDICTED, LABELS), RIGHT)


def test_agreement_of_the_cube():
    found = agreements(RIGHT)

    assert [(a.intersection, a.union) for a in found] == [
        (1, 4),
        (3, 3),
        (2, 5),
        (4, 5),
    ]
    assert [a.value for a in found] == pytest.approx([1 / 4, 1, 2 / 5, 4 / 5])
    assert [a.lower_bound for a in found] == pytest.approx([0, 0, 0, 1 / 6])
    assert [a.expected for a in found] == pytest.approx(
        [1 / 14, 1 / 7, 4 / 17, 20 / 53]
    )
    assert [a.corrected for a in found] == pytest.approx(
        [5 / 26, 1, 14 / 65, 112 / 165]
    )
    assert [a.accuracy for a in found] == pytest.approx(
        [7 / 18, 1 / 2, 11 / 18, 13 / 18]
    )
    assert agreed(RIGHT)[:, 0].tolist() == [True] * 4
    thirds = [1 / 3, 1 / 3, 1 / 2]
    assert found[0].spread == pytest.approx(np.std(thirds))  # of all, not of a sample
    assert {(a.networks, a.images) for a in found} == {(3, 6)}


def test_error_consistency_of_the_cube():
    first, last = (error_consistencies(RIGHT[:, epoch]) for epoch in (0, 3))

    assert first[[0, 0, 1], [1, 2, 2]] == pytest.approx([1 / 4, 2 / 3, 0])
    assert last[[0, 0, 1], [1, 2, 2]] == pytest.approx([4 / 7, 4 / 7, 1])


@some
@given(cubes)
def test_bounds_hold_exactly(right):
    found = agreement(right)
    share = found.intersection / found.images

    assert found.lower_bound <= share <= found.value <= 1
    assert found.low <= found.value <= found.high
    if len(right) == 1:
        assert found.value == float(right.any())


@some
@given(cubes, st.integers(0, 2**32 - 1))
def test_order_of_networks_and_images_is_nothing(right, seed):
    rng = np.random.default_rng(seed)
    mixed = rng.permutation(rng.permutation(right, axis=0), axis=1)
    one, other = agreement(right), agreement(mixed)

    assert (one.value, one.lower_bound) == (other.value, other.lower_bound)
    assert one.expected == pytest.approx(other.expected)


@some
@given(cubes)
def test_a_further_network_never_raises_the_intersection(right):
    more = np.concatenate([right, ~right[:1]])

    assert agreement(more).intersection == 0
    assert agreement(more).union == right.shape[1]
    for count in range(1, len(right)):
        assert agreement(right[:count]).value >= agreement(right[: count + 1]).value


@given(st.lists(st.integers(0, 10), min_size=1, max_size=5))
def test_chance_in_whole_fractions(tenths):
    p = [Fraction(one, 10) for one in tenths]
    none = prod(1 - one for one in p)
    exact = Fraction(0) if none == 1 else prod(p) / (1 - none)

    assert expected_agreement(np.array(tenths) / 10) == pytest.approx(float(exact))


def test_independent_networks_agree_as_by_chance():
    rng = np.random.default_rng(0)
    right = rng.random((3, 100_000)) < np.array([[0.9], [0.7], [0.8]])
    found = agreement(right)

    assert found.value == pytest.approx(found.expected, abs=5e-3)
    assert found.corrected == pytest.approx(0, abs=1e-2)


def test_beyond_chance_of_perfect_networks_is_not_defined():
    assert agreement(np.ones((2, 3), dtype=bool)).corrected is None
    with pytest.raises(
        UndefinedMetricError, match="of perfect networks and of a single one"
    ):
        corrected_agreement(1.0, 1.0)


def test_split_half_is_by_turns():
    rng = np.random.default_rng(1)
    hard = rng.random(500)
    right = rng.random((4, 500)) > hard
    found = split_half(right)
    halves = right[[0, 2]].mean(axis=0), right[[1, 3]].mean(axis=0)

    assert found.r == pytest.approx(np.corrcoef(*halves)[0, 1])
    assert found.reliability == pytest.approx(2 * found.r / (1 + found.r))
    assert found.networks == 4


def test_halves_without_a_correlation():
    with pytest.raises(UndefinedMetricError, match="equally often"):
        split_half(np.ones((2, 4), dtype=bool))
    with pytest.raises(UndefinedMetricError, match="opposites"):
        split_half(np.array([[True, False], [False, True]]))
    with pytest.raises(ValueError, match="2 networks at least, got 1"):
        split_half(np.ones((1, 4), dtype=bool))


def test_what_is_no_cube_is_refused():
    with pytest.raises(TypeError, match="got int64"):
        agreement(np.ones((2, 3), dtype=np.int64))
    with pytest.raises(ValueError, match=r"\(networks, n\).*got \(3,\)"):
        agreement(np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match=r"got \(2, 0\)"):
        agreement(np.ones((2, 0), dtype=bool))
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(4,\)"):
        right_of(np.zeros((2, 3), dtype=int), np.zeros(4, dtype=int))
    with pytest.raises(TypeError, match="whole numbers, got float64"):
        right_of(np.zeros((2, 3)), np.zeros(3, dtype=int))
    with pytest.raises(ValueError, match="in \\[0, 1\\]"):
        expected_agreement(np.array([1.2]))


@pytest.fixture(scope="module")
def published(data_root):
    """Names and what is right, of 30 published models on CIFAR-10."""
    path = data_root / "published-predictions" / "cifar10_test.npz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with np.load(path) as file:
        right = right_of(file["predictions"], file["labels"])
        return [str(name) for name in file["models"]], right


# The first in the file: intersection, union, A, lower bound, expected, corrected.
FIRST = {
    2: (7851, 9201, 0.853276817737, 0.7052, 0.741156483243, 0.433158751276),
    3: (7795, 9805, 0.795002549720, 0.6709, 0.701451089879, 0.313353881623),
    5: (7692, 9883, 0.778306182333, 0.5806, 0.639087687769, 0.385740496643),
    10: (6898, 9936, 0.694243156200, 0.0493, 0.361092259196, 0.521438191668),
    30: (6507, 9972, 0.652527075812, 0, 0.112305620010, 0.608566943736),
}
RESNETS = (8692, 9776, 0.889116202946, 0.7229, 0.750382399329, 0.555785342237)


def _numbers(right):
    one = agreement(right)
    return (
        *(one.intersection, one.union, one.value),
        *(one.lower_bound, one.expected, one.corrected),
    )


@pytest.mark.real
@pytest.mark.parametrize("count", FIRST)
def test_agreement_of_published_models(published, count):
    assert _numbers(published[1][:count]) == pytest.approx(FIRST[count], abs=1e-11)


@pytest.mark.real
def test_agreement_of_published_resnets(published):
    names, right = published
    chosen = [names.index(f"resnet_basic_{depth}") for depth in (32, 44, 56, 110)]

    assert _numbers(right[chosen]) == pytest.approx(RESNETS, abs=1e-11)


@pytest.mark.real
def test_consistency_of_published_models(published):
    names, right = published
    kappa = error_consistencies(right)
    pairs = kappa[np.triu_indices(len(names), k=1)]

    assert len(pairs) == 435
    assert pairs.mean() == pytest.approx(0.406073069813, abs=1e-11)

    def of(one, other):
        return kappa[names.index(one), names.index(other)]

    least = of("random_features_32k_no_aug", "shake_shake_26_2x64d_SSI_cutout16")
    assert least == pairs.min() == pytest.approx(0.163055, abs=1e-6)
    no_aug = [n for n in names if n.startswith("random_features") and "no_aug" in n]
    assert of(*no_aug) == pairs.max() == pytest.approx(0.735082, abs=1e-6)
    found = of("resnet_basic_56", "wrn_28_10")
    assert found == pytest.approx(0.457192541141, abs=1e-11)


@pytest.mark.real
def test_reliability_of_published_models(published):
    found = split_half(published[1])

    assert found.rho == pytest.approx(0.792446968216, abs=1e-11)
    assert found.r == pytest.approx(0.928917747434, abs=1e-11)
    assert found.reliability == pytest.approx(0.963149153114, abs=1e-11)
