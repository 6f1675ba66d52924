"""The metrics of `harness predict`, chosen before its tests are collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError, select
from harness.fixtures.cells import run_of
from harness.metrics.spec import Input

if TYPE_CHECKING:
    from harness.registry import Registry

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the command was given."""
    parser.addoption("--predict-metrics", default="", help="of harness predict")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Refuse what cannot be, in a line."""
    try:
        check(metrics_of(session.config), run_of(session.config).settings.interior)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None


def metrics_of(config: pytest.Config) -> tuple[str, ...]:
    """The chosen metrics of a session."""
    return chosen(config.getoption("predict_metrics"), run_of(config).registry)


def chosen(patterns: str, registry: Registry) -> tuple[str, ...]:
    """The metrics that the names or wildcards ask for, or the quick ones.

    Raises
    ------
    UnknownName
        If one of them is no metric of one pass.
    """
    known = {n: m for n, m in registry.metrics.items() if ONE_PASS.issuperset(m.inputs)}
    if patterns:
        asked = [part.strip() for part in patterns.split(",")]
        return select("metric", asked, tuple(known))
    return tuple(name for name, metric in known.items() if not metric.costly)


def check(metrics: tuple[str, ...], interior: int) -> None:
    """Refuse more metrics than the interior and the test split can be fitted on.

    Raises
    ------
    HarnessError
        With what the number of datasets would have to be.
    """
    few = len(metrics) + 2
    if len(metrics) > 1 and interior < few:
        raise HarnessError(
            f"{len(metrics)} metrics together need at least {few} datasets of the "
            f"interior, got --interior {interior}; raise it, or choose fewer --metrics"
        )
