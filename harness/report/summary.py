"""Summary: everything a report may show, gathered once from what was measured."""

from __future__ import annotations

import fnmatch
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.analysis.aggregates import Aggregated
from harness.analysis.aggregating import aggregated
from harness.analysis.correlation import Correlation, correlate
from harness.analysis.detail import UNITS, Detail, detail
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.gates import Verdict
from harness.analysis.gates.subjects import Subject
from harness.analysis.outcomes import whole_series
from harness.analysis.targets import predict_targets
from harness.datasets.dataset import Found
from harness.measurement import Measurement
from harness.report.expected import expected_cells, planned_cells, recorded_series
from harness.report.provenance import places
from harness.report.run_file.reading import read_as
from harness.report.section import Context, Finds, Shown, shown_sections
from harness.report.sections.found import KEPT, SECTIONS

if TYPE_CHECKING:
    from harness.collector import Collector
    from harness.plan import Variant
    from harness.report.run_file.saved import SavedRun
    from harness.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Cells that gave no measurement for one reason.

    Attributes
    ----------
    test, reason
        Which test, and why.
    cells
        The parameters of the cells, "model-dataset".
    """

    test: str
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run found.

    Attributes
    ----------
    run
        Base, models, settings, versions, device, date: JSON values.
    correlations
        One for each metric and model, and each metric over all models.
    kept
        What the harness' own sections found, each an object whose fields are keys of
        the JSON report: see `of`.
    details
        The metrics asked for, in full.
    interrupted
        Whether the run was stopped before its last test.
    found
        By dataset, what the user's own folders hold.
    verdicts
        The gates, judged.
    counts
        Cells "measured", "stored", "failed", "skipped", "not run"; "not stored" are
        measured too.
    failed, skipped
        Cells without a measurement, by reason.
    absent
        What was left out because its files are not here, and why.
    measurements
        All of them, sorted.
    temperatures
        By model, where confidences were calibrated.
    sections
        By name, what registered sections found, as JSON values.
    shown
        The same as it is shown.
    """

    run: dict[str, Any]
    correlations: tuple[Correlation, ...]
    verdicts: tuple[Verdict, ...]
    counts: Counter[str]
    failed: tuple[Loss, ...]
    skipped: tuple[Loss, ...]
    absent: dict[str, str]
    measurements: tuple[Measurement, ...]
    kept: tuple[Any, ...] = ()
    details: tuple[Detail, ...] = ()
    temperatures: dict[str, float] = field(default_factory=dict)
    interrupted: bool = False
    found: dict[str, Found] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)
    shown: tuple[Shown, ...] = ()

    def of(self, kind: type[Finds]) -> Finds:
        """What a section found, as in `of(Ranks)`; an empty one where it is nothing."""
        return next((one for one in self.kept if isinstance(one, kind)), kind())

    @property
    def outcome(self) -> FittedOutcome:
        """What the metrics are fitted against."""
        return self.correlations[0].outcome if self.correlations else TOP_1

    @property
    def aggregates(self) -> tuple[Aggregated, ...]:
        """What was made of the numbers on the members of families."""
        held = self.sections.get("aggregates", {"values": ()})["values"]
        return tuple(read_as(Aggregated, one, "aggregates") for one in held)


def summarise(
    run: Run,
    collector: Collector,
    verdicts: tuple[Verdict, ...] = (),
    earlier: SavedRun | None = None,
    *,
    interrupted: bool = False,
) -> Summary:
    """Fit and sort what the collector holds, and compare it with an earlier run."""
    recorded = whole_series(collector.measurements)
    measurements = tuple(sorted(recorded, key=lambda m: m.cell))
    on_sets = tuple(m for m in measurements if m.dataset)
    correlations = correlate(
        on_sets,
        expected=expected_cells(run, collector),
        outcome=FittedOutcome.of(run.outcome),
    )
    described = {**run.describe(), **places(measurements)}
    context = Context(
        described=described,
        correlations=correlations,
        aggregates=_aggregates(run, collector, measurements),
        predictions=predict_targets(correlations),
        run=run,
        earlier=earlier,
    )
    sections, shown = shown_sections(
        (*SECTIONS, *run.registry.sections),
        measurements,
        context,
    )
    return Summary(
        run=described,
        correlations=correlations,
        kept=tuple(one.find(measurements, context) for one in KEPT),
        details=_details(run, correlations),
        verdicts=verdicts,
        counts=collector.count(),
        failed=_losses(collector, "failed"),
        skipped=_losses(collector, "skipped"),
        absent={
            **run.absent_families,
            **_absent_models(run),
            **_absent_outcomes(measurements),
            **_absent_details(run, correlations),
        },
        measurements=measurements,
        temperatures={
            m.model: float(m.facts["temperature"])
            for m in measurements
            if "temperature" in m.facts
        },
        interrupted=interrupted,
        found=run.found,
        sections=sections,
        shown=shown,
    )


def summary_of(measurements: Iterable[Measurement]) -> Summary:
    """What measurements alone say: of gates, losses and settings they know nothing."""
    rows = tuple(sorted(whole_series(measurements), key=lambda m: m.cell))
    cells = {(m.test, m.key, m.place[:3]) for m in rows}
    on_sets = tuple(m for m in rows if m.dataset)
    correlations = correlate(on_sets)
    run = {
        "models": sorted({m.model for m in rows}),
        "datasets": len({m.dataset for m in on_sets}),
        **places(rows),
    }
    context = Context(
        described=run,
        correlations=correlations,
        predictions=predict_targets(correlations),
    )
    sections, shown = shown_sections(SECTIONS, rows, context)
    return Summary(
        run=run,
        correlations=correlations,
        kept=tuple(one.find(rows, context) for one in KEPT),
        verdicts=(),
        counts=Counter(measured=len(cells)),
        failed=(),
        skipped=(),
        absent={},
        measurements=rows,
        sections=sections,
        shown=shown,
    )


def _aggregates(
    run: Run, collector: Collector, rows: Sequence[Measurement]
) -> tuple[Aggregated, ...]:
    """What the tests' markers say is to be made of the rows that they recorded."""
    wanted: dict[str, set[Variant]] = {}
    for cell in collector.cells.values():
        for name in cell.variant.aggregates:
            wanted.setdefault(name, set()).add(cell.variant)
    planned = tuple(planned_cells(run, collector)) if wanted else ()
    recorded, _, _ = recorded_series(collector)
    made = {
        name: {(one.test, *series) for one in some for series in recorded[one]}
        for name, some in wanted.items()
    }
    members = {
        family: {one.name: one.traits for one in datasets}
        for family, datasets in (run.families if wanted else {}).items()
    }
    return tuple(
        found
        for name in sorted(wanted)
        for found in aggregated(
            run.registry.aggregates[name],
            [row for row in rows if (row.test, *row.series) in made[name]],
            members,
            [
                (cell.series, cell.model, cell.family)
                for variant, cell in planned
                if variant in wanted[name] and cell.dataset
            ],
        )
    )


def _details(run: Run, correlations: tuple[Correlation, ...]) -> tuple[Detail, ...]:
    """Of the metrics asked for: all models together only where they are several."""
    patterns = run.settings.detail
    if not patterns:
        return ()
    unit = UNITS[run.settings.resample]
    several = len(run.models) > 1
    return tuple(
        detail(row, unit=unit)
        for row in correlations
        if any(_is_called(row, pattern) for pattern in patterns)
        and (row.model is not None or several)
    )


def _is_called(row: Correlation, pattern: str) -> bool:
    """Whether a pattern means a metric, or the metric along axes: ``knn[k=5]``."""
    if fnmatch.fnmatchcase(row.metric, pattern):
        return True
    try:
        subject = Subject.parse(pattern)
    except ValueError:
        return False
    named = bool(subject.axes) and subject.model == "*"
    return named and subject.fits(row.axes) and _is_called(row, subject.metric)


def _absent_models(run: Run) -> dict[str, str]:
    """One line for all models without weights: a zoo has dozens."""
    absent = list(run.absent_models)
    if not absent:
        return {}
    named = ", ".join(absent[:3]) + (", ..." if len(absent) > 3 else "")
    cure = "ask for one by name to be told where its weights come from"
    return {f"{len(absent)} models without weights here": f"{named}; {cure}"}


def _absent_outcomes(rows: Iterable[Measurement]) -> dict[str, str]:
    """Where the chosen outcome is not defined, by why."""
    pairs: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for m in rows:
        if "outcome" in m.facts and "no_outcome" in m.facts:
            of = m.facts["outcome"], m.facts["no_outcome"]
            pairs.setdefault(of, set()).add((m.model, m.dataset))
    return {
        f"{outcome} of {len(found)} pairs of a model and a dataset": reason
        for (outcome, reason), found in sorted(pairs.items())
    }


def _absent_details(run: Run, correlations: Iterable[Correlation]) -> dict[str, str]:
    """Patterns of --harness-detail that no metric matches: misspelt, or deselected.

    They cannot be refused earlier: a test may record a metric of any name.
    """
    rows = tuple(correlations)
    known = list(dict.fromkeys(row.label for row in rows))
    named = ", ".join(known[:3]) + (", ..." if len(known) > 3 else "")
    return {
        f"detail of {pattern!r}": f"no measured metric is called so, of {named}"
        for pattern in run.settings.detail
        if rows and not any(_is_called(row, pattern) for row in rows)
    }


def _losses(collector: Collector, status: str) -> tuple[Loss, ...]:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for outcome in collector.outcomes.values():
        if outcome.status == status:
            cell = collector.cells[outcome.nodeid]
            groups[cell.variant.test, outcome.reason].append(cell.parameters)
    return tuple(
        Loss(test=test, reason=reason, cells=tuple(sorted(cells)))
        for (test, reason), cells in sorted(groups.items())
    )
