"""Expected: which cells should have a measurement, and what has none altogether."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from harness.analysis.correlation import ACCURACY, Expected
from harness.measurement import Axes, in_order

if TYPE_CHECKING:
    from harness.collector import Collector
    from harness.plan import Variant
    from harness.run import Run

Series: TypeAlias = tuple[str, Axes]


def expected_cells(run: Run, collector: Collector) -> Iterator[Expected]:
    """Cells that should have a measurement, under every metric their test records.

    A test with parameters of its own may record another metric with each. One all of
    whose cells failed recorded none; it goes by what the test records otherwise, or by
    the name that its own has by convention, so that a gate on it finds it missing. One
    that skipped every cell of a model, for want of an input say, is not expected there;
    one that skipped some is, or a gate could pass on the easy ones.
    """
    of_variant: dict[Variant, set[Series]] = defaultdict(set)
    of_test: dict[str, set[Series]] = defaultdict(set)
    measured: set[tuple[Variant, str]] = set()
    for nodeid, recorded in collector.series.items():
        cell = collector.cells[nodeid]
        of_variant[cell.variant].update(recorded)
        of_test[cell.variant.test].update(recorded)
        measured.add((cell.variant, cell.model))
    for nodeid, cell in collector.cells.items():
        outcome = collector.outcomes.get(nodeid)
        skipped = outcome is not None and outcome.status == "skipped"
        if skipped and (cell.variant, cell.model) not in measured:
            continue
        dataset = run.datasets[cell.dataset]
        for metric, axes in in_order(_series(cell.variant, of_variant, of_test)):
            if metric == ACCURACY:
                continue
            yield Expected(
                metric=metric,
                axes=axes,
                model=cell.model,
                dataset=cell.dataset,
                family=dataset.family,
                domain=dataset.domain,
            )


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
