"""The metrics of `harness predict`, chosen before its tests are collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError, select
from harness.fixtures.cells import run_of
from harness.metrics.spec import Kind

if TYPE_CHECKING:
    from harness.metrics.spec import Metric
    from harness.registry import Registry
    from harness.run import Run


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the command was given."""
    parser.addoption("--predict-metrics", default="", help="of harness predict")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Refuse what cannot be, in a line."""
    try:
        check(metrics_of(session.config), run_of(session.config))
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
        If one of them is no metric.
    HarnessError
        If one asks for what there is not: labels of the data, or other networks.
    """
    known = {n: m for n, m in registry.metrics.items() if not _lacks(m)}
    if patterns:
        asked = [part.strip() for part in patterns.split(",")]
        for name in asked:
            if name in registry.metrics and name not in known:
                raise HarnessError(
                    "--metrics must name what one network and data without labels "
                    f"suffice for, got {name!r}, which asks for "
                    f"{_lacks(registry.metrics[name])}; leave it out"
                )
        return select("metric", asked, tuple(known))
    return tuple(name for name, metric in known.items() if _is_quick(metric))


def _lacks(metric: Metric) -> str:
    """What it asks for that there is not, of one network and data without labels.

    A pretext task is known where the metric is of one.
    """
    if not metric.label_free:
        return "labels"
    for ask in metric.inputs:
        if ask.whose == "others":
            return "other networks to compare with"
        if ask.what == "record":
            return "the record of a training"
        if ask.view in ("views", "task") and metric.stands_for is None:
            return "a pretext task that a test names"
    return ""


def _is_quick(metric: Metric) -> bool:
    """Whether it needs little beside a forward pass over each dataset."""
    if metric.costly or metric.on_request:
        return False
    return all(
        ask.one_pass or (ask.of, ask.whose, ask.view) == ("source", "subject", "")
        for ask in metric.inputs
    )


def check(metrics: tuple[str, ...], run: Run) -> None:
    """Refuse more scores than the interior and the test split can be fitted on.

    Where one of them is an estimate of accuracy, a forecast is made of the estimates,
    which needs no more datasets for more of them.

    Raises
    ------
    HarnessError
        With what the number of datasets would have to be.
    """
    known = run.registry.metrics
    if len(metrics) < 2 or any(known[name].kind is Kind.ESTIMATE for name in metrics):
        return
    pools = [name for name in run.settings.families if name.startswith("interior")]
    few, have = len(metrics) + 2, run.settings.interior * max(len(pools), 1)
    if have < few:
        raise HarnessError(
            f"{len(metrics)} scores together need at least {few} datasets of the "
            f"interior, got {have}; raise --interior, or choose fewer --metrics"
        )
