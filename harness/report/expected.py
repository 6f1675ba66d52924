"""Expected: which cells should have a measurement, and what has none altogether."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from harness.analysis.correlation import ACCURACY, Expected
from harness.analysis.gates import Lack
from harness.measurement import Axes, Domain, in_order

if TYPE_CHECKING:
    from harness.collector import Collector
    from harness.plan import PlannedCell, Variant
    from harness.run import Run

Series: TypeAlias = tuple[str, Axes]


def planned_cells(run: Run, collector: Collector) -> Iterator[tuple[Variant, Expected]]:
    """Cells that should have a measurement, under every metric their test records.

    A test with parameters of its own may record another metric with each. One all of
    whose cells failed recorded none; it goes by what the test records otherwise, or by
    the name that its own has by convention, so that a gate on it finds it missing. One
    that skipped every cell of a model, for want of an input say, has no row there (see
    `lacks`); one that skipped some has, or a gate could pass on the easy ones.
    """
    of_variant, of_test, measured = recorded_series(collector)
    for nodeid, cell in collector.cells.items():
        outcome = collector.outcomes.get(nodeid)
        skipped = outcome is not None and outcome.status == "skipped"
        if skipped and (cell.variant, cell.model) not in measured:
            continue
        family, domain = _family(run, cell)
        for metric, axes in in_order(_series(cell.variant, of_variant, of_test)):
            expected = Expected(
                metric=metric,
                axes=axes,
                model=cell.model,
                dataset=cell.dataset,
                family=family,
                domain=domain,
            )
            yield cell.variant, expected


def _family(run: Run, cell: PlannedCell) -> tuple[str, Domain]:
    """The family and domain that a cell is of, if it is of any."""
    if cell.dataset:
        dataset = run.datasets[cell.dataset]
        return dataset.family, dataset.domain
    if cell.family:
        return cell.family, run.families[cell.family][0].domain
    return "", Domain.NONE


def expected_cells(run: Run, collector: Collector) -> Iterator[Expected]:
    """The planned cells that fits are made of: on datasets, and not of accuracy."""
    for _, cell in planned_cells(run, collector):
        if cell.metric == ACCURACY or not cell.dataset:
            continue
        # Whatever it is declared as: without labels no line is fitted on it.
        labelled = run.datasets[cell.dataset].labelled
        yield cell if labelled else replace(cell, domain=Domain.TARGET)


def lacks(run: Run, collector: Collector) -> tuple[Lack, ...]:
    """What was asked for and of which nothing was measured: no row tells of it.

    Models and families that a pattern of the user's chose and whose files are not here,
    and what a test skipped on all datasets of a model.
    """
    found = []
    if run.settings.models:
        found += [
            Lack(model=name, reason=f"{name} was asked for; its weights are not here")
            for name in run.absent_models
        ]
    if run.settings.families:
        families = run.registry.families_of(run.base.name)
        found += [
            Lack(
                family=name,
                domain=families[name].domain if name in families else None,
                reason=f"family {name} was asked for; its files are not here",
            )
            for name in run.absent_families
        ]
    return (*found, *_skipped(collector))


def _skipped(collector: Collector) -> Iterator[Lack]:
    for lack, reasons in _empty(collector, "skipped"):
        n = len(reasons)
        cells = "its only cell was" if n == 1 else f"all {n} cells were"
        yield replace(lack, reason=f"{cells} skipped: {reasons[0]}")


def failures(collector: Collector) -> tuple[Lack, ...]:
    """What a test failed to measure on any dataset of a model, and why the first time.

    Its cells are expected, and missing.
    """
    return tuple(lack for lack, _ in _empty(collector, "failed"))


def _empty(collector: Collector, status: str) -> Iterator[tuple[Lack, list[str]]]:
    """Metrics of models of which nothing was measured; why cells ended with a status.

    Only those of which some did.
    """
    of_variant, of_test, measured = recorded_series(collector)
    found: dict[tuple[Variant, str], list[str]] = defaultdict(list)
    on_datasets = {c.variant for c in collector.cells.values() if c.dataset}
    for nodeid, cell in collector.cells.items():
        outcome = collector.outcomes.get(nodeid)
        place = cell.variant, cell.model
        if outcome and outcome.status == status and place not in measured:
            found[place].append(outcome.reason)
    for (variant, model), reasons in found.items():
        for metric, axes in _series(variant, of_variant, of_test):
            lack = Lack(
                model=model,
                metric=metric,
                axes=axes,
                reason=reasons[0],
                on_datasets=variant in on_datasets,
            )
            yield lack, reasons


def recorded_series(
    collector: Collector,
) -> tuple[
    dict[Variant, set[Series]], dict[str, set[Series]], set[tuple[Variant, str]]
]:
    """What each variant and each test recorded, and which variants on which models."""
    of_variant: dict[Variant, set[Series]] = defaultdict(set)
    of_test: dict[str, set[Series]] = defaultdict(set)
    measured: set[tuple[Variant, str]] = set()
    for nodeid, recorded in collector.series.items():
        cell = collector.cells[nodeid]
        of_variant[cell.variant].update(recorded)
        of_test[cell.variant.test].update(recorded)
        measured.add((cell.variant, cell.model))
    return of_variant, of_test, measured


def _series(
    variant: Variant,
    of_variant: dict[Variant, set[Series]],
    of_test: dict[str, set[Series]],
) -> set[Series]:
    if variant in of_variant:
        return of_variant[variant]
    if variant.by_parameter or variant.test not in of_test:
        return {(variant.metric, variant.axes)}
    own = dict(variant.axes)
    return {(m, Axes.of({**dict(axes), **own})) for m, axes in of_test[variant.test]}
