"""The tests behind `harness predict`: metrics of one forward pass, by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness.errors import select
from harness.metrics import METRICS
from harness.metrics.spec import Input, Metric

if TYPE_CHECKING:
    from harness.fixtures.measure import Measure

ONE_PASS = {
    Input.LOGITS,
    Input.PROBS,
    Input.PREDICTED,
    Input.FEATURES,
    Input.SOURCE_LOGITS,
    Input.SOURCE_PROBS,
    Input.SOURCE_LABELS,
    Input.SOURCE_FEATURES,
    Input.SOURCE_PREDICTED,
}
BY_NAME = {
    metric.name: metric for metric in METRICS if ONE_PASS.issuperset(metric.inputs)
}


def chosen(patterns: str) -> tuple[str, ...]:
    """The metrics that the names or wildcards ask for, or the quick ones.

    Raises
    ------
    UnknownName
        If one of them is no metric of one pass.
    """
    if patterns:
        asked = [part.strip() for part in patterns.split(",")]
        return select("metric", asked, tuple(BY_NAME))
    return tuple(name for name, metric in BY_NAME.items() if not metric.costly)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each metric."""
    names = chosen(os.environ.get("HARNESS_PREDICT_METRICS", ""))
    metafunc.parametrize("metric", names)


def test_metric(measure: Measure, metric: str) -> None:
    """Record one."""
    spec: Metric = BY_NAME[metric]
    measure(spec)
