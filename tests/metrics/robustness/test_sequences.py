"""Flips and top-5 distances: hand cases, plain loops, and the paper's double sum."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from harness.errors import UndefinedMetricError
from harness.metrics.robustness.sequences import (
    first_five,
    flips,
    rule_of,
    top_5_distances,
)

some = settings(max_examples=60, deadline=None)


def plain_flips(frames, rule, stride):
    """Every start of a stride has its chain; all comparisons of a sequence pooled."""
    found = []
    for start in range(stride):
        chain = frames[start::stride]
        for j in range(1, len(chain)):
            found.append(chain[j] != (chain[0] if rule == "first" else chain[j - 1]))
    return np.mean(found)


def plain_distance(before, after):
    """The sum of the paper over the ranks between, of those of the first five."""
    old, new = (rankdata(-frame, method="ordinal") for frame in (before, after))
    total = 0
    for i in range(1, 6):
        sigma = new[np.flatnonzero(old == i)[0]]
        low, high = min(i, sigma), max(i, sigma)
        total += sum(1 <= j - 1 <= 5 for j in range(low + 1, high + 1))
    return total


@pytest.mark.parametrize(
    ("frames", "rule", "stride", "expected"),
    [
        ([0, 1, 1, 1, 1, 1], "previous", 1, 0.2),
        ([0, 1, 1, 1, 1, 1], "first", 1, 1.0),
        ([0, 1, 0, 1, 0, 1], "previous", 1, 1.0),
        ([0, 1, 0, 1, 0, 1], "first", 1, 0.6),
        ([0, 1, 0, 1, 0, 1], "previous", 2, 0.0),
    ],
)
def test_hand_cases(frames, rule, stride, expected):
    """The noise rule and the other are two numbers of the same frames."""
    found = flips(np.array([frames]), rule=rule, stride=stride)
    assert found.tolist() == pytest.approx([expected])


@some
@given(
    st.integers(2, 9).flatmap(
        lambda t: st.tuples(
            st.lists(st.integers(0, 3), min_size=t, max_size=t),
            st.integers(1, t - 1),
        )
    )
)
def test_flips_as_in_a_plain_loop(drawn):
    frames, stride = drawn
    for rule, d in (("previous", stride), ("previous", 1), ("first", 1)):
        found = flips(np.array([frames, frames[::-1]]), rule=rule, stride=d)
        assert found[0] == pytest.approx(plain_flips(frames, rule, d))
        assert found[1] == pytest.approx(plain_flips(frames[::-1], rule, d))


def test_500_permutations_as_the_paper_sums_them():
    rng = np.random.default_rng(0)
    logits = rng.permuted(np.tile(np.arange(12.0), (500, 2, 1)), axis=2)
    found = top_5_distances(first_five(logits), rule="previous")

    assert found.tolist() == [plain_distance(*pair) for pair in logits]
    assert found.max() <= 18


@pytest.mark.parametrize("rule", ["previous", "first"])
def test_distances_of_longer_sequences_with_ties(rule):
    """Of tied logits the first class is before, as in ordinal ranks."""
    logits = np.random.default_rng(1).integers(0, 4, (3, 5, 9)).astype(float)
    found = top_5_distances(first_five(logits), rule=rule)

    for one, sequence in zip(found, logits, strict=True):
        base = [sequence[0]] * 4 if rule == "first" else sequence[:-1]
        pairs = zip(base, sequence[1:], strict=True)
        assert one == pytest.approx(np.mean([plain_distance(*p) for p in pairs]))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([0, 1, 2, 3, 4], 0),
        ([1, 0, 2, 3, 4], 2),
        ([0, 1, 2, 3, 5], 1),
        ([5, 0, 1, 2, 3], 5),
        ([1, 2, 3, 4, 5], 9),
        ([5, 6, 7, 8, 9], 15),
        ([3, 4, 5, 6, 7], 18),
    ],
)
def test_distances_by_hand(after, expected):
    """Rank 6 to the first is 5 and the first to rank 6 is 9: no metric."""
    frames = np.array([[[0, 1, 2, 3, 4], after]])
    assert top_5_distances(frames, rule="previous").tolist() == [expected]


def test_no_distance_is_above_18():
    """Of all places that five classes can take; five that all go have 15."""
    places = itertools.product(range(6), repeat=5)
    afters = []
    for one in places:
        stay = [p for p in one if p < 5]
        if len(set(stay)) == len(stay):
            after = [10, 11, 12, 13, 14]
            for old, new in enumerate(one):
                if new < 5:
                    after[new] = old
            afters.append([[0, 1, 2, 3, 4], after])
    found = top_5_distances(np.array(afters), rule="previous")

    assert len(found) == 1546
    assert found.max() == 18


def test_what_is_compared_with_the_first_frame():
    names = ("gaussian_noise", "shot_noise_3", "speckle_noise", "motion_blur", "tilt")
    assert [rule_of(name) for name in names] == [*["first"] * 3, *["previous"] * 2]


def test_bad_input_is_refused():
    frames = np.zeros((2, 4), dtype=int)
    for options, message in (
        ({"rule": "noise"}, "`rule` must be 'previous' or 'first', got 'noise'"),
        ({"rule": "previous", "stride": 4}, r"`stride` must be in 1..3, got 4"),
        ({"rule": "previous", "stride": 0}, r"`stride` must be in 1..3, got 0"),
        ({"rule": "first", "stride": 2}, "`stride` must be 1 by the rule 'first'"),
    ):
        with pytest.raises(ValueError, match=message):
            flips(frames, **options)
    with pytest.raises(TypeError, match="`predicted` must be whole numbers"):
        flips(frames / 2, rule="first")
    with pytest.raises(ValueError, match="with at least 2 frames"):
        flips(frames[:, :1], rule="first")
    with pytest.raises(ValueError, match="must have the 5 first classes"):
        top_5_distances(np.zeros((1, 2, 4), dtype=int), rule="first")
    with pytest.raises(ValueError, match="got one twice"):
        top_5_distances(np.zeros((1, 2, 5), dtype=int), rule="first")
    with pytest.raises(UndefinedMetricError, match="at least 5 classes, got 4"):
        first_five(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="`logits` must be finite"):
        first_five(np.full((2, 6), np.inf))
