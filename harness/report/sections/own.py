"""The sections of a summary by name, and the order in which they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.sections.accuracies import NAME as ACCURACIES
from harness.report.sections.accuracies import accuracies
from harness.report.sections.doubts import NAME as DOUBTS
from harness.report.sections.found import KEPT

if TYPE_CHECKING:
    from harness.report.section import Shown
    from harness.report.summary import Summary

OTHERS = "others"  # those of suites and of users
PLOT = "plot"  # a writer's picture of a metric, which is no section
PAGE = (
    "gates",
    "predictions",
    DOUBTS,
    "comparison",
    ACCURACIES,
    "ranks",
    "label-scores",
    OTHERS,
    PLOT,
    "correlations",
    "details",
    "lines",
    "assumptions",
    "missing",
)
# Whose last lines are read first.
TERMINAL = (
    ACCURACIES,
    "correlations",
    "ranks",
    "label-scores",
    OTHERS,
    PLOT,
    "details",
    DOUBTS,
    "predictions",
    "lines",
    "assumptions",
    "missing",
    "comparison",
    "gates",
)
_KEPT = {one.name: one for one in KEPT}


def named(summary: Summary, name: str) -> tuple[Shown, ...]:
    """The sections of a name in an order, as the writers know them."""
    if name == OTHERS:
        return tuple(one for one in summary.shown if one.name != DOUBTS)
    if name == DOUBTS:
        return tuple(one for one in summary.shown if one.name == DOUBTS)
    if name == PLOT:
        return ()
    if name == ACCURACIES:
        return (accuracies(summary.measurements),)
    section = _KEPT[name]
    return (section.shown(summary.of(section.kind)),)
