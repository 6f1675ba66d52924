"""Everything about one metric: intervals, methods, controls, transfer, surprises.

A run of thirty metrics would drown in it, so it is worked out for those asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from harness.analysis.correlation import Correlation, Point, Undefined, or_reason, xy
from harness.analysis.fits.fits import Judgement, judge
from harness.analysis.fits.other import CurveFit, Method, fit_curve
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.fits.scales import noise_floor
from harness.analysis.fits.weighted import STATISTICS
from harness.analysis.null_models import constant_control, permutation_p
from harness.analysis.resampling.intervals import Intervals, correlation_intervals
from harness.analysis.resampling.units import Unit, by_dataset, by_kind
from harness.analysis.residuals import Surprise, surprises
from harness.analysis.transfer import FamilyTransfer, family_transfer
from harness.measurement import NO_AXES, Axes, Domain, Named

UNITS: dict[str, Unit] = {"kind": by_kind, "dataset": by_dataset}


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodFit:
    """One way to fit accuracy, on its own data and judged elsewhere.

    Attributes
    ----------
    method
        Which.
    fit
        On the interior; or why there is none.
    transfer
        The exterior judged with it.
    """

    method: str
    fit: CurveFit | Undefined
    transfer: Judgement | Undefined


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail(Named):
    """One correlation in full.

    Attributes
    ----------
    metric, axes, model
        Of the correlation; model is None for all together.
    values
        Statistics by part ("interior", "exterior"): as `weighted.STATISTICS`.
    intervals
        Of those, and of the transfer's.
    methods
        Linear, robust, scaled and monotone fits.
    control
        The interior's mean accuracy as a prediction of the exterior.
    p
        Of shuffled accuracies, on the interior.
    noise
        By part: the RMSE that finite samples of images alone would leave.
    families
        The matrix of transfer between families.
    surprises
        The datasets that the interior's line is most wrong about.
    outcome
        What the metric is fitted against.
    """

    metric: str
    axes: Axes = NO_AXES
    model: str | None
    values: dict[str, dict[str, float]]
    intervals: Intervals
    methods: tuple[MethodFit, ...]
    control: Judgement | Undefined
    p: float | Undefined
    noise: dict[str, float]
    families: tuple[FamilyTransfer, ...]
    surprises: tuple[Surprise, ...]
    outcome: FittedOutcome = TOP_1


def detail(row: Correlation, *, unit: Unit = by_kind) -> Detail:
    """Work out everything about a correlation; some tenths of a second."""
    parts = {
        "interior": row.of(Domain.INTERIOR),
        "exterior": row.of(Domain.EXTERIOR),
    }
    inside, outside = parts.values()
    if row.contradicting:
        assert isinstance(row.interior, Undefined)
        return _undefined(row, row.interior)
    return Detail(
        metric=row.metric,
        axes=row.axes,
        model=row.model,
        values={part: _values(points) for part, points in parts.items()},
        intervals=correlation_intervals(row, unit=unit),
        methods=tuple(_method(m, inside, outside, row.outcome) for m in Method),
        control=or_reason(
            lambda: constant_control(
                [p.y or 0.0 for p in inside], xy(outside)[1], outcome=row.outcome
            )
        )
        if inside
        else Undefined("the interior is empty"),
        p=or_reason(
            partial(permutation_p, *xy(inside), permutations=999, outcome=row.outcome)
        ),
        noise={
            part: noise_floor(xy(points)[1], [p.images for p in points])
            for part, points in parts.items()
            if points and row.outcome.proportion
        },
        families=family_transfer(row.points, outcome=row.outcome),
        surprises=surprises(row),
        outcome=row.outcome,
    )


def _undefined(row: Correlation, why: Undefined) -> Detail:
    """Of a row whose results contradict each other: nothing can be said."""
    return Detail(
        metric=row.metric,
        axes=row.axes,
        model=row.model,
        values={"interior": {}, "exterior": {}},
        intervals=Intervals(interior=why, exterior=why, transfer=why),
        methods=tuple(
            MethodFit(method=method.value, fit=why, transfer=why) for method in Method
        ),
        control=why,
        p=why,
        noise={},
        families=(),
        surprises=(),
        outcome=row.outcome,
    )


def _values(points: Sequence[Point]) -> dict[str, float]:
    import numpy as np

    x, y = (np.array(values, dtype=np.float64) for values in xy(points))
    if len(x) < 3 or len(set(x)) < 2 or len(set(y)) < 2:
        return {}
    once = np.ones((1, len(x)))
    return {name: float(of(x, y, once)[0]) for name, of in STATISTICS.items()}


def _method(
    method: Method,
    inside: Sequence[Point],
    outside: Sequence[Point],
    outcome: FittedOutcome,
) -> MethodFit:
    images = [p.images for p in inside] if outcome.proportion else None
    fit = or_reason(
        partial(fit_curve, *xy(inside), method=method, images=images, outcome=outcome)
    )
    if isinstance(fit, Undefined):
        transfer: Judgement | Undefined = Undefined(fit.reason)
    else:
        transfer = or_reason(partial(judge, fit, *xy(outside), outcome=outcome))
    return MethodFit(method=method.value, fit=fit, transfer=transfer)
