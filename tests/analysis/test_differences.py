"""Differences of accuracies: against published examples, scipy, and coverage."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.differences import (
    Verdict,
    count_of,
    mcnemar,
    paired,
    unpaired,
)

some = settings(max_examples=60, deadline=None)
counts = st.integers(0, 40)


@some
@given(counts, counts)
def test_mcnemar_is_a_binomial_test_of_who_is_right_alone(one, other):
    exact, mid = mcnemar(one, other)

    if one + other:
        theirs = stats.binomtest(one, one + other).pvalue
        assert exact == pytest.approx(theirs, abs=1e-12)
    assert 0 < mid <= exact <= 1
    assert mcnemar(other, one) == (exact, mid)


def test_mid_p_of_the_published_example():
    """21 children before and after: 1 and 7 changed."""
    assert mcnemar(1, 7) == pytest.approx((0.0703, 0.0391), abs=5e-5)


def test_mid_p_rejects_as_often_as_it_says():
    """Two networks as good: never far above 5 %, and the exact test far below."""
    n = np.arange(60)
    chance = stats.binom.pmf(n[:, None], n, 0.5).T  # of `one` out of n that differ
    p = np.array([[mcnemar(i, max(m - i, 0)) for i in n] for m in n])
    often = stats.binom.pmf(n, 200, 0.1)
    exact, mid = (
        float((often[:, None] * chance * (p[..., k] <= 0.05)).sum()) for k in (0, 1)
    )

    assert exact < 0.035 < mid <= 0.05


def test_the_published_unpaired_example():
    """56 of 70 against 48 of 80."""
    found = unpaired(56, 70, 48, 80)
    table = [[56, 14], [48, 32]]

    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found.p_value == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue
    )


def tables(n, p, q, phi, rng, draws):
    """(draws, 4) of two networks that go together as phi says."""
    both = p * q + phi * np.sqrt(p * (1 - p) * q * (1 - q))
    shares = [both, p - both, q - both, 1 - p - q + both]
    return rng.multinomial(n, shares, size=draws)


def answers(both, one, other, neither):
    first = np.repeat([True, True, False, False], [both, one, other, neither])
    return first, np.repeat([True, False, True, False], [both, one, other, neither])


@pytest.mark.parametrize(
    ("n", "p", "q", "phi"), [(50, 0.8, 0.7, 0.5), (200, 0.95, 0.93, 0.6)]
)
def test_paired_intervals_hold_the_difference(n, p, q, phi):
    """About 95 of 100 times."""
    rng = np.random.default_rng(0)
    found = [paired(*answers(*t)) for t in tables(n, p, q, phi, rng, 500)]

    held = np.mean([one.low <= p - q <= one.high for one in found])
    assert 0.93 <= held <= 0.985


def test_pairs_say_more_than_counts():
    """The same accuracies: undecided by counts, decided image by image."""
    first, second = answers(850, 30, 10, 110)
    together = paired(first, second)
    apart = unpaired(880, 1000, 860, 1000)

    assert together.value == apart.value == pytest.approx(0.02)
    assert together.high - together.low < 0.6 * (apart.high - apart.low)
    assert together.verdict() is Verdict.PASS
    assert apart.verdict() is Verdict.UNDECIDED
    assert together.p_value < 0.01 < 0.05 < apart.p_value
    assert (together.exact_p_value, apart.exact_p_value) != (None, None)
    assert apart.exact_p_value is None


@some
@given(counts, counts, counts, counts)
def test_intervals_hold_the_value_and_turn_with_the_order(both, one, other, neither):
    first, second = answers(both, one, other, neither)
    if not len(first):
        return
    found, turned = paired(first, second), paired(second, first)

    assert -1 <= found.low <= found.value <= found.high <= 1
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))
    n = len(first)
    apart = unpaired(both + one, n, both + other, n)
    assert -1 <= apart.low <= apart.value <= apart.high <= 1
    assert 0 <= apart.p_value <= 1


def test_verdicts_are_of_the_whole_interval():
    found = unpaired(900, 1000, 850, 1000)

    assert found.low < 0.05 < found.high
    assert found.verdict(found.low) is Verdict.PASS
    assert found.verdict(0.05) is Verdict.UNDECIDED
    assert found.verdict(found.high) is Verdict.UNDECIDED
    assert found.verdict(found.high + 1e-9) is Verdict.FAIL
    with pytest.raises(ValueError, match=r"`least` must be in \[-1, 1\], got 5"):
        found.verdict(5)


def test_standard_errors_of_published_sets():
    """0.19 points of 50,000 images at 76 %, 0.48 of 10,000, 0.16 of 7,500 at 2 %."""
    sets = ((0.76, 50_000, 0.19), (0.63, 10_000, 0.48), (0.02, 7_500, 0.16))
    for share, images, points in sets:
        right = count_of(share, images)
        found = unpaired(right, images, right, images)
        error = (found.high - found.low) / 2 / 1.96 / 2**0.5
        assert 100 * error == pytest.approx(points, abs=0.005)


def test_bad_input_is_refused():
    right = np.array([True, False])
    with pytest.raises(TypeError, match="`first` must be a bool array"):
        paired(np.array([1, 0]), right)
    with pytest.raises(ValueError, match="compare accuracies of other images with"):
        paired(right, right[:1])
    with pytest.raises(ValueError, match="`second` must be a vector"):
        paired(right, right[None])
    with pytest.raises(ValueError, match=r"`other_right` must be .* got 5 of 4"):
        unpaired(1, 2, 5, 4)
    with pytest.raises(ValueError, match=r"`right` must be .* got 0 of 0"):
        unpaired(0, 0, 1, 2)
    with pytest.raises(ValueError, match="must not be negative, got -1 and 2"):
        mcnemar(-1, 2)
    with pytest.raises(ValueError, match=r"`accuracy` must be in \[0, 1\], got 76"):
        count_of(76, 10)


def test_the_page_says_what_its_example_prints(capsys):
    text = (Path(__file__).parents[2] / "docs" / "robustness.md").read_text()
    code, said = re.search(
        r"```python\n(.*?)```\n\n```text\n(.*?)```", text, flags=re.DOTALL
    ).groups()
    exec(code, {})  # ours
    assert capsys.readouterr().out == said
