"""Assumptions of metrics: on the terminal what warns, on the page all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.assumptions import Doubt, Finding, assumptions
from harness.report.section import Kept
from harness.report.table import Column, Said, Table, Text, Value

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context

_SHOWN = 3  # findings of a kind that the terminal names


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What speaks, without labels, for or against what metrics assume."""

    assumptions: tuple[Finding, ...] = ()


class AssumptionsSection(Kept[Assumptions]):
    """Sentences for a terminal, tables for the others."""

    name = "assumptions"
    title = "assumptions"
    kind = Assumptions

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Assumptions:
        """Of a run alone, which knows its classes and metrics."""
        if context.run is None:
            return Assumptions()
        found = assumptions(
            rows,
            context.predictions,
            classes=len(context.run.base.classes),
            drifting=[
                one.name
                for one in context.run.registry.metrics.values()
                if one.depends_on_n
            ],
        )
        return Assumptions(assumptions=found)

    def heading(self, found: Assumptions, /) -> str:
        """Which says at once where nothing is unusual."""
        return next(assumption_lines(found.assumptions), self.title)

    def tables(self, found: Assumptions, /) -> Iterator[Table | Text]:
        """What warns in sentences; then, folded, all numbers."""
        for line in list(assumption_lines(found.assumptions))[1:]:
            yield Text(text=line, hang=4)
        bad = [one for one in found.assumptions if one.warns]
        good = [one for one in found.assumptions if not one.warns]
        if bad:
            yield _table(bad, "in full")
        if good:
            yield _table(good, "that nothing speaks against")


def _table(found: Sequence[Finding], title: str) -> Table:
    rows: list[tuple[Value, ...]] = [
        (
            str(f.doubt),
            f.model or "all",
            f.where,
            Said(text=shown_value(f), number=f.value),
            counted(f),
            f.note,
        )
        for f in found
    ]
    return Table(
        columns=(
            *(Column(name=name) for name in ("doubt", "model", "most")),
            Column(name="value", align="right"),
            Column(name="of"),
            Column(name="note"),
        ),
        rows=tuple(rows),
        title=title,
        folded=f"{len(found)} {title}",
    )


def assumption_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """What warns, a line for each kind; or that nothing does. Then what is not judged.

    Nothing at all where nothing was looked at.
    """
    if not findings:
        return
    doubts = [f for f in findings if f.warns]
    yield "assumptions" if doubts else "assumptions: nothing unusual"
    for doubt in Doubt:
        some = [f for f in doubts if f.doubt is doubt]
        if some:
            named = "; ".join(_wording(f) for f in some[:_SHOWN])
            more = f"; {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
            yield f"  {doubt}: {named}{more}"
    for f in findings:
        if f.doubt is Doubt.LINE and f.note:
            yield f"  agreement line not judged: {f.note}"


def _wording(found: Finding) -> str:
    value, where = shown_value(found), found.where
    if found.doubt is Doubt.IMAGES:
        return f"{where} ({found.note})"
    if found.doubt is Doubt.RANGE:
        return f"{where} ({found.model}: {found.beyond} of {found.of})"
    if found.doubt is Doubt.CALIBRATION:
        return f"{found.model} ({value})"
    if found.doubt is Doubt.LINE:
        return f"{counted(found)}, least {value} on {where}"
    return f"{found.model} ({counted(found)}, most {value} on {where})"


def shown_value(found: Finding) -> str:
    """The number with its unit.

    Examples
    --------
    >>> shown_value(
    ...     Finding(
    ...         doubt=Doubt.SATURATION, model="lenet", where="a", value=0.25, warns=True
    ...     )
    ... )
    '25 %'
    """
    if found.doubt in (Doubt.SATURATION, Doubt.RANGE):
        return f"{100 * found.value:.0f} %"
    if found.doubt is Doubt.CALIBRATION:
        return f"{100 * found.value:.1f} points"
    if found.doubt is Doubt.IMAGES:
        return f"{found.value:.2g} times"
    return f"{'R² ' if found.doubt is Doubt.LINE else ''}{found.value:.2f}"


def counted(found: Finding) -> str:
    """How many of how many datasets, or metrics; empty where it is one alone."""
    if found.doubt in (Doubt.CALIBRATION, Doubt.IMAGES):
        return ""
    unit = "metrics" if found.doubt is Doubt.RANGE else "datasets"
    return f"{found.beyond} of {found.of} {unit}"
