"""Intervals of medians over models: against a loop over left-out groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.fits.fits import Unfit, fit_line, judge
from harness.analysis.resampling.medians import (
    median_r2_interval,
    median_transfer_interval,
)
from tests.analysis.resampling.test_jackknife import data, names, student


def test_the_median_of_models_is_that_of_each_leave_out():
    """Against a loop that leaves kinds out and fits every model's line anew."""
    rng = np.random.default_rng(0)
    groups = np.array([f"kind{i // 2}" for i in range(16)])
    models = [(x := rng.normal(size=16), x + rng.normal(0, s, 16)) for s in (1, 2, 3)]
    rows = [(x, y, list(groups)) for x, y in models]
    rows[2] = tuple(column[:10] for column in rows[2])  # one model saw fewer

    def median(left=None):
        z = []
        for x, y, labels in rows:
            take = np.array(labels) != left
            z.append(np.arctanh(np.corrcoef(x[take], y[take])[0, 1]))
        return np.median(np.abs(z))

    found = median_r2_interval(rows)

    left = np.array([median(group) for group in sorted(set(groups))])
    low, high = np.tanh(student(median(), left))
    assert (found.low, found.high) == pytest.approx(
        (0.0 if low < 0 else low**2, max(low**2, high**2))
    )
    assert found.groups == 8


def test_models_of_which_a_metric_falls_count_like_those_of_which_it_rises():
    """R² has no sign."""
    x, y = data(12)
    rising, falling = (x, y, names(12)), (-x, y, names(12))
    assert median_r2_interval([rising, falling]) == median_r2_interval([rising])


def test_the_median_does_not_depend_on_the_order_of_models_or_datasets():
    rng = np.random.default_rng(1)
    names = [f"set{i}" for i in range(12)]
    rows = [(*rng.normal(size=(2, 12)), names) for _ in range(4)]
    turned = [(x[::-1], y[::-1], names[::-1]) for x, y, _ in rows[::-1]]
    assert median_r2_interval(turned) == median_r2_interval(rows)


def domains(seed=0, models=3, n=(18, 12)):
    """Of each model an interior of 9 groups and an exterior of 6."""
    rows = []
    for model in range(models):
        inside = data(n[0], seed + model)
        outside = data(n[1], seed + 100 + model)
        rows.append(
            (
                (*inside, [f"in{i % 9}" for i in range(n[0])]),
                (*outside, [f"out{i % 6}" for i in range(n[1])]),
            )
        )
    return rows


def judged_without(rows, left_in=None, left_out=None):
    """The median over models of R² of prediction, by a polyfit each."""
    found = []
    for (x, y, groups), (ox, oy, others) in rows:
        kept = np.array([g != left_in for g in groups])
        kept_out = np.array([g != left_out for g in others])
        slope, intercept = np.polyfit(x[kept], y[kept], 1)
        true = oy[kept_out]
        errors = intercept + slope * ox[kept_out] - true
        found.append(1 - (errors**2).sum() / ((true - true.mean()) ** 2).sum())
    return np.median(found)


@settings(max_examples=10)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_the_median_transfer_is_that_of_a_loop_over_both_domains(seed, models):
    rows = domains(seed, models)

    found = median_transfer_interval(rows)

    whole = -np.log(1 - judged_without(rows))
    parts = [
        np.array([judged_without(rows, f"in{i}") for i in range(9)]),
        np.array([judged_without(rows, left_out=f"out{i}") for i in range(6)]),
    ]
    z = [-np.log(1 - part) for part in parts]
    v = [len(p) * p.var() * (len(p) - 1) / len(p) for p in z]
    freedom = sum(v) ** 2 / (v[0] ** 2 / 8 + v[1] ** 2 / 5)
    half = stats.t.ppf(0.975, freedom) * np.sqrt(sum(v))
    ends = 1 - np.exp(-(whole - half)), 1 - np.exp(-(whole + half))
    assert (found.low, found.high) == pytest.approx(ends)
    assert found.holds(judged_without(rows))
    assert found.high <= 1
    assert found.groups == 6


def test_the_median_transfer_does_not_depend_on_any_order():
    rows = domains()
    turned = [
        tuple(tuple(column[::-1] for column in part) for part in row)
        for row in rows[::-1]
    ]
    assert median_transfer_interval(turned) == median_transfer_interval(rows)


def test_one_models_transfer_is_judged_as_its_row_is():
    (inside, outside), *_ = domains()
    own = judge(fit_line(*inside[:2]), *outside[:2]).r2
    assert judged_without([(inside, outside)]) == pytest.approx(own)
    assert median_transfer_interval([(inside, outside)]).holds(own)


def test_a_transfer_needs_groups_in_both_domains():
    rows = domains(n=(18, 12))
    (inside, (x, y, _)), *_ = rows
    with pytest.raises(Unfit, match=r"at least 5 groups .* got 2 \(a, b\)"):
        median_transfer_interval([(inside, (x, y, ["a", "b"] * 6))])


def test_a_perfect_line_has_a_transfer_near_one():
    x = np.linspace(0, 1, 12)
    part = (x, 0.2 + x / 2, names(12))
    found = median_transfer_interval([(part, part)])
    assert found.low > 1 - 1e-9
    assert found.high <= 1
