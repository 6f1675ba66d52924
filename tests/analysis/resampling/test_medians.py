"""Intervals of medians over models: against a loop over left-out groups."""

import numpy as np
import pytest

from harness.analysis.resampling.medians import median_r2_interval
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
