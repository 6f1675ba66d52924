"""Intervals of a correlation's statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.correlation import Correlation, Point, Undefined, or_reason
from harness.analysis.coverage import LEVEL
from harness.analysis.fits.weighted import STATISTICS
from harness.analysis.resampling.jackknife import (
    Interval,
    fit_intervals,
    transfer_intervals,
)
from harness.analysis.resampling.medians import (
    median_r2_interval,
    median_transfer_interval,
)
from harness.analysis.resampling.units import Unit, by_kind
from harness.measurement import Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """How far the statistics of one correlation would move with other datasets.

    Attributes
    ----------
    interior, exterior
        Of each domain's own line, by statistic; or why there are none.
    transfer
        Of the exterior judged by the interior's line.
    """

    interior: Mapping[str, Interval] | Undefined
    exterior: Mapping[str, Interval] | Undefined
    transfer: Mapping[str, Interval] | Undefined


def correlation_intervals(
    correlation: Correlation,
    *,
    unit: Unit = by_kind,
    statistics: Sequence[str] = tuple(STATISTICS),
    level: float = LEVEL,
) -> Intervals:
    """Return intervals of everything that the correlation reports.

    Parameters
    ----------
    correlation : Correlation
        A row of the report.
    unit : function of a point
        What is left out as a whole; `resampling.units` has the choices.
        By kind of transformation unless told otherwise; datasets that were made with
        transformations of their own are units of their own.
    statistics, level
        As in `harness.analysis.resampling.jackknife.fit_intervals`.

    Returns
    -------
    Intervals
        Undefined, with the reason, where the statistic itself is, and where there are
        too few units to leave out.
    """
    inside, outside = correlation.of(Domain.INTERIOR), correlation.of(Domain.EXTERIOR)

    def own(points: Sequence[Point]) -> dict[str, Interval]:
        return fit_intervals(
            *_columns(points, unit),
            statistics=statistics,
            level=level,
        )

    def across() -> dict[str, Interval]:
        return transfer_intervals(
            _columns(inside, unit),
            _columns(outside, unit),
            level=level,
        )

    rows = (correlation.interior, correlation.exterior, correlation.transfer)
    interior, exterior, transfer = (
        fit if isinstance(fit, Undefined) else or_reason(make)
        for fit, make in zip(
            rows, (lambda: own(inside), lambda: own(outside), across), strict=True
        )
    )
    return Intervals(interior=interior, exterior=exterior, transfer=transfer)


def interior_r2_interval(
    rows: Sequence[Correlation], *, unit: Unit = by_kind
) -> Interval | Undefined:
    """Return the interval of the median, over models, of the interior's own R².

    Parameters
    ----------
    rows
        One metric's, a row a model; models without a line are left out.
    unit
        As in `correlation_intervals`.

    Returns
    -------
    Interval
        Undefined, with the reason, where there is no line or too few units.
    """
    fitted = [row for row in rows if not isinstance(row.interior, Undefined)]
    if not fitted:
        return Undefined("no model has a line on the interior")
    columns = [_columns(row.of(Domain.INTERIOR), unit) for row in fitted]
    return or_reason(lambda: median_r2_interval(columns))


def transfer_r2_interval(
    rows: Sequence[Correlation], *, unit: Unit = by_kind
) -> Interval | Undefined:
    """Return the interval of the median, over models, of the transfer's R².

    Parameters
    ----------
    rows, unit
        As in `interior_r2_interval`; models without a transfer are left out.

    Returns
    -------
    Interval
        Undefined, with the reason, where there is no transfer or too few units.
    """
    judged = [row for row in rows if not isinstance(row.transfer, Undefined)]
    if not judged:
        return Undefined("no model has a line that was judged on the exterior")
    columns = [
        (
            _columns(row.of(Domain.INTERIOR), unit),
            _columns(row.of(Domain.EXTERIOR), unit),
        )
        for row in judged
    ]
    return or_reason(lambda: median_transfer_interval(columns))


def _columns(
    points: Sequence[Point], unit: Unit
) -> tuple[list[float], list[float], list[str]]:
    labelled = [(p, p.y) for p in points if p.y is not None]
    return (
        [p.x for p, _ in labelled],
        [y for _, y in labelled],
        [unit(p) for p, _ in labelled],
    )
