"""The metrics compared: medians over the models, the best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.report.table import Column, Plotted, Table, Value

if TYPE_CHECKING:
    from harness.analysis.ranking import Rank
    from harness.analysis.resampling.jackknife import Interval
    from harness.report.summary import Summary

TITLE = "metrics compared"
_EXPLAINED = (
    "Medians over the models. Interior and exterior are each domain's own fit; the "
    "first group predicts the exterior with the interior's line, and its R² may be "
    "negative. RMSE and MAE are in points of accuracy. MAE is of metrics that estimate "
    "accuracy themselves. ms: a cell's cost beyond forward passes; what several share "
    "is paid by the first. Low and high: 95 % interval of the median with other "
    "datasets."
)


def parts(summary: Summary) -> Iterator[Table]:
    """For the page and Markdown; a terminal has a table that is as wide as it is."""
    if summary.ranks:
        yield _for_page(summary.ranks)
        yield _for_markdown(summary.ranks)


def _for_page(ranks: Sequence[Rank]) -> Table:
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
    return Table(
        columns=(
            Column(name="metric"),
            Column(name="R²", group=by, form=".3f", order="descending"),
            Column(name="RMSE", group=by, form=".2f", scale=100),
            Column(name="R²", group="interior", form=".3f"),
            Column(name="low", group="interior", form=".3f"),
            Column(name="high", group="interior", form=".3f"),
            Column(name="R²", group="exterior", form=".3f"),
            Column(name="ρ", group="exterior", form="+.3f"),
            Column(name="MAE", group="exterior", form=".2f", scale=100),
            Column(name="ms", form=".1f", scale=1000),
        ),
        rows=tuple(rows),
        note=_EXPLAINED,
        where=("page",),
    )


def _ends(found: Interval | Undefined) -> tuple[float | None, float | None]:
    if isinstance(found, Undefined):
        return None, None
    return found.low, found.high


def _for_markdown(ranks: Sequence[Rank]) -> Table:
    return Table(
        columns=(
            Column(name="metric"),
            *(
                Column(name=name, form=".3f")
                for name in ("int. R²", "ext. R²", "ext. ρ", "line R²")
            ),
            Column(name="line RMSE", form=".2f", scale=100),
            Column(name="MAE", form=".2f", scale=100),
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
