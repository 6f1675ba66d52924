"""Errors on left-out kinds over models: a loop of polyfit, Student's t, and nature."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.coverage import KIND_SHAPES, KindWorld
from harness.analysis.correlation import Undefined, correlate
from harness.analysis.resampling.kinds import (
    LeftOutKinds,
    behind_interval,
    kinds_interval,
    left_out_kinds,
)
from harness.measurement import Domain, Measurement
from harness.traits import kinds
from tests.analysis.resampling.test_jackknife import student

seeds = st.integers(0, 2**32 - 1)


def measured(x, y, traits, metric="score", model="net", **more):
    """A model's measurements on the interior, a dataset for each value."""
    return [
        Measurement(
            metric=metric,
            model=model,
            dataset=f"i{i}",
            family="interior",
            domain=Domain.INTERIOR,
            value=float(x[i]),
            accuracy=float(y[i]),
            images=100,
            seconds=0.001,
            key="k",
            traits=traits[i],
            **more,
        )
        for i in range(len(x))
    ]


def rows_of(measurements):
    """The rows of single models."""
    return [row for row in correlate(measurements) if row.model is not None]


def interior(seed=0, models=3, of=7, n=36):
    """Measurements of an estimate on sets made by all pairs of kinds."""
    rng = np.random.default_rng(seed)
    pairs = list(combinations(range(of), 2))
    traits = [
        {"transformations": ", ".join(f"k{k}" for k in pairs[i % len(pairs)])}
        for i in range(n)
    ]
    found = []
    for model in range(models):
        y = rng.uniform(0.2, 0.9, n)
        x = np.clip(y + rng.normal(0, 0.1, n), 0, 1)
        found += measured(x, y, traits, model=f"net{model}", estimate=True)
    return found


def looped(measurements, without=None):
    """The median over models, by a line of polyfit for each model and kind."""
    means = []
    for model in sorted({m.model for m in measurements}):
        rows = [m for m in measurements if m.model == model]
        x, y = (np.array([getattr(m, a) for m in rows]) for a in ("value", "accuracy"))
        of = [set(kinds(m.traits)) for m in rows]
        errors = []
        for kind in sorted(set().union(*of) - {without}):
            kept = [without not in o and kind not in o for o in of]
            left = [without not in o and kind in o for o in of]
            slope, intercept = np.polyfit(x[kept], y[kept], 1)
            errors.append(np.abs(intercept + slope * x[left] - y[left]).mean())
        means.append(np.mean(errors))
    return np.median(means)


def between(whole, left, each=2):
    """Centre and half width, by the geometric mean of two jackknives' variances."""
    k = len(left)
    squared = ((left - left.mean()) ** 2).mean()
    kinds_alone, datasets_alone = (k - 1) * squared, (k - each) / each * squared
    error = np.sqrt(np.sqrt(kinds_alone * datasets_alone))
    half = stats.t.ppf(0.975, k - 1) * error
    return whole - half, whole + half


def test_kinds_that_share_no_dataset_have_the_ordinary_jackknife():
    """And the more of them make a dataset, the narrower is the interval."""
    errors = np.array([0.05, 0.06, 0.05, 0.04, 0.07, 0.05, 0.06])
    one, two, three = (
        LeftOutKinds(models=("net",), kinds=tuple("abcdef"), errors=errors, each=each)
        for each in (1, 2, 3)
    )
    found = kinds_interval(one)
    ends = np.exp(student(np.log(errors[0]), np.log(errors[1:])))
    assert (found.low, found.high) == pytest.approx(tuple(ends))
    assert found.high > kinds_interval(two).high > kinds_interval(three).high


@settings(max_examples=10)
@given(seeds, st.integers(1, 4), st.integers(6, 8))
def test_the_error_and_its_interval_are_those_of_a_loop(seed, models, of):
    rows = interior(seed, models, of)
    names = [f"k{i}" for i in range(of)]
    left = np.array([looped(rows, without=name) for name in names])

    found = left_out_kinds(rows_of(rows))

    assert found.kinds == tuple(names)
    assert found.each == 2
    assert found.error == pytest.approx(looped(rows))
    assert found.errors[1:] == pytest.approx(left)
    low, high = np.exp(between(np.log(looped(rows)), np.log(left)))
    interval = kinds_interval(found)
    assert (interval.low, interval.high) == pytest.approx((low, high))
    assert interval.groups == of
    assert interval.holds(found.error)


@settings(max_examples=10)
@given(seeds)
def test_the_difference_to_the_best_is_paired_by_kind(seed):
    one, other = (interior(s) for s in (seed, seed + 1))
    names = [f"k{i}" for i in range(7)]
    left = np.array([looped(one, k) - looped(other, k) for k in names])
    whole = looped(one) - looped(other)

    found, best = (left_out_kinds(rows_of(rows)) for rows in (one, other))

    interval = behind_interval(found, best)
    assert (interval.low, interval.high) == pytest.approx(between(whole, left))
    assert interval.holds(whole)
    back = behind_interval(best, found)
    assert (back.low, back.high) == pytest.approx((-interval.high, -interval.low))


def test_the_estimate_as_it_is_is_judged_on_the_same_datasets():
    """Each kind counts once, however many of its datasets there are."""
    made = [{"corruption": c} for c in "aabbc"]
    y = np.array([0.1, 0.2, 0.3, 0.5, 0.7])
    x = y + np.array([0.06, 0.06, 0.12, 0.12, -0.03])
    found = left_out_kinds(rows_of(measured(x, y, made, estimate=True)))
    assert found.raw == pytest.approx((0.06 + 0.12 + 0.03) / 3)
    assert left_out_kinds(rows_of(measured(x, y, made))).raw is None


@settings(max_examples=10)
@given(seeds, st.randoms(use_true_random=False))
def test_the_order_of_measurements_and_models_decides_nothing(seed, random):
    rows = interior(seed)
    first = left_out_kinds(rows_of(rows))
    random.shuffle(rows)
    correlations = rows_of(rows)
    random.shuffle(correlations)

    again = left_out_kinds(correlations)

    assert (again.models, again.kinds) == (first.models, first.kinds)
    assert again.errors == pytest.approx(first.errors)


def test_a_perfect_metric_has_no_error_and_nothing_is_ahead_of_itself():
    rows = interior()
    perfect = [m for row in rows for m in [Measurement(**_but(row, row.accuracy))]]
    found = left_out_kinds(rows_of(perfect))
    assert found.error == pytest.approx(0, abs=1e-12)
    assert found.raw == 0
    interval = kinds_interval(found)
    assert interval.holds(found.error)
    assert interval.high < 1e-6
    alone = behind_interval(found, found)
    assert (alone.low, alone.high) == (0, 0)
    noisy = left_out_kinds(rows_of(rows))
    assert behind_interval(noisy, found).low > 0


def _but(row, value):
    fields = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return fields | {"value": value}


def test_a_kind_that_one_model_lacks_takes_nothing_from_it():
    """The others are without it all the same."""
    rows = interior()
    some = [m for m in rows if m.model != "net1" or "k6" not in kinds(m.traits)]
    alone = [m for m in some if m.model == "net1"]
    found, one = left_out_kinds(rows_of(some)), left_out_kinds(rows_of(alone))
    whole = left_out_kinds(rows_of(rows))
    assert found.kinds == whole.kinds
    others = [m for m in some if m.model != "net1"]
    pair = [looped([m for m in others if m.model == n], "k6") for n in ("net0", "net2")]
    assert found.errors[-1] == pytest.approx(np.median([*pair, one.error]))


def test_what_is_not_known_says_why():
    made = [{"corruption": c} for c in "aaabbccdd"]
    x = np.arange(9) / 10
    y = x**2
    few = left_out_kinds(rows_of(measured(x, y, made)))
    assert few.error > 0
    assert kinds_interval(few) == Undefined(
        "an interval needs at least 5 kinds, got 4 (a, b, c, d)"
    )
    assert behind_interval(few, few) == kinds_interval(few)
    none = left_out_kinds(rows_of(measured(x, y, [{}] * 9)))
    assert "needs at least 3 kinds of datasets" in none.reason
    constant = left_out_kinds(rows_of(measured(0 * x, y, made)))
    assert constant == Undefined("the metric is 0 on all 9 datasets")
    assert left_out_kinds([]) == Undefined("there is no model")
    other = left_out_kinds(rows_of(interior()))
    assert "not measured on the models and kinds" in behind_interval(few, other).reason


def test_an_error_that_hangs_on_one_kind_has_no_interval():
    found = LeftOutKinds(
        models=("net",), kinds=tuple("abcde"), errors=np.array([1, 1, np.nan, 1, 1, 1])
    )
    reason = kinds_interval(found).reason
    assert reason == "the error on left-out kinds does not exist without b"


@pytest.mark.parametrize("shape", ["one, alike", "three"])
def test_intervals_hold_what_they_promise(shape):
    """At least 92 % of 60 draws; the naive one, of the kinds' own errors, less."""
    assert shape in KIND_SHAPES
    counted = KindWorld(shape).count(10, 60, np.random.default_rng(1))
    assert counted["error"][0] >= 0.92
    assert counted["difference"][0] >= 0.92
    assert counted["error, naive"][0] < counted["error"][0]
