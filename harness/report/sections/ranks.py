"""The metrics compared: medians over the models, the best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Undefined
from harness.analysis.ranking import Rank, rank
from harness.report.section import Kept
from harness.report.table import Column, Plotted, Range, Table

if TYPE_CHECKING:
    from harness.analysis.resampling.jackknife import Interval
    from harness.measurement import Measurement
    from harness.report.section import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """The metrics, the best first."""

    ranks: tuple[Rank, ...] = ()


class RanksSection(Kept[Ranks]):
    """A row for each metric."""

    name = "ranks"
    title = "metrics compared"
    kind = Ranks

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Ranks:
        """Of what was measured on datasets."""
        on_sets = [row for row in rows if row.dataset]
        return Ranks(ranks=rank(context.correlations, on_sets, unit=context.unit))

    def tables(self, found: Ranks, /) -> Iterator[Table]:
        """One table, where there is anything to compare metrics by."""
        if any(map(_has_numbers, found.ranks)):
            yield _table(found.ranks)


def _has_numbers(found: Rank) -> bool:
    numbers = (found.interior_r2, found.exterior_r2, found.transfer_r2, found.mae)
    return any(number is not None for number in numbers)


_NOTE = (
    "Medians over the models, the best first. int., ext.: own fits; line: the "
    "interior's line on the exterior. MAE: error on the exterior of metrics that "
    "estimate accuracy themselves. ms: a cell's cost beyond forward passes; what "
    "several share is paid by the first. 95 %: interval of the median with other "
    "datasets."
)
_WIDEST = 26  # letters of a metric's name on a terminal


def _table(ranks: Sequence[Rank]) -> Table:
    outcome = ranks[0].outcome
    inner = partial(Column, group="interior", group_short=("int.",))
    outer = partial(Column, group="exterior", group_short=("ext.",))
    line = partial(Column, group="interior's line on exterior", group_short=("line",))
    error: dict[str, Any] = {
        "unit": outcome.points,
        "form": outcome.form(2),
        "scale": outcome.scale,
        "width": 5,
        "bounded": True,
        "goes": 1,
    }
    return Table(
        columns=(
            Column(name="metric", widest=_WIDEST, cut=True),
            inner(name="R²", form=".3f", width=5, goes=2),
            inner(name="95 %", form=".2f", width=9, bounded=True, goes=5),
            outer(name="R²", form=".3f", width=5, goes=2),
            outer(name="ρ", form="+.3f", width=6, goes=3),
            line(name="R²", form=".3f", width=6, bounded=True, order="descending"),
            line(name="RMSE", short="RMSE", **error),
            outer(name="MAE", short="MAE", **error),
            Column(
                name="cost",
                unit="ms",
                short="ms",
                form=".1f",
                scale=1000,
                width=4,
                bounded=True,
                goes=4,
            ),
        ),
        rows=tuple(
            (
                Plotted(label=one.label),
                one.interior_r2,
                _range(one.interior_interval),
                one.exterior_r2,
                one.exterior_rho,
                one.transfer_r2,
                one.transfer_rmse,
                one.mae,
                one.seconds,
            )
            for one in ranks
        ),
        note=_NOTE,
        close=True,
    )


def _range(found: Interval | Undefined) -> Range | None:
    if isinstance(found, Undefined):
        return None
    return Range(low=found.low, high=found.high)
