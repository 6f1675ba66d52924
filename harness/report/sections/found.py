"""Sections that find what they show in the measurements, as those of suites do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.sections.aggregates import AggregatesSection
from harness.report.sections.along_axes import AlongAxesSection
from harness.report.sections.scorecard import ScorecardSection
from harness.report.sections.values import ValuesSection

if TYPE_CHECKING:
    from harness.report.section import Section

# In the order of the report; those of suites and of users follow.
SECTIONS: tuple[Section, ...] = (
    ScorecardSection(),
    AlongAxesSection(),
    ValuesSection(),
    AggregatesSection(),
)
