"""Summary: everything a report may show, gathered once from what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.analysis.aggregates import Aggregated
from harness.analysis.aggregating import aggregated
from harness.analysis.correlation import ACCURACY, Correlation, correlate
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.gates import Verdict
from harness.analysis.outcomes import whole_series
from harness.analysis.targets import predict_targets
from harness.datasets.dataset import Found
from harness.measurement import Measurement
from harness.report.expected import expected_cells, planned_cells, recorded_series
from harness.report.provenance import places
from harness.report.run_file.reading import read_as
from harness.report.section import Context, Finds, Section, Shown, shown_sections
from harness.report.sections.found import KEPT, SECTIONS
from harness.report.sections.metric_tables import Fits

if TYPE_CHECKING:
    from harness.analysis.labelling import Labelled
    from harness.collector import Collector
    from harness.plan import Variant
    from harness.report.run_file.saved import SavedRun
    from harness.run import Run


WITHOUT_LABELS = "accuracy without labels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run found.

    Attributes
    ----------
    title
        What the report is about: accuracy without labels, or what a suite asks.
    run
        Base, models, settings, versions, device, date: JSON values.
    kept
        What the harness' own sections found, each an object whose fields are keys of
        the JSON report: see `of`.
    interrupted
        Whether the run was stopped before its last test.
    found
        By dataset, what the user's own folders hold.
    counts
        Cells "measured", "stored", "failed", "skipped", "not run"; "not stored" are
        measured too.
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
    counts: Counter[str]
    measurements: tuple[Measurement, ...]
    kept: tuple[Any, ...] = ()
    temperatures: dict[str, float] = field(default_factory=dict)
    interrupted: bool = False
    found: dict[str, Found] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)
    shown: tuple[Shown, ...] = ()
    title: str = WITHOUT_LABELS

    def of(self, kind: type[Finds]) -> Finds:
        """What a section found, as in `of(Ranks)`; an empty one where it is nothing."""
        return next((one for one in self.kept if isinstance(one, kind)), kind())

    def having(self, found: Any) -> Summary:
        """The same with what a section found instead of what it found before."""
        kept = (found if type(one) is type(found) else one for one in self.kept)
        return replace(self, kept=tuple(kept))

    @property
    def correlations(self) -> tuple[Correlation, ...]:
        """One for each metric and model, and each metric over all models."""
        return self.of(Fits).correlations

    @property
    def models(self) -> tuple[str, ...]:
        """Whom anything was measured of: of the chosen models, and of populations."""
        measured = {m.model for m in self.measurements}
        chosen = [str(name) for name in self.run.get("models", [])]
        if not measured:
            return tuple(chosen)
        return (
            *(name for name in chosen if name in measured),
            *sorted(measured.difference(chosen)),
        )

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
    labelled: Mapping[tuple[str, str], Labelled] | None = None,
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
    described = {
        **run.describe(),
        **places(measurements),
        "sources": _sources(run, measurements),
    }
    context = Context(
        described=described,
        correlations=correlations,
        aggregates=_aggregates(run, collector, measurements),
        predictions=predict_targets(correlations),
        verdicts=verdicts,
        labelled=labelled or {},
        run=run,
        collector=collector,
        earlier=earlier,
    )
    sections, shown = shown_sections(
        (*SECTIONS, *run.registry.sections),
        measurements,
        context,
    )
    return Summary(
        run=described,
        kept=tuple(one.find(measurements, context) for one in KEPT),
        counts=collector.count(),
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
        title=_title(run.registry.sections, sections, measurements),
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
        kept=tuple(one.find(rows, context) for one in KEPT),
        counts=Counter(measured=len(cells)),
        measurements=rows,
        sections=sections,
        shown=shown,
    )


def _sources(run: Run, rows: Iterable[Measurement]) -> dict[str, str]:
    """By metric that was measured and is known, where its definition is from."""
    known = run.registry.metrics
    names = sorted({m.metric for m in rows})
    return {name: known[name].source for name in names if name in known}


def _title(
    registered: Sequence[Section], found: Mapping[str, Any], rows: Sequence[Measurement]
) -> str:
    """What suites ask, where nothing but their tests measured anything without labels.

    A suite is the folder that its section's module lies in; a section's title says
    before a colon what it is about.
    """
    suites: dict[str, str] = {}
    for section in registered:
        folder = type(section).__module__.rpartition(".")[0].rpartition(".")[2]
        if section.name in found and folder:
            suites.setdefault(folder, section.title.partition(":")[0])
    own = (m for m in rows if m.label_free and m.dataset and m.metric != ACCURACY)
    homeless = any(m.folder not in suites for m in own)
    return ", ".join(suites.values()) if suites and not homeless else WITHOUT_LABELS


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
