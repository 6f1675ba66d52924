"""Metrics by R² and by RMSE, side by side: two answers to which one is best.

R² compares the residuals with how far accuracy varies, RMSE is in points of accuracy
alone. Where accuracy hardly varies no metric can explain it, and an R² is of chance:
models without spread are left out of both, and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np

from harness.analysis.correlation import Correlation, Point, Undefined
from harness.measurement import NO_AXES, Axes, Domain, Named

Part = Literal["interior", "exterior", "transfer"]
PARTS: tuple[Part, ...] = ("interior", "exterior", "transfer")
_LEVEL = 0.05  # of the test that accuracies are all the same
_DECIMALS = 9  # metrics that are lines of each other differ by rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A metric's medians over the models, and its place by each: 1 is the best.

    Attributes
    ----------
    models
        How many have both numbers.
    r2, rmse
        Of the fit, or of the interior's line on the exterior; RMSE in the outcome's
        own unit, a fraction of 1 for accuracy.
    by_r2, by_rmse
        How many metrics are better, and one more.
    """

    models: int
    r2: float
    rmse: float
    by_r2: int
    by_rmse: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Named):
    """A metric's places: by its own fit of each domain, and by the interior's line.

    Attributes
    ----------
    metric, axes
        Which.
    interior, exterior, transfer
        None where no model with spread has the numbers.
    """

    metric: str
    axes: Axes = NO_AXES
    interior: Placed | None = None
    exterior: Placed | None = None
    transfer: Placed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """A model whose accuracies on a domain differ by no more than chance explains.

    Attributes
    ----------
    model, domain
        Whose, and on what.
    datasets
        How many.
    low, high
        The least and the largest accuracy.
    """

    model: str
    domain: Domain
    datasets: int
    low: float
    high: float


def places(
    correlations: Iterable[Correlation],
) -> tuple[tuple[Place, ...], tuple[Flat, ...]]:
    """Every metric's places, by RMSE of the interior's line; and who is left out.

    Where there is no line on an exterior the order is by RMSE of the exterior's own
    fit, and then of the interior's.
    """
    rows = [row for row in correlations if row.model is not None]
    flat = _flat(rows)
    without = {(one.model, one.domain) for one in flat}
    found: dict[tuple[str, Axes], dict[Part, tuple[int, float, float]]] = {}
    for row in rows:
        found.setdefault(row.series, {})
    for part in PARTS:
        domains = (Domain.INTERIOR, Domain.EXTERIOR)
        of = domains if part == "transfer" else (Domain(part),)
        numbers: dict[tuple[str, Axes], list[tuple[float, float]]] = {}
        for row in rows:
            fit = getattr(row, part)
            if isinstance(fit, Undefined) or any((row.model, d) in without for d in of):
                continue
            numbers.setdefault(row.series, []).append((fit.r2, fit.rmse))
        for series, pairs in numbers.items():
            r2, rmse = (median(column) for column in zip(*pairs, strict=True))
            found[series][part] = len(pairs), r2, rmse
    placed = {part: _placed(found, part) for part in PARTS}
    ranked = [
        Place(
            metric=metric,
            axes=axes,
            **{part: placed[part].get((metric, axes)) for part in PARTS},
        )
        for metric, axes in found
    ]
    return tuple(sorted(filter(_has_place, ranked), key=_order)), flat


def _has_place(one: Place) -> bool:
    return any(getattr(one, part) is not None for part in PARTS)


def _order(one: Place) -> tuple[object, ...]:
    parts = (one.transfer, one.exterior, one.interior)
    keys = [(p is None, 0 if p is None else round(p.rmse, _DECIMALS)) for p in parts]
    return (*keys, *one.order)


def _placed(
    found: dict[tuple[str, Axes], dict[Part, tuple[int, float, float]]], part: Part
) -> dict[tuple[str, Axes], Placed]:
    known = {series: parts[part] for series, parts in found.items() if part in parts}
    r2s = [round(r2, _DECIMALS) for _, r2, _ in known.values()]
    rmses = [round(rmse, _DECIMALS) for _, _, rmse in known.values()]
    return {
        series: Placed(
            models=models,
            r2=r2,
            rmse=rmse,
            by_r2=1 + sum(other > round(r2, _DECIMALS) for other in r2s),
            by_rmse=1 + sum(other < round(rmse, _DECIMALS) for other in rmses),
        )
        for series, (models, r2, rmse) in known.items()
    }


def _flat(rows: Sequence[Correlation]) -> tuple[Flat, ...]:
    points: dict[tuple[str, Domain], dict[str, Point]] = {}
    proportion = all(row.outcome.proportion for row in rows)
    for row in rows:
        for domain in (Domain.INTERIOR, Domain.EXTERIOR):
            for point in row.of(domain):
                if point.y is not None:
                    of_model = points.setdefault((row.model or "", domain), {})
                    of_model[point.dataset] = point
    found = []
    for (model, domain), by_dataset in sorted(points.items()):
        shares = [point.y for point in by_dataset.values() if point.y is not None]
        images = [point.images for point in by_dataset.values()]
        if not has_spread(shares, images if proportion else None):
            found.append(
                Flat(
                    model=model,
                    domain=domain,
                    datasets=len(shares),
                    low=min(shares),
                    high=max(shares),
                )
            )
    return tuple(found)


def has_spread(values: Sequence[float], images: Sequence[int] | None) -> bool:
    r"""Whether values differ by more than chance explains.

    .. math:: \sum_i n_i (y_i - \bar y)^2 / (\bar y (1 - \bar y))
        > \chi^2_{k-1,\,0.95}

    is Pearson's test that k shares of n images are one. Datasets made of the same
    images vary less by chance than it takes for granted, so what it calls spread is.

    Parameters
    ----------
    values
        Of k datasets.
    images
        How many each is a share of; None of values that are no shares, which have
        spread if they are not all the same.

    Examples
    --------
    >>> has_spread([0.5, 0.5, 0.9], [100, 100, 100])
    True
    >>> has_spread([0.88, 0.9, 0.92], [100, 100, 100])  # 1.11, and 5.99 is the limit
    False
    >>> has_spread([1.0, 1.0], [10, 10]), has_spread([0.1, 0.2], None)
    (False, True)
    """
    y = np.asarray(values, dtype=np.float64)
    if len(y) < 2 or np.ptp(y) == 0:
        return False
    if images is None:
        return True
    from scipy.special import chdtri  # scipy.stats is half a second of imports

    n = np.asarray(images, dtype=np.float64)
    mean = float((n * y).sum() / n.sum())
    statistic = float((n * (y - mean) ** 2).sum() / (mean * (1 - mean)))
    return statistic > float(chdtri(len(y) - 1, _LEVEL))
