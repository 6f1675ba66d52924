"""Judging: a run's gates and rules, by all that was found and by what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.analysis.gates import Evidence, Gate, Verdict, judge
from harness.report.expected import lacks, planned_cells

if TYPE_CHECKING:
    from harness.collector import Collector
    from harness.report.summary import Summary
    from harness.run import Run


def judged(
    gates: Iterable[Gate], run: Run, collector: Collector, summary: Summary
) -> tuple[Verdict, ...]:
    """A verdict for everything that each gate or rule selects, or should have."""
    evidence = Evidence(
        correlations=summary.correlations,
        predictions=summary.predictions,
        changes=summary.changes,
        measurements=summary.measurements,
        expected=tuple(planned_cells(run, collector)),
        lacks=lacks(run, collector),
    )
    return judge(gates, evidence)
