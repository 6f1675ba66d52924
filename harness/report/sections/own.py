"""Sections of what the summary holds itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from harness.report.section import Shown
from harness.report.sections import (
    assumptions,
    comparison,
    label_scores,
    lines,
    predictions,
    ranks,
)

if TYPE_CHECKING:
    from harness.report.summary import Summary
    from harness.report.table import Part

# Their titles and their parts.
_OWN: dict[str, tuple[str, Callable[[Summary], Iterable[Part]]]] = {
    "predictions": (predictions.TITLE, predictions.parts),
    "comparison": ("", comparison.parts),
    "ranks": (ranks.TITLE, ranks.parts),
    "label-scores": (label_scores.TITLE, label_scores.parts),
    "lines": (lines.TITLE, lines.parts),
    "assumptions": ("", assumptions.parts),
}


def own(summary: Summary, name: str, title: str = "") -> Shown:
    """A section of what the summary holds itself.

    Parameters
    ----------
    summary
        What a run found.
    name
        Which section.
    title
        Another than its own.
    """
    usual, parts = _OWN[name]
    return Shown(name=name, title=title or usual, parts=tuple(parts(summary)))
