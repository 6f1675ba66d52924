"""Two runs side by side: what moved, and whether beyond chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.comparison import Change, compare
from harness.analysis.correlation import Undefined
from harness.report.section import Kept
from harness.report.table import Column, Said, Table, Text, Value

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context

_SMALL = 1e-9  # what rounding may move
_NAMES = {"r2": "R²", "rho": "ρ", "rmse": "RMSE"}


def title(before: str) -> str:
    """Above the comparison with a run of that name."""
    return f"compared with {before}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """With which saved run, and every statistic then and now."""

    compared_with: str = ""
    changes: tuple[Change, ...] = ()


class ComparisonSection(Kept[Comparison]):
    """What moved beyond chance."""

    name = "comparison"
    title = "compared with"
    kind = Comparison

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Comparison:
        """Nothing without a saved run."""
        if context.earlier is None:
            return Comparison()
        before = context.earlier.correlations()
        return Comparison(
            compared_with=context.earlier.path.stem,
            changes=compare(before, context.correlations, unit=context.unit),
        )

    def heading(self, found: Comparison, /) -> str:
        """With the name of the saved run."""
        return title(found.compared_with)

    def tables(self, found: Comparison, /) -> Iterator[Table | Text]:
        """Of all that was compared, what moved beyond chance; nothing without a run."""
        if found.compared_with:
            yield from comparison_parts(found.changes)
            yield from _for_page(found.changes)
            yield from _for_markdown(found.changes)


def comparison_parts(
    changes: Sequence[Change], *, everything: bool = False
) -> Iterator[Table | Text]:
    """For a terminal: what moved, the largest moves beyond chance first.

    Parameters
    ----------
    changes
        Of `harness.analysis.comparison.compare`.
    everything
        Whether to list also what moved within chance.
    """
    moved = _moved(changes)
    beyond = [c for c in moved if c.beyond or c.beyond is None]
    rows = sorted(
        moved if everything else beyond,
        key=lambda c: (c.beyond is not True, -abs(c.difference or 0)),
    )
    yield _said(_counts(changes))
    if rows:
        yield Table(
            columns=(
                Column(name="metric", widest=17),
                Column(name="model", widest=8),
                Column(name="", align="right", width=-13),
                Column(name="before", align="right", width=6, goes=2),
                Column(name="after", align="right", width=6, goes=2),
                Column(name="move", align="right", width=6),
                Column(name="95 % of moves", align="right", width=14, goes=1),
            ),
            rows=tuple(
                (change.label, change.model or "all", *_numbers(change))
                for change in rows
            ),
            close=True,
            where=("terminal",),
        )
        points = changes[0].outcome.points
        yield _said(f"RMSE in {points}. Without an interval, chance is not known.")
    lost: dict[str, list[str]] = {}
    for change in changes:
        if _lost(change):
            assert isinstance(change.after, Undefined)
            metrics = lost.setdefault(change.after.reason, [])
            if change.label not in metrics:
                metrics.append(change.label)
    for reason, metrics in lost.items():
        yield _said(f"  no longer there: {', '.join(metrics)}: {reason}")
    yield from _uneven([c for c in changes if c.difference is not None])


def _said(text: str) -> Text:
    return Text(text=text, where=("terminal",))


def _moved(changes: Sequence[Change]) -> list[Change]:
    return [c for c in changes if abs(c.difference or 0) > _SMALL]


def _counts(changes: Sequence[Change]) -> str:
    """How many statistics moved, came and went."""
    moved = _moved(changes)
    return (
        f"{len(changes)} statistics: {len(moved)} moved, "
        f"{sum(bool(c.beyond) for c in moved)} of them beyond chance, "
        f"{sum(c.beyond is None for c in moved)} of unknown chance; "
        f"{sum(map(_lost, changes))} no longer exist, "
        f"{sum(map(_new, changes))} are new"
    )


def _numbers(change: Change) -> tuple[str, ...]:
    unit = _unit(change)
    before, after = change.before, change.after
    assert not isinstance(before, Undefined)
    assert not isinstance(after, Undefined)
    interval = change.interval
    between = (
        "-"
        if isinstance(interval, Undefined)
        else f"{unit * interval.low:+.2f} to {unit * interval.high:+.2f}"
    )
    return (
        f"{change.part[:8]} {_NAMES[change.statistic]}",
        f"{unit * before:.3f}",
        f"{unit * after:.3f}",
        f"{unit * (after - before):+.3f}",
        between,
    )


def _lost(change: Change) -> bool:
    return isinstance(change.after, Undefined) and not isinstance(
        change.before, Undefined
    )


def _new(change: Change) -> bool:
    return isinstance(change.before, Undefined) and not isinstance(
        change.after, Undefined
    )


def _uneven(changes: Sequence[Change]) -> Iterator[Text]:
    """Datasets that only one run has: such numbers are not quite of the same thing."""
    for side, when in (("only_before", "before"), ("only_after", "now")):
        single = [
            (c.model, name) for c in changes if c.model for name in getattr(c, side)
        ]
        # All models together name "DATASET of MODEL", most of which their own rows do.
        known = {f"{name} of {model}" for model, name in single}
        joint = {name for c in changes if not c.model for name in getattr(c, side)}
        names = sorted({name for _, name in single} | joint - known)
        if names:
            some = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
            yield _said(f"  {len(names)} datasets were measured only {when}: {some}")


def _for_page(changes: Sequence[Change]) -> Iterator[Table | Text]:
    yield Text(text=f"{_counts(changes)}.", where=("page",))
    rows: list[tuple[Value, ...]] = []
    for change in changes:
        if change.beyond and not isinstance(change.before, Undefined):
            unit = _unit(change)
            after = None if isinstance(change.after, Undefined) else change.after
            rows.append(
                (
                    change.label,
                    change.model or "all",
                    change.part,
                    _NAMES[change.statistic],
                    _said_as(change.before, ".3f", unit),
                    _said_as(after, ".3f", unit),
                    _said_as(change.difference, "+.3f", unit),
                )
            )
    if rows:
        names = ("metric", "model", "domain", "statistic")
        numbers = ("before", "after", "move")
        yield Table(
            columns=(
                *(Column(name=name) for name in names),
                *(Column(name=name, align="right") for name in numbers),
            ),
            rows=tuple(rows),
            note=f"What moved beyond chance; RMSE in {changes[0].outcome.points}.",
            where=("page",),
        )


def _unit(change: Change) -> float:
    """What a statistic is multiplied by before it is shown."""
    return change.outcome.scale if change.statistic == "rmse" else 1


def _said_as(value: float | None, form: str, unit: float) -> Said | None:
    """Each row has a unit of its own; the page sorts by the numbers themselves."""
    if value is None:
        return None
    return Said(text=f"{unit * value:{form}}", number=value)


def _for_markdown(changes: Sequence[Change]) -> Iterator[Table]:
    rows = tuple(
        (c.label, c.model or "all", f"{c.part} {c.statistic}", c.difference)
        for c in changes
        if c.beyond
    )
    if rows:
        yield Table(
            columns=(
                *(Column(name=name) for name in ("metric", "model", "statistic")),
                Column(name="move", form="+.3f"),
            ),
            rows=rows,
            where=("markdown",),
        )
