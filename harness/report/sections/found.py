"""The sections of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.sections.aggregates import AggregatesSection
from harness.report.sections.along_axes import AlongAxesSection
from harness.report.sections.assumptions import AssumptionsSection
from harness.report.sections.comparison import ComparisonSection
from harness.report.sections.datasets import DatasetsSection
from harness.report.sections.details import DetailsSection
from harness.report.sections.doubts import DoubtsSection
from harness.report.sections.gates import GatesSection
from harness.report.sections.kept_answers import KeptSection
from harness.report.sections.label_scores import LabelScoresSection
from harness.report.sections.lines import LinesSection
from harness.report.sections.losses import LossesSection
from harness.report.sections.metric_tables import FitsSection
from harness.report.sections.predictions import PredictionsSection
from harness.report.sections.ranks import RanksSection
from harness.report.sections.scorecard import ScorecardSection
from harness.report.sections.values import ValuesSection

if TYPE_CHECKING:
    from harness.report.section import Kept, Section

# Whose findings are keys of the JSON report.
KEPT: tuple[Kept[Any], ...] = (
    FitsSection(),
    RanksSection(),
    LabelScoresSection(),
    DetailsSection(),
    PredictionsSection(),
    LinesSection(),
    AssumptionsSection(),
    LossesSection(),
    ComparisonSection(),
    GatesSection(),
)
# Whose findings stand there under `sections`; those of suites and of users follow.
SECTIONS: tuple[Section, ...] = (
    DoubtsSection(),
    ScorecardSection(),
    AlongAxesSection(),
    ValuesSection(),
    AggregatesSection(),
    KeptSection(),
    DatasetsSection(),
)
