"""What has no value, what was skipped and what was left out, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.printable import counted
from harness.report.section import Kept
from harness.report.sections.details import absent_details
from harness.report.table import Item, Listing
from harness.report.text import some

if TYPE_CHECKING:
    from harness.collector import Collector
    from harness.measurement import Measurement
    from harness.report.section import Context
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
class Losses:
    """All that is missing.

    Attributes
    ----------
    failed, skipped, not_run
        Cells without a measurement, by reason.
    absent
        What was left out because its files are not here, and why.
    """

    failed: tuple[Loss, ...] = ()
    skipped: tuple[Loss, ...] = ()
    not_run: tuple[Loss, ...] = ()
    absent: dict[str, str] = field(default_factory=dict)


class LossesSection(Kept[Losses]):
    """A line for each reason."""

    name = "missing"
    title = "missing"
    kind = Losses

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Losses:
        """Of a run alone: measurements do not tell what is not among them."""
        if context.run is None or context.collector is None:
            return Losses()
        return Losses(
            failed=_ended(context.collector, "failed"),
            skipped=_ended(context.collector, "skipped"),
            not_run=_not_run(context.collector),
            absent={
                **context.run.absent_families,
                **_absent_models(context.run),
                **_absent_outcomes(rows),
                **absent_details(context.run.settings.detail, context.correlations),
            },
        )

    def tables(self, found: Losses, /) -> Iterator[Listing]:
        """Tests that lost the same cells for the same reason share a line."""
        items = (
            *_items("without a value:", found.failed),
            *_items("skipped:", found.skipped),
            *_items("not run:", found.not_run),
            *(
                Item(word="left out:", name=name, text=why)
                for name, why in found.absent.items()
            ),
        )
        if items:
            yield Listing(items=items, of="what")


def _items(word: str, losses: Sequence[Loss]) -> Iterator[Item]:
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for loss in losses:
        test = loss.test.rpartition("::")[2]
        groups.setdefault((loss.reason, loss.cells), []).append(test)
    for (reason, cells), tests in groups.items():
        yield Item(word=word, name=some(tests), text=reason, among=cells)


def _absent_models(run: Run) -> dict[str, str]:
    """One line for all models without weights: a zoo has dozens."""
    absent = list(run.absent_models)
    if not absent:
        return {}
    named = ", ".join(absent[:3]) + (", ..." if len(absent) > 3 else "")
    cure = "ask for one by name to be told where its weights come from"
    return {f"{counted(len(absent), 'model')} without weights here": f"{named}; {cure}"}


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


def _ended(collector: Collector, status: str) -> tuple[Loss, ...]:
    ended = (one for one in collector.outcomes.values() if one.status == status)
    return _losses(collector, ((one.nodeid, one.reason) for one in ended))


def _not_run(collector: Collector) -> tuple[Loss, ...]:
    left = (nodeid for nodeid in collector.cells if nodeid not in collector.outcomes)
    return _losses(collector, ((nodeid, collector.why_left) for nodeid in left))


def _losses(collector: Collector, cells: Iterable[tuple[str, str]]) -> tuple[Loss, ...]:
    """Node ids with reasons, gathered by test and reason."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for nodeid, reason in cells:
        cell = collector.cells[nodeid]
        groups[cell.variant.test, reason].append(cell.parameters)
    return tuple(
        Loss(test=test, reason=reason, cells=tuple(sorted(found)))
        for (test, reason), found in sorted(groups.items())
    )
