"""Which metric tracks accuracy best here: medians over the models, a line a metric."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from harness.analysis.correlation import Correlation, Error, Undefined
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.resampling.intervals import interior_r2_interval
from harness.analysis.resampling.jackknife import Interval
from harness.analysis.resampling.units import Unit, by_kind
from harness.measurement import NO_AXES, Axes, Measurement, Named


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
    transfer_r2, transfer_rmse
        Of the interior's line on the exterior.
    exterior_rho
        Spearman's, with its sign.
    mae
        Mean absolute error on the exterior of a metric that estimates accuracy itself.
    seconds
        Mean cost of a cell beyond the forward passes it shares.
    outcome
        What it was fitted against.
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


def rank(
    correlations: Iterable[Correlation],
    measurements: Iterable[Measurement],
    *,
    unit: Unit = by_kind,
) -> tuple[Rank, ...]:
    """Metrics by the R² of their interior line on the exterior, the best first.

    Those for which it does not exist follow, by the R² of the interior's own fit.
    `unit` is what the interval leaves out: see `harness.analysis.resampling.units`.
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
    ranks = [
        _rank(series, found, seconds[series], unit)
        for series, found in rows.items()
        if series in seconds
    ]
    return tuple(sorted(ranks, key=_order))


def _order(one: Rank) -> tuple[Any, ...]:
    by, own = one.transfer_r2, one.interior_r2
    return by is None, -(by or 0), own is None, -(own or 0), *one.order


def _rank(
    series: tuple[str, Axes],
    rows: Sequence[Correlation],
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
    )


def _of(fit: object, name: str) -> float | None:
    value: float | None = None if isinstance(fit, Undefined) else getattr(fit, name)
    return value
