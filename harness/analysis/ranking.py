"""Which metric to trust here: medians over the models, a line a metric.

What a metric is worth on data that nobody labelled is its error on transformations that
its line never saw. R² on the exterior tells less: it is of the one exterior at hand,
and moves with the draw of the interior.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from harness.analysis.correlation import Correlation, Error, Undefined
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.resampling.intervals import (
    interior_r2_interval,
    transfer_r2_interval,
)
from harness.analysis.resampling.jackknife import Interval
from harness.analysis.resampling.kinds import (
    LeftOutKinds,
    behind_interval,
    kinds_interval,
    left_out_kinds,
)
from harness.analysis.resampling.units import Unit, by_kind
from harness.measurement import NO_AXES, Axes, Measurement, Named

_UNSAID = Undefined("the report that this was read from does not say")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank(Named):
    """One metric in the comparison; each number is a median over the models.

    Attributes
    ----------
    metric, axes
        Which.
    models
        How many models have a row.
    interior_r2, exterior_r2
        Of each domain's own line; None where no model has one.
    interior_interval
        How far `interior_r2` would move with other datasets; or why that is not known.
    transfer_r2, transfer_rmse, transfer_mae
        Of the interior's line on the exterior.
    transfer_interval
        As `interior_interval`, of `transfer_r2`; exteriors are other ones too.
    exterior_rho
        Spearman's, with its sign.
    mae
        Mean absolute error on the exterior of a metric that estimates accuracy itself.
    seconds
        Mean cost of a cell beyond the forward passes it shares.
    outcome
        What it was fitted against.
    kind_error
        Mean absolute error of the line on kinds of the interior's datasets that it
        never saw; None where there is none.
    kind_interval
        How far `kind_error` would move with other kinds; or why that is not known, or
        why there is no such error.
    kind_raw
        The error on the same datasets of a metric that estimates accuracy itself,
        taken as it is.
    behind
        How much larger its `kind_error` is than the first one's, with other kinds; or
        why that is not known.
    """

    metric: str
    axes: Axes = NO_AXES
    models: int
    interior_r2: float | None
    interior_interval: Interval | Undefined
    exterior_r2: float | None
    transfer_r2: float | None
    transfer_rmse: float | None
    exterior_rho: float | None
    mae: float | None
    seconds: float
    outcome: FittedOutcome = TOP_1
    transfer_interval: Interval | Undefined = _UNSAID
    transfer_mae: float | None = None
    kind_error: float | None = None
    kind_interval: Interval | Undefined = _UNSAID
    kind_raw: float | None = None
    behind: Interval | Undefined = _UNSAID

    @property
    def as_good(self) -> bool:
        """Whether chance may be all that puts it behind the first."""
        return isinstance(self.behind, Interval) and self.behind.holds(0)


def rank(
    correlations: Iterable[Correlation],
    measurements: Iterable[Measurement],
    *,
    unit: Unit = by_kind,
) -> tuple[Rank, ...]:
    """Metrics by the error of their lines on left-out kinds, the best first.

    Those for which it does not exist follow, by the R² of their interior line on the
    exterior, then by that of the interior's own fit. `unit` is what intervals of these
    leave out: see `harness.analysis.resampling.units`. Errors on left-out kinds have
    intervals of other kinds: see `harness.analysis.resampling.kinds`.
    """
    rows: dict[tuple[str, Axes], list[Correlation]] = {}
    for row in correlations:
        if row.model is not None:
            rows.setdefault(row.series, []).append(row)
    seconds: dict[tuple[str, Axes], list[float]] = {}
    for m in measurements:
        if not m.label_free:
            continue
        seconds.setdefault(m.series, []).append(m.seconds)
    kinds = {series: left_out_kinds(rows[series]) for series in rows}
    ranks = [
        _rank(series, found, kinds[series], seconds[series], unit)
        for series, found in rows.items()
        if series in seconds
    ]
    ranks.sort(key=_order)
    best = kinds[ranks[0].series] if ranks else Undefined("there is no metric")
    return tuple(replace(one, behind=_behind(kinds[one.series], best)) for one in ranks)


# Metrics that are lines of each other have the same errors but for rounding.
_DECIMALS = 9


def _order(one: Rank) -> tuple[Any, ...]:
    error, by, own = (
        None if number is None else round(number, _DECIMALS)
        for number in (one.kind_error, one.transfer_r2, one.interior_r2)
    )
    unseen = (error is None, error or 0)
    return *unseen, by is None, -(by or 0), own is None, -(own or 0), *one.order


def _behind(
    found: LeftOutKinds | Undefined, best: LeftOutKinds | Undefined
) -> Interval | Undefined:
    if isinstance(found, Undefined):
        return found
    return best if isinstance(best, Undefined) else behind_interval(found, best)


def _rank(
    series: tuple[str, Axes],
    rows: Sequence[Correlation],
    kinds: LeftOutKinds | Undefined,
    seconds: Sequence[float],
    unit: Unit,
) -> Rank:
    def middle(value: Callable[[Correlation], float | None]) -> float | None:
        found = [v for row in rows if (v := value(row)) is not None]
        return median(found) if found else None

    def mae(row: Correlation) -> float | None:
        return row.exterior_error.mae if isinstance(row.exterior_error, Error) else None

    metric, axes = series
    return Rank(
        metric=metric,
        axes=axes,
        models=len(rows),
        interior_r2=middle(lambda r: _of(r.interior, "r2")),
        interior_interval=interior_r2_interval(rows, unit=unit),
        exterior_r2=middle(lambda r: _of(r.exterior, "r2")),
        transfer_r2=middle(lambda r: _of(r.transfer, "r2")),
        transfer_rmse=middle(lambda r: _of(r.transfer, "rmse")),
        exterior_rho=middle(lambda r: _of(r.exterior, "spearman")),
        mae=middle(mae),
        seconds=sum(seconds) / len(seconds),
        outcome=rows[0].outcome,
        transfer_interval=transfer_r2_interval(rows, unit=unit),
        transfer_mae=middle(lambda r: _of(r.transfer, "mae")),
        **_of_kinds(kinds),
    )


def _of_kinds(kinds: LeftOutKinds | Undefined) -> dict[str, Any]:
    if isinstance(kinds, Undefined):
        return {"kind_interval": kinds}
    return {
        "kind_error": kinds.error,
        "kind_interval": kinds_interval(kinds),
        "kind_raw": kinds.raw,
    }


def _of(fit: object, name: str) -> float | None:
    value: float | None = None if isinstance(fit, Undefined) else getattr(fit, name)
    return value
