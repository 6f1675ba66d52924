"""Rows per metric and model: joined by name, in any order, never dropped."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.correlation import Expected, Undefined, correlate
from harness.analysis.fits.fits import fit_line, judge
from harness.analysis.targets import predict_targets
from harness.measurement import Axes, Domain, Measurement


def measurement(dataset, value, accuracy, **changes):
    fields = {
        "metric": "entropy",
        "model": "linear",
        "dataset": dataset,
        "family": "interior",
        "domain": Domain.INTERIOR,
        "value": value,
        "accuracy": accuracy,
        "images": 100,
        "seconds": 0.1,
        "key": f"{dataset}",
    }
    return Measurement(**(fields | changes))


def grid(metrics=("entropy",), models=("linear", "lenet"), n=5, seed=0):
    """n interior and n exterior datasets, and one target, for each."""
    rng = np.random.default_rng(seed)
    rows = []
    for model in models:
        for domain in (Domain.INTERIOR, Domain.EXTERIOR):
            accuracy = rng.uniform(size=n)
            rows += [
                measurement(
                    f"{domain}/{i}",
                    float(rng.normal() + accuracy[i]),
                    float(accuracy[i]),
                    metric=metric,
                    model=model,
                    domain=domain,
                    family=str(domain),
                )
                for metric in metrics
                for i in range(n)
            ]
        rows += [
            measurement("cam", 0.5, None, metric=m, model=model, domain=Domain.TARGET)
            for m in metrics
        ]
    return rows


def test_a_row_per_metric_and_model_and_one_over_all_models():
    rows = correlate(grid(metrics=("nuclear_norm", "entropy", "accuracy")))
    assert [(row.metric, row.model) for row in rows] == [
        ("entropy", "lenet"),
        ("entropy", "linear"),
        ("entropy", None),
        ("nuclear_norm", "lenet"),
        ("nuclear_norm", "linear"),
        ("nuclear_norm", None),
    ]


def test_each_row_is_the_fit_of_its_own_points():
    measurements = grid()
    for row in correlate(measurements):
        mine = [m for m in measurements if row.model in (m.model, None)]
        inside = [m for m in mine if m.domain is Domain.INTERIOR]
        outside = [m for m in mine if m.domain is Domain.EXTERIOR]
        interior = fit_line([m.value for m in inside], [m.accuracy for m in inside])
        x, y = [m.value for m in outside], [m.accuracy for m in outside]
        assert row.interior.r2 == pytest.approx(interior.r2)
        assert row.exterior.r2 == pytest.approx(fit_line(x, y).r2)
        assert row.transfer.r2 == pytest.approx(judge(interior, x, y).r2)
        assert len(row.points) == len(inside) + len(outside)
        assert {p.dataset for p in row.targets} == {"cam"}
        assert row.interior_error is None
        assert not row.estimate
        assert not row.missing


@settings(max_examples=30)
@given(st.randoms(use_true_random=False))
def test_the_order_of_measurements_does_not_matter(random):
    measurements = grid(metrics=("entropy", "nuclear_norm"))
    shuffled = list(measurements)
    random.shuffle(shuffled)
    assert correlate(shuffled) == correlate(measurements)


def test_values_are_joined_by_name_not_by_position():
    """Both models measured the same datasets, in opposite orders."""
    names = [f"d{i}" for i in range(6)]
    rows = [measurement(n, i, i / 10, model="a") for i, n in enumerate(names)]
    rows += [
        measurement(n, -i, i / 10, model="b")
        for i, n in reversed(list(enumerate(names)))
    ]
    a, b, both = correlate(rows)
    assert (a.interior.spearman, b.interior.spearman) == (1, -1)
    assert a.interior.r2 == pytest.approx(1)
    assert both.interior.r2 == pytest.approx(0)


def test_the_same_result_twice_counts_once():
    once = grid()
    twice = [dataclasses.replace(m, seconds=9.0, key="other") for m in once]
    assert correlate(once + twice) == correlate(once)


def test_two_results_for_one_cell_are_refused_by_name():
    rows = [measurement(f"d{i}", i, i / 10) for i in range(5)]
    rows.append(measurement("d3", 7.0, 0.3))
    rows += [measurement(f"d{i}", i, i / 10, model="lenet") for i in range(5)]
    lenet, linear, both = correlate(rows)
    reason = (
        "linear on d3 was measured twice with different results: value 3 and 7.0; "
        "record each variant under its own name, or with what tells them apart: "
        "record(NAME, VALUE, k=5)"
    )
    assert lenet.interior.r2 == pytest.approx(1)
    assert [p.x for p in linear.contradicting] == [3, 7.0]
    assert len(linear.points) == 4
    for row in (linear, both):
        assert row.interior == row.exterior == row.transfer == Undefined(reason)
    rows += [measurement("d1", 1, 0.4), measurement("d4", 4, 0.4, images=7)]
    rows[5] = rows[0]
    reason = correlate(rows)[1].interior.reason
    assert "linear on d1" in reason
    assert "accuracy 0.1 and 0.4 (and 1 more)" in reason


def test_what_cannot_be_fitted_keeps_its_row_and_says_why():
    rows = [measurement(f"d{i}", 0.5, i / 10) for i in range(4)]
    rows += [measurement("e", 0.5, 0.5, domain=Domain.EXTERIOR)]
    row, _ = correlate(rows)
    assert row.interior == Undefined("the metric is 0.5 on all 4 datasets")
    assert row.exterior == Undefined("a fit needs at least 3 datasets, got 1")
    assert row.transfer == Undefined(
        "the interior has no fit: the metric is 0.5 on all 4 datasets"
    )


def test_unlabelled_sets_are_never_fitted():
    rows = [measurement(f"d{i}", i, i / 10) for i in range(4)]
    rows += [measurement("no-labels", 99.0, None)]
    rows += [measurement("known", 99.0, 0.1, domain=Domain.TARGET)]
    row, _ = correlate(rows)
    assert row.interior.n == 4
    assert row.interior.r2 == pytest.approx(1)
    assert [p.dataset for p in row.targets] == ["known", "no-labels"]


def test_missing_cells_are_listed_and_wholly_missing_rows_kept():
    rows = [measurement(f"d{i}", i, i / 10) for i in range(4)]
    expected = [
        Expected(
            metric=metric,
            model=model,
            dataset=f"d{i}",
            family="interior",
            domain=Domain.INTERIOR,
        )
        for metric in ("entropy", "broken")
        for model in ("linear", "lenet")
        for i in range(5)
    ]
    found = correlate(rows, expected=reversed(expected))
    assert {(row.metric, row.model): len(row.missing) for row in found} == {
        ("broken", "lenet"): 5,
        ("broken", "linear"): 5,
        ("broken", None): 10,
        ("entropy", "lenet"): 5,
        ("entropy", "linear"): 1,
        ("entropy", None): 6,
    }
    assert [c.dataset for c in found[4].missing] == ["d4"]
    assert found[0].interior == Undefined("a fit needs at least 3 datasets, got 0")


def test_estimates_are_also_compared_with_accuracy_itself():
    rows = [
        measurement("a", 0.5, 0.4, estimate=True),
        measurement("b", 0.5, 0.7, estimate=True),
        measurement("c", 0.9, 0.5, domain=Domain.EXTERIOR, estimate=True),
    ]
    row, _ = correlate(rows)
    assert row.estimate
    assert row.interior_error.mae == pytest.approx(0.15)
    assert row.interior_error.bias == pytest.approx(-0.05)
    assert row.interior_error.rmse == pytest.approx(np.sqrt((0.01 + 0.04) / 2))
    assert row.interior_error.n == 2
    assert row.exterior_error.mae == row.exterior_error.bias == pytest.approx(0.4)
    row, _ = correlate(rows[:2])
    assert row.exterior_error == Undefined("an error needs at least 1 dataset, got 0")


def test_nothing_measured_is_no_rows():
    assert correlate([]) == ()


def test_axes_tell_results_of_one_metric_apart():
    """A row for each value, smaller numbers first; equal axes are one in any order."""
    rows = [
        measurement(f"d{i}", i * k, i / 10, axes=Axes.of({"layer": "a", "k": str(k)}))
        for k in (10, 2)
        for i in range(4)
    ]
    rows += [measurement("d4", 8, 0.4, axes=Axes.of({"k": "2", "layer": "a"}))]

    found = [row for row in correlate(rows) if row.model]

    assert [row.label for row in found] == [
        "entropy[k=2,layer=a]",
        "entropy[k=10,layer=a]",
    ]
    assert [row.interior.n for row in found] == [5, 4]
    assert [row.interior.slope for row in found] == pytest.approx([0.05, 0.01])


def test_a_target_with_two_results_is_not_predicted_and_says_why():
    """Nor is the first of them taken, by any model's line."""
    rows = [measurement(f"d{i}", i, i / 10) for i in range(8)]
    rows += [measurement("cam", v, None, domain=Domain.TARGET) for v in (1, 2)]

    row, _ = correlate(rows)
    (found,) = predict_targets([row])

    assert row.targets == ()
    assert found.dataset == "cam"
    assert "linear on cam was measured twice" in found.prediction.reason
