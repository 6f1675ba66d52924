"""Two runs side by side, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.report.columns import Block, Columns, Names, Number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.analysis.comparison import Change

SMALL = 1e-9  # what rounding may move


def comparison_table(
    changes: Sequence[Change], *, before: str, everything: bool = False
) -> Iterable[RenderableType]:
    """What moved, the largest moves beyond chance first.

    Parameters
    ----------
    changes
        Of `harness.analysis.comparison.compare`.
    before
        The earlier run's name.
    everything
        Whether to list also what moved within chance.
    """
    from rich.text import Text

    moved = [c for c in changes if c.difference is not None]
    moved = [c for c in moved if abs(c.difference or 0) > SMALL]
    beyond = [c for c in moved if c.beyond or c.beyond is None]
    rows = sorted(
        moved if everything else beyond,
        key=lambda c: (c.beyond is not True, -abs(c.difference or 0)),
    )
    yield Text(f"compared with {before}", style="bold")
    gone = [c for c in changes if _lost(c)]
    new = [c for c in changes if _new(c)]
    yield (
        f"{len(changes)} statistics: {len(moved)} moved, "
        f"{sum(bool(c.beyond) for c in moved)} of them beyond chance, "
        f"{sum(c.beyond is None for c in moved)} of unknown chance; "
        f"{len(gone)} no longer exist, {len(new)} are new"
    )
    if rows:
        table = Columns(
            names=(Names(head="metric", widest=17), Names(head="model", widest=8)),
            blocks=(Block(numbers=_MOVES),),
        )
        for change in rows:
            table.add((change.label, change.model or "all"), _numbers(change))
        yield table
        yield "RMSE in points. Without an interval, chance is not known."
    lost: dict[str, list[str]] = {}
    for change in gone:
        assert isinstance(change.after, Undefined)
        metrics = lost.setdefault(change.after.reason, [])
        if change.label not in metrics:
            metrics.append(change.label)
    for reason, metrics in lost.items():
        yield f"  no longer there: {', '.join(metrics)}: {reason}"
    yield from _uneven([c for c in changes if c.difference is not None])


_MOVES = (
    Number(name="", width=-13),
    Number(name="before", width=6, goes=2),
    Number(name="after", width=6, goes=2),
    Number(name="move", width=6),
    Number(name="95 % of moves", width=14, goes=1),
)


def _numbers(change: Change) -> tuple[str, ...]:
    unit = 100 if change.statistic == "rmse" else 1
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


_NAMES = {"r2": "R²", "rho": "ρ", "rmse": "RMSE"}


def _lost(change: Change) -> bool:
    return isinstance(change.after, Undefined) and not isinstance(
        change.before, Undefined
    )


def _new(change: Change) -> bool:
    return isinstance(change.before, Undefined) and not isinstance(
        change.after, Undefined
    )


def _uneven(changes: Sequence[Change]) -> Iterable[str]:
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
            yield f"  {len(names)} datasets were measured only {when}: {some}"
