"""Sections whose findings the summary holds as the objects that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.sections.found import KEPT

if TYPE_CHECKING:
    from harness.report.section import Shown
    from harness.report.summary import Summary


def own(summary: Summary, name: str) -> Shown:
    """One of them, as the writers know it."""
    section = next(one for one in KEPT if one.name == name)
    return section.shown(summary.of(section.kind))
