"""Bootstrap intervals: against a loop, against theory, by group."""

import numpy as np
import pytest
from scipy import stats

from harness.analysis import bootstrap
from harness.analysis.bootstrap import (
    fit_intervals,
    median_r2_interval,
    transfer_intervals,
    unit_draws,
)
from harness.analysis.fits import Unfit, fit_line, judge


def data(n=30, seed=0, noise=0.1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x, np.clip(0.5 + 0.1 * x + rng.normal(0, noise, n), 0, 1)


def names(n):
    return [f"d{i:03}" for i in range(n)]


def test_the_intervals_are_those_of_a_loop_over_resamples():
    x, y = data()
    order = np.argsort(names(30))
    counts = np.random.default_rng(7).multinomial(30, [1 / 30] * 30, size=200)
    fits = [fit_line(np.repeat(x[order], w), np.repeat(y[order], w)) for w in counts]
    intervals = fit_intervals(x, y, names(30), resamples=200, seed=7)
    for name, interval in intervals.items():
        if name in ("kendall", "weighted_tau"):
            continue
        low, high = np.percentile([getattr(f, name) for f in fits], [2.5, 97.5])
        assert (interval.low, interval.high) == pytest.approx((low, high)), name
        assert (interval.undefined, interval.groups) == (0, 30)


def test_chunks_change_nothing(monkeypatch):
    x, y = data()
    whole = fit_intervals(x, y, names(30), resamples=100)
    halves = transfer_intervals((x, y, names(30)), (x, y, names(30)), resamples=100)
    monkeypatch.setattr(bootstrap, "CHUNK", 30 * 7)
    for chunked, before in (
        (fit_intervals(x, y, names(30), resamples=100), whole),
        (
            transfer_intervals((x, y, names(30)), (x, y, names(30)), resamples=100),
            halves,
        ),
    ):
        for name, interval in before.items():
            assert chunked[name].low == pytest.approx(interval.low)
            assert chunked[name].high == pytest.approx(interval.high)


def test_the_seed_decides_and_the_order_does_not():
    x, y = data()
    groups = [f"f{i % 10}" for i in range(30)]
    order = np.random.default_rng(1).permutation(30)
    first = fit_intervals(x, y, groups, resamples=300)
    again = fit_intervals(x[order], y[order], [groups[i] for i in order], resamples=300)
    other = fit_intervals(x, y, groups, resamples=300, seed=1)
    assert first == again
    assert first["r2"] != other["r2"]


def test_whole_groups_are_drawn():
    """Copies of every dataset tell nothing new: only single draws are fooled."""
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


def test_transfer_is_judged_by_redrawn_lines():
    """With one seed per domain, a loop over fit and judge gives the same numbers."""
    x, y = data(20, seed=1)
    ox, oy = data(15, seed=2)
    intervals = transfer_intervals(
        (x, y, names(20)), (ox, oy, names(15)), resamples=150, seed=5
    )
    one, two = (np.random.default_rng(s) for s in np.random.SeedSequence(5).spawn(2))
    inner = one.multinomial(20, [1 / 20] * 20, size=150)
    outer = two.multinomial(15, [1 / 15] * 15, size=150)
    judged = [
        judge(
            fit_line(np.repeat(x, i), np.repeat(y, i)),
            np.repeat(ox, o),
            np.repeat(oy, o),
        )
        for i, o in zip(inner, outer, strict=True)
    ]
    for name, interval in intervals.items():
        low, high = np.percentile([getattr(j, name) for j in judged], [2.5, 97.5])
        assert (interval.low, interval.high) == pytest.approx((low, high)), name


def test_too_few_groups_are_refused():
    x, y = data(12)
    with pytest.raises(
        Unfit, match=r"at least 5 groups .* got 2 \(a, b\); draw single"
    ):
        fit_intervals(x, y, ["a", "b"] * 6)
    with pytest.raises(Unfit, match="at least 3 datasets, got 2"):
        fit_intervals(x[:2], y[:2], ["a", "b"])
    with pytest.raises(ValueError, match=r"got \(12,\), \(12,\) and 3"):
        fit_intervals(x, y, ["a", "b", "c"])


def test_resamples_without_the_statistic_are_counted():
    """Only one group varies in the metric, and a third of resamples misses it."""
    x = np.array([1.0, 1, 1, 1, 1, 2])
    y = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    interval = fit_intervals(x, y, names(6), statistics=["r2"])["r2"]
    assert interval.undefined == pytest.approx((5 / 6) ** 6, abs=0.03)
    with pytest.raises(Unfit, match="r2 is undefined in every resample"):
        fit_intervals(np.ones(6), y, names(6), statistics=["r2"])


def test_resamples_of_two_datasets_are_no_perfect_lines():
    x, y = data(5)
    interval = fit_intervals(x, y, names(5), statistics=["r2"])["r2"]
    # 5 of one name and 10 (2^5 - 2) of two, out of 5^5 equally likely draws.
    assert interval.undefined == pytest.approx(305 / 3125, abs=0.02)


def test_the_median_of_models_is_that_of_each_resample():
    """Against a loop that draws kinds again and fits every model's line anew."""
    rng = np.random.default_rng(0)
    groups = np.array([f"kind{i // 2}" for i in range(16)])
    models = [(x := rng.normal(size=16), x + rng.normal(0, s, 16)) for s in (1, 2, 3)]
    rows = [(x, y, list(groups)) for x, y in models]
    rows[2] = tuple(column[:10] for column in rows[2])  # one model saw fewer
    found = median_r2_interval(rows, resamples=300, seed=3)

    names, counts = unit_draws(list(groups), 300, 3)
    medians = []
    for drawn in counts:
        chosen = np.repeat(names, drawn.astype(int))
        values = []
        for x, y, labels in rows:
            of = np.array(labels)
            take = [i for name in chosen for i in np.flatnonzero(of == name)]
            if len(set(take)) >= 3:
                values.append(np.corrcoef(x[take], y[take])[0, 1] ** 2)
        medians.append(np.median(values) if values else np.nan)
    expected = np.nanpercentile(medians, [2.5, 97.5])
    assert (found.low, found.high) == pytest.approx(tuple(expected))
    assert found.groups == 8


def test_the_median_does_not_depend_on_the_order_of_models_or_datasets():
    rng = np.random.default_rng(1)
    names = [f"set{i}" for i in range(12)]
    rows = [(*rng.normal(size=(2, 12)), names) for _ in range(4)]
    turned = [(x[::-1], y[::-1], names[::-1]) for x, y, _ in rows[::-1]]
    assert median_r2_interval(turned) == median_r2_interval(rows)
