"""The metrics compared: medians over the models, the best first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Undefined
from harness.report.bounded import shown_error, shown_r2
from harness.report.columns import Block, Columns, Names, Number
from harness.report.table import Column, Plotted, Table, Value

if TYPE_CHECKING:
    from harness.analysis.fits.outcome import FittedOutcome
    from harness.analysis.ranking import Rank
    from harness.analysis.resampling.jackknife import Interval
    from harness.report.summary import Summary

TITLE = "metrics compared"
_EXPLAINED = (
    "Medians over the models. Interior and exterior are each domain's own fit; the "
    "first group predicts the exterior with the interior's line, and its R² may be "
    "negative. RMSE and MAE are in {unit}. MAE is of metrics that estimate "
    "accuracy themselves. ms: a cell's cost beyond forward passes; what several share "
    "is paid by the first. Low and high: 95 % interval of the median with other "
    "datasets."
)


def parts(summary: Summary) -> Iterator[Table]:
    """For the page and Markdown; a terminal has a table that is as wide as it is."""
    if summary.ranks:
        yield _for_page(summary.ranks, summary.outcome)
        yield _for_markdown(summary.ranks, summary.outcome)


def _for_page(ranks: Sequence[Rank], outcome: FittedOutcome) -> Table:
    rows: list[tuple[Value, ...]] = [
        (
            Plotted(label=one.label),
            one.transfer_r2,
            one.transfer_rmse,
            one.interior_r2,
            *_ends(one.interior_interval),
            one.exterior_r2,
            one.exterior_rho,
            one.mae,
            one.seconds,
        )
        for one in ranks
    ]
    by = "interior's line on exterior"
    form, scale = outcome.form(2), outcome.scale
    return Table(
        columns=(
            Column(name="metric"),
            Column(name="R²", group=by, form=".3f", order="descending"),
            Column(name="RMSE", group=by, form=form, scale=scale),
            Column(name="R²", group="interior", form=".3f"),
            Column(name="low", group="interior", form=".3f"),
            Column(name="high", group="interior", form=".3f"),
            Column(name="R²", group="exterior", form=".3f"),
            Column(name="ρ", group="exterior", form="+.3f"),
            Column(name="MAE", group="exterior", form=form, scale=scale),
            Column(name="ms", form=".1f", scale=1000),
        ),
        rows=tuple(rows),
        note=_EXPLAINED.format(unit=outcome.unit),
        where=("page",),
    )


def _ends(found: Interval | Undefined) -> tuple[float | None, float | None]:
    if isinstance(found, Undefined):
        return None, None
    return found.low, found.high


def _for_markdown(ranks: Sequence[Rank], outcome: FittedOutcome) -> Table:
    form, scale = outcome.form(2), outcome.scale
    return Table(
        columns=(
            Column(name="metric"),
            *(
                Column(name=name, form=".3f")
                for name in ("int. R²", "ext. R²", "ext. ρ", "line R²")
            ),
            Column(name="line RMSE", form=form, scale=scale),
            Column(name="MAE", form=form, scale=scale),
        ),
        rows=tuple(
            (
                one.label,
                one.interior_r2,
                one.exterior_r2,
                one.exterior_rho,
                one.transfer_r2,
                one.transfer_rmse,
                one.mae,
            )
            for one in ranks
        ),
        where=("markdown",),
    )


# --- on a terminal, whose width decides -----------------------------------------------

_RANKED = 55  # columns of the comparison beside the metric's name, with intervals


_RANKS = (
    Number(over="int.", name="R²", width=5, goes=2),
    Number(name="95 %", width=-9, goes=5),
    Number(over="ext.", name="R²", width=5, goes=2),
    Number(over="ext.", name="ρ", width=6, goes=3),
    Number(over="line", name="R²", width=6),
    Number(name="RMSE", width=5, goes=1),
    Number(name="MAE", width=5, goes=1),
    Number(name="ms", width=4, goes=4),
)


_RANKS_ALONE = tuple(
    replace(n, width=5 if n.name in ("RMSE", "MAE") else 6)
    for n in _RANKS
    if n.name != "95 %"
)


def _has_numbers(found: Rank) -> bool:
    """Whether there is anything to compare a metric by."""
    numbers = (found.interior_r2, found.exterior_r2, found.transfer_r2, found.mae)
    return any(number is not None for number in numbers)


def ranking_lines(summary: Summary, width: int) -> Iterable[Any]:
    """The comparison, where there is something to compare; intervals if they fit in."""
    if len(summary.ranks) < 2 or not any(map(_has_numbers, summary.ranks)):
        return
    yield ""
    longest = max(len(one.label) for one in summary.ranks)
    intervals = min(longest, 26) + _RANKED <= width
    numbers = _RANKS if intervals else _RANKS_ALONE
    table = Columns(
        title="metrics compared",
        names=(Names(head="metric", widest=26, cut=True),),
        blocks=(Block(numbers=numbers),),
    )
    for one in summary.ranks:
        values = (
            _number(one.interior_r2, ".3f"),
            *([_interval(one.interior_interval)] if intervals else []),
            _number(one.exterior_r2, ".3f"),
            _number(one.exterior_rho, "+.3f"),
            "-" if one.transfer_r2 is None else shown_r2(one.transfer_r2),
            _error(one.transfer_rmse, summary.outcome),
            _error(one.mae, summary.outcome),
            f"{1000 * one.seconds:.{1 if one.seconds < 0.09995 else 0}f}",
        )
        table.add((one.label,), values)
    yield table
    yield (
        "Medians over the models, the best first. int., ext.: own fits; line: the "
        "interior's line on the exterior. MAE: error on the exterior of metrics that "
        "estimate accuracy themselves. ms: a cell's cost beyond forward passes; what "
        "several share is paid by the first."
        + (
            " In brackets: 95 % interval of the median with other datasets."
            if intervals
            else ""
        )
    )


def _interval(found: Interval | Undefined) -> str:
    if isinstance(found, Undefined):
        return "-"
    return f"[{_two(found.low)},{_two(found.high)}]"


def _two(share: float) -> str:
    """Three letters: .88, or 1.0."""
    text = f"{share:.2f}"
    return text.removeprefix("0") if share < 0.995 else text[:3]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _error(error: float | None, outcome: FittedOutcome) -> str:
    return "-" if error is None else shown_error(error, outcome)
