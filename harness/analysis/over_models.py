"""Correlations over models: on each dataset, does the metric rank the models?"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from harness.analysis.correlation import (
    ACCURACY,
    Point,
    Undefined,
    distinct_points,
    or_reason,
    xy,
)
from harness.analysis.fits.fits import LineFit, fit_line
from harness.measurement import NO_AXES, Axes, Measurement, Named, in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCorrelation(Named):
    """One metric on one dataset against accuracy, over models.

    Attributes
    ----------
    metric, axes, dataset
        The row.
    fit
        The line over models; its `n` counts models.
    points
        One per model.
    """

    metric: str
    axes: Axes = NO_AXES
    dataset: str
    fit: LineFit | Undefined
    points: tuple[Point, ...]


def correlate_over_models(
    measurements: Iterable[Measurement],
) -> tuple[ModelCorrelation, ...]:
    """Fit every metric against accuracy over models, on each labelled dataset.

    Parameters
    ----------
    measurements
        In any order; those without accuracy are left out, since nothing can be said.

    Returns
    -------
    tuple of ModelCorrelation
        Sorted by metric, its axes, then dataset. A row that cannot be fitted says why.
    """
    rows: dict[tuple[str, Axes], dict[str, list[Measurement]]] = {}
    for m in measurements:
        if m.label_free and m.metric != ACCURACY and m.accuracy is not None:
            rows.setdefault(m.series, {}).setdefault(m.dataset, []).append(m)
    cells = [
        (series, name) for series in in_order(rows) for name in sorted(rows[series])
    ]
    correlations = []
    for (metric, axes), dataset in cells:
        points, _, conflicts = distinct_points(rows[metric, axes][dataset])
        fit: LineFit | Undefined = Undefined(conflicts)
        if not conflicts:
            fit = or_reason(partial(fit_line, *xy(points), unit="models"))
        correlations.append(
            ModelCorrelation(
                metric=metric,
                axes=axes,
                dataset=dataset,
                fit=fit,
                points=tuple(points),
            )
        )
    return tuple(correlations)
