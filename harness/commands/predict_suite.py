"""The tests behind `harness predict`: metrics of one forward pass, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.commands.predict_metrics import metrics_of

if TYPE_CHECKING:
    import pytest

    from harness.fixtures.measure import Measure


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each metric."""
    metafunc.parametrize("metric", metrics_of(metafunc.config))


def test_metric(measure: Measure, metric: str) -> None:
    """Record one."""
    measure(metric)
