"""Two runs side by side: what moved, and whether beyond chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from harness.analysis.comparison import Change, compare
from harness.analysis.correlation import Undefined
from harness.report.run_file.differing import Difference, differing
from harness.report.section import Kept
from harness.report.table import Column, Said, Table, Text, Value

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context

_SMALL = 1e-9  # what rounding may move
_NAMES = {"r2": "R²", "rho": "ρ", "rmse": "RMSE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """With which saved run, what differed between the two, and what moved.

    Attributes
    ----------
    compared_with
        Name of the saved run.
    differing
        Settings, versions, weights and data that are not alike in both.
    changes
        Every statistic then and now.
    """

    compared_with: str = ""
    differing: tuple[Difference, ...] = ()
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
            differing=differing(
                context.earlier.run,
                context.described,
                context.earlier.measurements,
                rows,
            ),
            changes=compare(before, context.correlations, unit=context.unit),
        )

    def heading(self, found: Comparison, /) -> str:
        """With the name of the saved run."""
        return f"{self.title} {found.compared_with}"

    def tables(self, found: Comparison, /) -> Iterator[Table | Text]:
        """Of all that was compared, what moved beyond chance; nothing without a run."""
        if found.compared_with:
            yield from comparison_parts(found.changes)
            yield from settings_parts(found.differing)


def settings_parts(found: Sequence[Difference]) -> Iterator[Table | Text]:
    """What two runs did not have alike, which may be why numbers moved."""
    if not found:
        yield Text(text="no setting, version, weights or data are known to differ")
        return
    yield Table(
        title="what differs",
        columns=(
            Column(name="setting", widest=34),
            Column(name="before", widest=20),
            Column(name="after", widest=20),
        ),
        rows=tuple((one.name, one.before, one.after) for one in found),
    )


def comparison_parts(
    changes: Sequence[Change], *, everything: bool = False
) -> Iterator[Table | Text]:
    """What moved, the largest moves beyond chance first.

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
    yield Text(text=_counts(changes))
    lost: dict[str, list[str]] = {}
    for change in changes:
        if _lost(change):
            assert isinstance(change.after, Undefined)
            metrics = lost.setdefault(change.after.reason, [])
            if change.label not in metrics:
                metrics.append(change.label)
    if rows or lost:
        number = partial(Column, align="right", width=6)
        points = changes[0].outcome.points
        yield Table(
            columns=(
                Column(name="metric", widest=17),
                Column(name="model", widest=8),
                Column(name="statistic", align="right", width=-13),
                number(name="before", goes=2),
                number(name="after", goes=2),
                number(name="move"),
                Column(name="95 % of moves", align="right", width=14, goes=1),
            ),
            rows=tuple(
                (change.label, change.model or "all", *_numbers(change))
                for change in rows
            ),
            note=f"RMSE in {points}. Without an interval, chance is not known.",
            without=tuple(
                f"no longer there: {', '.join(metrics)}: {reason}"
                for reason, metrics in lost.items()
            ),
            close=True,
        )
    yield from _uneven([c for c in changes if c.difference is not None])


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


def _numbers(change: Change) -> tuple[Value, ...]:
    """In the unit of the statistic, which each row has for itself."""
    unit = _unit(change)
    before, after = change.before, change.after
    assert not isinstance(before, Undefined)
    assert not isinstance(after, Undefined)
    interval = change.interval

    def said(value: float, form: str) -> Said:
        return Said(text=f"{unit * value:{form}}", number=value)

    between = None
    if not isinstance(interval, Undefined):
        ends = f"{unit * interval.low:+.2f} to {unit * interval.high:+.2f}"
        between = Said(text=ends, number=interval.low)
    return (
        f"{change.part} {_NAMES[change.statistic]}",
        said(before, ".3f"),
        said(after, ".3f"),
        said(after - before, "+.3f"),
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
            many = "1 dataset was" if len(names) == 1 else f"{len(names)} datasets were"
            yield Text(text=f"  {many} measured only {when}: {some}")


def _unit(change: Change) -> float:
    """What a statistic is multiplied by before it is shown."""
    return change.outcome.scale if change.statistic == "rmse" else 1
