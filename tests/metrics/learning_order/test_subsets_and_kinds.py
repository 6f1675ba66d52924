"""Agreement of fewer networks, and of networks of other kinds."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.metrics.learning_order.agreement import agreement
from harness.metrics.learning_order.kinds import across_kinds
from harness.metrics.learning_order.subsets import MOST, subset_agreements
from tests.metrics.learning_order.cube import RIGHT

RIGHTS = arrays(bool, st.tuples(st.integers(2, 5), st.integers(1, 9)))


def test_the_cube_by_two_and_by_three():
    """Epoch 4: A 111110, B and C 111100: pairs 4/5, 4/5 and 1, of three 4/5."""
    pairs, three = subset_agreements(RIGHT[:, 3])

    assert (pairs.networks, pairs.subsets, three.subsets) == (2, 3, 1)
    assert pairs.value == pytest.approx((4 / 5 + 4 / 5 + 1) / 3)
    assert (pairs.least, pairs.most) == (4 / 5, 1)
    assert three.value == 4 / 5
    assert three.expected == pytest.approx(20 / 53)
    assert three.corrected == pytest.approx(112 / 165)


@given(right=RIGHTS)
def test_it_never_rises_with_the_number_of_networks(right):
    found = subset_agreements(right)
    values = [one.value for one in found]

    assert all(a >= b - 1e-12 for a, b in pairwise(values))
    assert values[-1] == agreement(right).value
    pairs = [
        agreement(right[list(p)]).value for p in combinations(range(len(right)), 2)
    ]
    assert values[0] == pytest.approx(np.mean(pairs))


def test_of_many_subsets_some_are_drawn_and_the_same_every_time():
    right = np.random.default_rng(0).random((12, 30)) < 0.7
    found = subset_agreements(right)

    assert [one.subsets for one in found][:2] == [66, MOST]
    assert found == subset_agreements(right)
    with pytest.raises(ValueError, match="2 networks at least, got 1"):
        subset_agreements(right[:1])


def test_two_kinds_by_hand():
    """Kind x: A and B of the cube; kind y: C. After epoch 4 A-C 4/5, B-C 1, A-B 4/5."""
    (found,) = across_kinds(RIGHT, ["x", "x", "y"])

    assert found.kinds == ("x", "y")
    assert found.across.value == pytest.approx((4 / 5 + 1) / 2)
    assert found.within is not None
    assert found.within.value == pytest.approx(4 / 5)
    # Of the ranks 6 5 4 3 2 1 and 5.5 5.5 4 2 3 1.
    x = RIGHT[:2].mean(axis=(0, 1))
    assert x.tolist() == [1, 7 / 8, 3 / 4, 1 / 2, 1 / 8, 0]
    assert RIGHT[2].mean(axis=0).tolist() == [1, 1, 3 / 4, 1 / 4, 1 / 2, 0]
    assert found.rho == pytest.approx(16 / np.sqrt(17.5 * 17))


@given(right=arrays(bool, (4, 2, 6)), seed=st.integers(0, 9))
def test_the_order_of_images_does_not_matter_nor_that_of_kinds(right, seed):
    kinds = ["a", "b", "a", "c"]
    found = across_kinds(right, kinds)
    mixed = np.random.default_rng(seed).permutation(6)

    assert [one.kinds for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    for one, other in zip(found, across_kinds(right[..., mixed], kinds), strict=True):
        assert one.across == other.across
        assert one.within == other.within
        assert one.rho == pytest.approx(other.rho) if one.rho else not other.rho
    assert found[2].within is None


def test_one_kind_is_none():
    with pytest.raises(
        ValueError, match=r"two kinds at least, .*got \['a', 'a', 'a'\]"
    ):
        across_kinds(RIGHT, ["a"] * 3)
