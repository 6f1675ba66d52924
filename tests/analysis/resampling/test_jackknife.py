"""Jackknife intervals: against a loop, against theory, by group, and their coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.coverage import R2, SHAPES, World, truth
from harness.analysis.fits.fits import Unfit, fit_line, judge
from harness.analysis.resampling.jackknife import (
    SCALES,
    fit_intervals,
    student_interval,
    transfer_intervals,
)

seeds = st.integers(0, 2**32 - 1)


def data(n=30, seed=0, noise=0.1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x, np.clip(0.5 + 0.1 * x + rng.normal(0, noise, n), 0, 1)


def names(n):
    return [f"d{i:03}" for i in range(n)]


def student(whole, left, level=0.95):
    """Centre and half width by the textbook."""
    g = len(left)
    error = np.sqrt((g - 1) / g * ((left - left.mean()) ** 2).sum())
    half = stats.t.ppf((1 + level) / 2, g - 1) * error
    return whole - half, whole + half


def test_the_intervals_are_those_of_a_loop_over_groups():
    """Every line fitted anew without each group; R² by way of its correlation."""
    x, y = data()
    groups = np.array([f"f{i % 8}" for i in range(30)])
    whole = fit_line(x, y)
    left = [fit_line(x[groups != g], y[groups != g]) for g in sorted(set(groups))]

    found = fit_intervals(x, y, list(groups))

    def of(name, to):
        return to(getattr(whole, name)), to(np.array([getattr(f, name) for f in left]))

    low, high = np.tanh(student(*of("pearson", np.arctanh)))
    assert (found["pearson"].low, found["pearson"].high) == pytest.approx((low, high))
    assert (found["r2"].low, found["r2"].high) == pytest.approx((low**2, high**2))
    adjusted = [1 - (1 - r * r) * 29 / 28 for r in (low, high)]
    assert [found["adjusted_r2"].low, found["adjusted_r2"].high] == pytest.approx(
        adjusted
    )
    middle, values = of("rmse", np.log)
    middle = 8 * middle - 7 * values.mean()
    assert (found["rmse"].low, found["rmse"].high) == pytest.approx(
        tuple(np.exp(student(middle, values)))
    )
    assert {interval.groups for interval in found.values()} == {8}


@settings(max_examples=30)
@given(seeds, st.integers(5, 12), st.booleans())
def test_every_interval_holds_its_statistic_and_is_no_point(seed, n, alike):
    """And lies where the statistic can; also of datasets in perfect order."""
    x, y = data(n, seed, noise=0.0 if alike else 0.1)
    found = fit_intervals(x, y, names(n))
    line = fit_line(x, y)
    for name, interval in found.items():
        if hasattr(line, name):
            value = getattr(line, name)
            assert interval.low - 1e-8 <= value <= interval.high + 1e-8, name
        if name in ("spearman", "kendall", "weighted_tau"):
            assert interval.high - interval.low > 0.01
            assert -1 <= interval.low <= interval.high <= 1
    assert 0 <= found["r2"].low <= found["r2"].high <= 1
    assert found["rmse"].low >= 0
    assert not alike or found["rmse"].high < 1e-6


def test_the_order_of_datasets_decides_nothing():
    x, y = data()
    groups = [f"f{i % 10}" for i in range(30)]
    order = np.random.default_rng(1).permutation(30)
    first = fit_intervals(x, y, groups)
    again = fit_intervals(x[order], y[order], [groups[i] for i in order])
    assert first == again
    assert first.keys() == SCALES.keys()


def test_whole_groups_are_left_out():
    """Copies of every dataset tell nothing new: only single ones are fooled."""
    x, y = data(12)
    many_x, many_y = np.tile(x, 20), np.tile(y, 20)
    groups = names(12) * 20
    one = fit_intervals(x, y, names(12), statistics=["r2"])["r2"]
    grouped = fit_intervals(many_x, many_y, groups, statistics=["r2"])["r2"]
    single = fit_intervals(many_x, many_y, names(240), statistics=["r2"])["r2"]
    assert (grouped.low, grouped.high) == pytest.approx((one.low, one.high))
    assert single.high - single.low < 0.5 * (one.high - one.low)


def test_a_pearson_interval_is_near_fishers():
    """Bivariate normal data, where Fisher's z gives the interval in closed form."""
    rng = np.random.default_rng(3)
    x, e = rng.normal(size=(2, 400))
    y = 0.5 + 0.05 * (0.6 * x + 0.8 * e)
    interval = fit_intervals(x, y, names(400), statistics=["pearson"])["pearson"]
    r = stats.pearsonr(x, y)
    theory = r.confidence_interval(0.95)
    assert (interval.low, interval.high) == pytest.approx(
        (theory.low, theory.high), abs=0.015
    )
    assert interval.holds(r.statistic)


def test_the_level_is_the_share_inside():
    x, y = data()
    wide = fit_intervals(x, y, names(30), statistics=["r2"], level=0.99)["r2"]
    narrow = fit_intervals(x, y, names(30), statistics=["r2"], level=0.5)["r2"]
    assert wide.low < narrow.low < narrow.high < wide.high


def test_transfer_leaves_out_of_both_domains():
    """Variances add up, degrees of freedom are Welch's: a loop over fit and judge."""
    x, y = data(20, seed=1)
    ox, oy = data(15, seed=2)
    intervals = transfer_intervals((x, y, names(20)), (ox, oy, names(15)))
    line = fit_line(x, y)
    by_line = [
        judge(fit_line(np.delete(x, i), np.delete(y, i)), ox, oy) for i in range(20)
    ]
    by_data = [judge(line, np.delete(ox, i), np.delete(oy, i)) for i in range(15)]

    bias = judge(line, ox, oy).bias
    parts = [np.array([j.bias for j in one]) for one in (by_line, by_data)]
    v = [len(p) * p.var() * (len(p) - 1) / len(p) for p in parts]
    freedom = sum(v) ** 2 / (v[0] ** 2 / 19 + v[1] ** 2 / 14)
    half = stats.t.ppf(0.975, freedom) * np.sqrt(sum(v))
    assert intervals["bias"].low == pytest.approx(bias - half)
    assert intervals["bias"].high == pytest.approx(bias + half)
    assert intervals["bias"].groups == 15
    found = judge(line, ox, oy)
    for name, interval in intervals.items():
        assert interval.holds(getattr(found, name))
    assert intervals["r2"].high < 1
    assert intervals["rmse"].low > 0


def test_too_few_groups_are_refused():
    x, y = data(12)
    with pytest.raises(
        Unfit, match=r"at least 5 groups .* got 2 \(a, b\); leave out single"
    ):
        fit_intervals(x, y, ["a", "b"] * 6)
    with pytest.raises(Unfit, match="at least 3 datasets, got 2"):
        fit_intervals(x[:2], y[:2], ["a", "b"])
    with pytest.raises(ValueError, match=r"got \(12,\), \(12,\) and 3"):
        fit_intervals(x, y, ["a", "b", "c"])


def test_a_statistic_that_hangs_on_one_group_has_no_interval():
    """Only one dataset varies in the metric: without it there is no line."""
    x = np.array([1.0, 1, 1, 1, 1, 2])
    y = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    with pytest.raises(Unfit, match="r2 does not exist without d005"):
        fit_intervals(x, y, names(6), statistics=["r2"])
    with pytest.raises(Unfit, match=r"^r2 does not exist$"):
        fit_intervals(np.ones(6), y, names(6), statistics=["r2"])


def test_the_jackknife_of_a_mean_is_students_interval():
    """As scipy has it, to the last digits."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=9)
    means = [values.mean(), *(np.delete(values, i).mean() for i in range(9))]
    found = student_interval("mean", means[0], [(names(9), np.array(means))])
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize("groups", [5, 10])
def test_intervals_hold_what_they_promise(groups):
    """R² of few groups: in 93 to 98 % of 600 draws; percentiles held 80 to 90."""
    held = []
    for number, (r2, shape) in enumerate((r, s) for r in R2 for s in SHAPES):
        world, rng = World(r2, shape), np.random.default_rng((groups, number))
        for _ in range(50):
            (x,), y, labels = world.draw(groups, rng)
            interval = fit_intervals(x, y, labels, statistics=["r2"])["r2"]
            held.append(interval.holds(truth(r2)["r2"]))
    assert 0.93 <= np.mean(held) <= 0.98
