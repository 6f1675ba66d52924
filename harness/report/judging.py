"""Judging: a run's gates and rules, by all that was found and by what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.analysis.gates import Evidence, Gate, Verdict, judge
from harness.analysis.gates.aggregates import ANY, OfFamily
from harness.analysis.gates.rows import WORDS
from harness.analysis.gates.sections import OfSection
from harness.errors import UnknownName
from harness.report.expected import failures, lacks, planned_cells
from harness.report.section import problem_line
from harness.report.sections.comparison import Comparison
from harness.report.sections.found import SECTIONS
from harness.report.sections.predictions import Predictions

if TYPE_CHECKING:
    from harness.collector import Collector
    from harness.registry import Registry
    from harness.report.summary import Summary
    from harness.run import Run


def judged(
    gates: Iterable[Gate], run: Run, collector: Collector, summary: Summary
) -> tuple[Verdict, ...]:
    """A verdict for everything that each gate or rule selects, or should have."""
    evidence = Evidence(
        correlations=summary.correlations,
        predictions=summary.of(Predictions).predictions,
        changes=summary.of(Comparison).changes,
        measurements=summary.measurements,
        expected=tuple(cell for _, cell in planned_cells(run, collector)),
        aggregated=summary.aggregates,
        quantities={
            one.name: Undefined(problem_line(one)) if one.problem else one.quantities
            for one in summary.shown
        },
        lacks=lacks(run, collector),
        failures=failures(collector),
    )
    return judge(gates, evidence)


def check_names(gates: Iterable[Gate], registry: Registry) -> None:
    """Refuse names of gates that nothing which is registered has.

    Raises
    ------
    UnknownName
        With what there is.
    """
    sections = [one.name for one in (*SECTIONS, *registry.sections)]
    aggregates = [*registry.aggregates, ANY, *WORDS]
    for gate in gates:
        quantity = gate.quantity
        if isinstance(quantity, OfSection) and quantity.section not in sections:
            raise UnknownName("section", quantity.section, sections)
        if isinstance(quantity, OfFamily) and quantity.name not in aggregates:
            raise UnknownName("aggregate", quantity.name, aggregates)
