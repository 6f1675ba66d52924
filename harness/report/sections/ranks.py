"""The metrics compared: medians over the models, the best first, and how sure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from harness.analysis.correlation import Undefined
from harness.analysis.places import PARTS, Flat, Place, Placed, places
from harness.analysis.ranking import Rank, rank
from harness.report.section import Kept
from harness.report.table import Column, Marked, Plotted, Range, Table, Value

if TYPE_CHECKING:
    from harness.analysis.fits.outcome import FittedOutcome
    from harness.analysis.resampling.jackknife import Interval
    from harness.measurement import Measurement
    from harness.report.section import Context

Some: TypeAlias = dict[str, Any]
Shown: TypeAlias = tuple[Column, Callable[[Rank], Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """The metrics, the best first; and their places by R² and by RMSE.

    Attributes
    ----------
    ranks
        By the error on left-out kinds.
    places
        By RMSE, of models with spread.
    flat
        The others.
    """

    ranks: tuple[Rank, ...] = ()
    places: tuple[Place, ...] = ()
    flat: tuple[Flat, ...] = ()


class RanksSection(Kept[Ranks]):
    """A row for each metric."""

    name = "ranks"
    title = "metrics compared"
    kind = Ranks

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Ranks:
        """Of what was measured on datasets."""
        on_sets = [row for row in rows if row.dataset]
        ranked = rank(context.correlations, on_sets, unit=context.unit)
        known = {one.series for one in ranked}
        placed, flat = places(r for r in context.correlations if r.series in known)
        return Ranks(ranks=ranked, places=placed, flat=flat)

    def tables(self, found: Ranks, /) -> Iterator[Table]:
        """Where there is anything to compare metrics by; places on page and paper."""
        if any(map(_has_numbers, found.ranks)):
            yield _table(found.ranks)
        if found.places:
            yield _places(found, found.ranks[0].outcome)


def _has_numbers(found: Rank) -> bool:
    numbers = (found.interior_r2, found.exterior_r2, found.transfer_r2, found.mae)
    return any(number is not None for number in numbers)


_WIDEST = 26  # letters of a metric's name on a terminal
_AS_GOOD = "="


def _table(ranks: Sequence[Rank]) -> Table:
    notes = " ".join(_notes(ranks))
    other = "kinds, or datasets" if _by_kinds(ranks) else "datasets"
    columns = _columns(ranks[0].outcome, _by_kinds(ranks))
    return Table(
        columns=(
            Column(name="metric", widest=_WIDEST, cut=True),
            *(column for column, _ in columns),
        ),
        rows=tuple(
            (Plotted(label=one.label), *(value(one) for _, value in columns))
            for one in ranks
        ),
        note=f"{notes} {_LONG.format(other=other)}",
        note_short=f"{notes} {_SHORT.format(other=other)}",
        close=True,
    )


def _columns(outcome: FittedOutcome, by_kinds: bool) -> list[Shown]:
    """Columns of numbers and what stands in them; the first ones where there are any.

    A narrow terminal keeps what the order is by, what there is without a fit, and how
    sure both are.
    """
    kinds = partial(Column, group="left-out kinds", group_short=("kinds",))
    line = partial(Column, group="interior's line on exterior", group_short=("line",))
    outer = partial(Column, group="exterior", group_short=("ext.",))
    inner = partial(Column, group="interior", group_short=("int.",))
    r2: Some = {"name": "R²", "form": ".3f"}
    its_range: Some = {"name": "95 %", "width": 9, "bounded": True}
    r2_range: Some = its_range | {"form": ".2f"}
    unit: Some = {"unit": outcome.points, "scale": outcome.scale}
    error: Some = unit | {"form": outcome.form(2), "width": 5, "bounded": True}
    error_range: Some = its_range | unit | {"form": outcome.form(1)}
    cost: Some = {"unit": "ms", "form": ".1f", "scale": 1000, "width": 4}
    told: Some = {"repeats": True}  # of each model, in the table of the metric
    unseen: list[Shown] = [
        (
            kinds(name="MAE", short="MAE", order="ascending", **error),
            lambda one: _marked(one.kind_error, one.as_good),
        ),
        (
            kinds(short="95 %", goes=2, **error_range),
            lambda one: _range(one.kind_interval),
        ),
        (
            kinds(name="MAE as it is", short="raw", goes=1, **error),
            lambda one: one.kind_raw,
        ),
    ]
    order: Literal["none", "descending"] = "none" if by_kinds else "descending"
    return unseen * by_kinds + [
        (
            line(width=6, bounded=True, order=order, **r2),
            lambda one: one.transfer_r2,
        ),
        (
            line(goes=5, **r2_range | {"width": 10}),
            lambda one: _range(one.transfer_interval),
        ),
        (line(name="MAE", short="MAE", goes=4, **error), lambda one: one.transfer_mae),
        (
            line(name="RMSE", short="RMSE", goes=11, **error, **told),
            lambda one: one.transfer_rmse,
        ),
        (
            outer(name="MAE as it is", short="raw", goes=3, **error),
            lambda one: one.mae,
        ),
        (
            outer(name="ρ", form="+.3f", width=6, goes=7, **told),
            lambda one: one.exterior_rho,
        ),
        (outer(width=5, goes=8, **r2, **told), lambda one: one.exterior_r2),
        (inner(width=5, goes=9, **r2, **told), lambda one: one.interior_r2),
        (inner(goes=10, **r2_range), lambda one: _range(one.interior_interval)),
        (
            Column(name="cost", short="ms", bounded=True, goes=6, **cost),
            lambda one: one.seconds,
        ),
    ]


_GROUPS = {
    "interior": ("interior", "int."),
    "exterior": ("exterior", "ext."),
    "transfer": ("interior's line on exterior", "line"),
}


def _places(found: Ranks, outcome: FittedOutcome) -> Table:
    """R² and RMSE of each part that some metric has, each with the place by it."""
    parts = [p for p in PARTS if any(getattr(one, p) for one in found.places)]
    columns: list[Column] = []
    for part in parts:
        group, short = _GROUPS[part]
        column = partial(Column, group=group, group_short=(short,))
        columns += [
            column(name="R²", form=".3f"),
            column(name="rank", form=".0f"),
            column(name="RMSE", scale=outcome.scale, form=outcome.form(2)),
            column(name="rank", form=".0f"),
        ]
    return Table(
        title="by RMSE",
        columns=(Column(name="metric", widest=_WIDEST, cut=True), *columns),
        rows=tuple(
            (
                Plotted(label=one.label),
                *(number for part in parts for number in _four(getattr(one, part))),
            )
            for one in found.places
        ),
        note="Medians over the models, the best first by RMSE of the interior's line; "
        "of metrics that are as good each has the better rank. R² is of how far "
        f"{outcome.words} varies, RMSE in {outcome.unit}.",
        without=tuple(
            f"left out of the {one.domain}: {one.model}, whose {outcome.words} on "
            f"{one.datasets} datasets, {outcome.scale * one.low:.4g} to "
            f"{outcome.scale * one.high:.4g}, differs by no more than chance"
            for one in found.flat
        ),
        where=("page", "markdown"),
    )


def _four(one: Placed | None) -> tuple[Value, ...]:
    if one is None:
        return (None,) * 4
    return one.r2, one.by_r2, one.rmse, one.by_rmse


def _marked(error: float | None, as_good: bool) -> Value:
    if error is None or not as_good:
        return error
    return Marked(value=error, mark=_AS_GOOD)


def _range(found: Interval | Undefined) -> Range | None:
    if isinstance(found, Undefined):
        return None
    return Range(low=found.low, high=found.high)


_SHORT = (
    "raw: MAE of estimates of accuracy as they are, without a line. line: the "
    "interior's on the exterior. int., ext.: own fits. 95 %: interval with other "
    "{other}. ms: a cell's cost beyond forward passes; what several share is paid by "
    "the first."
)
_LONG = (
    "MAE as it is: of estimates of accuracy, without a line. exterior, interior: lines "
    "fitted there. 95 %: interval with other {other}. cost: of a cell, beyond "
    "forward passes; what several share is paid by the first."
)


def _notes(ranks: Sequence[Rank]) -> Iterator[str]:
    """What the order is by, and how sure it is."""
    first = ranks[0].kind_interval
    reason = first.reason if isinstance(first, Undefined) else ""
    if _by_kinds(ranks):
        yield (
            "Medians over the models, the best first by MAE on left-out kinds: of the "
            "line on interior sets of a transformation that it was not fitted on."
        )
        yield (
            f"Which differences are real is not known: {reason}."
            if reason
            else f"{_AS_GOOD}: no further behind the first than chance of the kinds "
            "explains (at 95 %, each metric by itself)."
        )
    else:
        yield (
            "Medians over the models, the best first by R² of the interior's line on "
            f"the exterior, for want of errors on left-out kinds: {reason}."
        )


def _by_kinds(ranks: Sequence[Rank]) -> bool:
    return ranks[0].kind_error is not None
