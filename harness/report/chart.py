"""The numbers behind the page's scatter plot, each of them once."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Correlation, Point, Undefined
from harness.analysis.coverage import LEVEL, student
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.measurement import Domain
from harness.report.families import OTHERS, family_colours

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.analysis.fits.fits import LineFit

_DIGITS = 7  # more than a screen has pixels


def chart_data(correlations: Iterable[Correlation]) -> dict[str, Any]:
    """Return points and lines of every metric and model, as JSON values.

    Returns
    -------
    dict
        ``datasets``: [name, family, domain, traits, colour] of each, the traits as
        text, the colour as a place in the palette (null without labels); ``others``:
        the colour of all the families that have none of their own.
        ``level``: of the band.
        ``metrics``: label -> list of rows with ``model`` (null over all models),
        ``interior`` and ``exterior`` (a line or a reason), and ``points``:
        [dataset, metric, accuracy or null], dataset as an index. The row over all
        models holds no points of its own; they are those of the others. ``outcome``:
        what stands in place of accuracy, its ends (null for none), and what its numbers
        are multiplied by.
    """
    rows = tuple(correlations)
    index: dict[tuple[str, str, Domain, str], int] = {}
    metrics: dict[str, list[dict[str, Any]]] = {}
    colours = family_colours(rows)

    def plain(point: Point) -> list[float | None]:
        told = ", ".join(f"{name} {value}" for name, value in point.traits.items())
        key = (point.dataset, point.family, point.domain, told)
        y = None if point.y is None else _rounded(point.y)
        return [index.setdefault(key, len(index)), _rounded(point.x), y]

    for row in rows:
        own = row.model is not None
        metrics.setdefault(row.label, []).append(
            {
                "model": row.model,
                "interior": _line(row.interior),
                "exterior": _line(row.exterior),
                "points": [plain(p) for p in row.points + row.targets] if own else [],
            }
        )
    return {
        "datasets": [
            [name, family, str(domain), told, colours.get((domain, family))]
            for name, family, domain, told in index
        ],
        "others": OTHERS,
        "level": LEVEL,
        "metrics": metrics,
        "outcome": _outcome(rows[0].outcome if rows else TOP_1),
    }


def _outcome(outcome: FittedOutcome) -> dict[str, Any]:
    ends = (outcome.low, outcome.high)
    return {
        "words": outcome.words,
        "axis": outcome.axis,
        "points": outcome.points,
        "scale": outcome.scale,
        "ends": [end if isfinite(end) else None for end in ends],
    }


def _line(fit: LineFit | Undefined) -> dict[str, Any]:
    """A line, and what its prediction band is made of.

    The half width at x is ``t s sqrt(1 + 1/n + (x - x_mean)² / (n x_sd²))``, as in
    `harness.analysis.fits.several_metrics.Plane.predictions`.
    """
    if isinstance(fit, Undefined):
        return {"reason": fit.reason}
    freedom = fit.n - 2
    return {
        "slope": fit.slope,
        "x_mean": fit.x_mean,
        "y_mean": fit.y_mean,
        "x_sd": fit.x_sd,
        "x_range": list(fit.x_range),
        "n": fit.n,
        "r2": fit.r2,
        "rmse": fit.rmse,
        "rho": fit.spearman,
        "ts": float(student(freedom, LEVEL)) * fit.rmse * (fit.n / freedom) ** 0.5,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
