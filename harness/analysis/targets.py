"""Predicted accuracy of datasets without labels, from each metric and from all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.correlation import (
    Correlation,
    Point,
    Undefined,
    or_reason,
)
from harness.analysis.coverage import LEVEL, Coverage, Prediction
from harness.analysis.fits.lines import Unfit
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.fits.several_metrics import Plane, fit_plane
from harness.measurement import NO_AXES, Axes, Domain, label_of

Key = tuple[str, str]  # model, dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joined:
    """One dataset: the values of several metrics, its accuracy, its images."""

    x: tuple[float, ...]
    y: float
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """What predicts one model's accuracy: a fit on the interior, and its record.

    Attributes
    ----------
    model, metrics, axes
        Whose accuracy, from which metrics, each along its axes; one, or several
        combined.
    plane
        The fit; its `leave_one_out` is the coverage achieved on the interior.
    exterior
        The coverage achieved on the labelled exterior; or why it is not known.
    left_out
        Datasets of the interior that lack one of the metrics.
    outcome
        What is predicted, where it is not accuracy.
    """

    model: str
    metrics: tuple[str, ...]
    axes: tuple[Axes, ...] = ()
    plane: Plane | Undefined
    exterior: Coverage | Undefined
    left_out: tuple[str, ...] = ()
    outcome: FittedOutcome = TOP_1

    @property
    def series(self) -> tuple[tuple[str, Axes], ...]:
        """Each metric with its axes."""
        axes = self.axes or (NO_AXES,) * len(self.metrics)
        return tuple(zip(self.metrics, axes, strict=True))

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the metrics with their axes."""
        return tuple(label_of(*one) for one in self.series)

    @property
    def name(self) -> str:
        """The metric's, or how many they are."""
        one = len(self.metrics) == 1
        return self.labels[0] if one else f"all {len(self.metrics)} metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPrediction:
    """One dataset's predicted accuracy.

    Attributes
    ----------
    dataset, family, images
        What is predicted, and how many images it has.
    predictor
        What it is predicted with, and how far that can be trusted.
    prediction
        The accuracy and its interval, or why there is none.
    accuracy
        The true one, if it is known after all.
    """

    dataset: str
    family: str
    images: int
    predictor: Predictor
    prediction: Prediction | Undefined
    accuracy: float | None = None

    @property
    def model(self) -> str:
        """Whose accuracy it is."""
        return self.predictor.model


def predict_targets(
    correlations: Sequence[Correlation], *, level: float = LEVEL
) -> tuple[TargetPrediction, ...]:
    """Return the accuracy of each target, predicted from each metric and from all.

    Parameters
    ----------
    correlations : sequence of Correlation
        Of the run. Rows over all models predict nothing: each model has its own line.
    level : float
        What share of datasets the intervals are meant to hold.

    Returns
    -------
    tuple of TargetPrediction
        By model, then dataset, then metric and axes; the combination of all metrics
        last, if there are at least two that can be fitted. A target without a value of
        some metric is predicted from the others, each alone, and its combination says
        what is missing.
    """
    rows: dict[str, list[Correlation]] = {}
    for row in correlations:
        if row.model is not None:
            rows.setdefault(row.model, []).append(row)
    predictions = []
    for model in sorted(rows):
        mine = sorted(rows[model], key=lambda row: row.order)
        groups: list[tuple[Correlation, ...]] = [(row,) for row in mine]
        usable = tuple(r for r in mine if not isinstance(r.interior, Undefined))
        if len(usable) > 1:
            groups.append(usable)
        for group in groups:
            predictions += _predictions(model, group, level)
    return tuple(
        sorted(
            predictions,
            key=lambda p: (p.model, p.dataset, len(p.predictor.metrics) > 1),
        )
    )


def combine(
    rows: Sequence[Correlation], *, ridge: float | None = None, level: float = LEVEL
) -> Predictor:
    """Return a predictor of one model's accuracy from several metrics.

    Parameters
    ----------
    rows : sequence of Correlation
        The metrics, of one model. Datasets are joined by name; one that lacks a metric
        is left out and named.
    ridge, level
        As in `fits.several_metrics.fit_plane`. Metrics say much the same, so the ridge
        is chosen unless it is given; a single metric has none.

    Returns
    -------
    Predictor
        Undefined, with the reason, where there is no fit.

    Raises
    ------
    ValueError
        If there is no row, or rows are of more than one model.
    """
    models = {row.model for row in rows}
    if len(models) != 1 or None in models:
        raise ValueError(f"`rows` must be of one model, got {models or 'no rows'}")
    chosen = 0.0 if len(rows) == 1 else ridge
    inside = _joined(rows, Domain.INTERIOR)
    outside = _joined(rows, Domain.EXTERIOR)
    conflicts = [row.interior for row in rows if isinstance(row.interior, Undefined)]

    def fitted() -> Plane:
        metrics, y, images = _arrays(inside, len(rows))
        return fit_plane(
            metrics,
            y,
            images=images if outcome.proportion else None,
            ridge=chosen,
            level=level,
            outcome=outcome,
        )

    outcome = rows[0].outcome
    plane = conflicts[0] if conflicts else or_reason(fitted)
    exterior: Coverage | Undefined
    if isinstance(plane, Undefined):
        exterior = Undefined(f"there is nothing to judge: {plane.reason}")
    else:
        fit = plane

        def judged() -> Coverage:
            metrics, y, images = _arrays(outside, len(rows))
            floor = images if outcome.proportion else None
            return fit.coverage(metrics, y, images=floor, level=level)

        exterior = or_reason(judged)
    have = {p.dataset for row in rows for p in row.of(Domain.INTERIOR)}
    return Predictor(
        model=str(rows[0].model),
        metrics=tuple(row.metric for row in rows),
        axes=tuple(row.axes for row in rows),
        plane=plane,
        exterior=exterior,
        left_out=tuple(sorted(have - inside.keys())),
        outcome=outcome,
    )


def _predictions(
    model: str, rows: Sequence[Correlation], level: float
) -> list[TargetPrediction]:
    names = {p.dataset: p for row in rows for p in (*row.targets, *_torn(row))}
    if not names:
        return []
    predictor, outcome = combine(rows, level=level), rows[0].outcome
    values = [{p.dataset: p.x for p in row.targets} for row in rows]
    found = []
    for name, point in sorted(names.items()):
        lacking = [
            row.label for row, v in zip(rows, values, strict=True) if name not in v
        ]
        prediction: Prediction | Undefined
        if isinstance(predictor.plane, Undefined):
            prediction = predictor.plane
        elif lacking:
            prediction = Undefined(f"not measured there: {', '.join(lacking)}")
        else:
            metrics = [[v[name] for v in values]]
            (prediction,) = predictor.plane.predictions(
                metrics,
                images=[point.images] if outcome.proportion else None,
                level=level,
                outcome=outcome,
            )
        found.append(
            TargetPrediction(
                dataset=name,
                family=point.family,
                images=point.images,
                predictor=predictor,
                prediction=prediction,
                accuracy=point.y,
            )
        )
    return found


def _torn(row: Correlation) -> tuple[Point, ...]:
    """Targets that were measured with different results: nothing predicts them."""
    fitted = (Domain.INTERIOR, Domain.EXTERIOR)
    return tuple(p for p in row.contradicting if p.y is None or p.domain not in fitted)


def _joined(rows: Sequence[Correlation], domain: Domain) -> dict[str, _Joined]:
    """The datasets that have values of all rows."""
    points: dict[str, list[Point]] = {}
    for row in rows:
        for point in row.of(domain):
            points.setdefault(point.dataset, []).append(point)
    return {
        name: _Joined(
            x=tuple(p.x for p in found),
            y=_accuracy(found),
            images=min(p.images for p in found),
        )
        for name, found in sorted(points.items())
        if len(found) == len(rows)
    }


def _accuracy(points: Sequence[Point]) -> float:
    """The accuracy that all metrics' points of a dataset agree on."""
    accuracies = {p.y for p in points if p.y is not None}
    return accuracies.pop() if len(accuracies) == 1 else float("nan")


def _arrays(
    joined: dict[str, _Joined], columns: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    torn = [name for name, one in joined.items() if np.isnan(one.y)]
    if torn:
        raise Unfit(f"metrics were measured with different accuracies on {torn[0]}")
    found = joined.values()
    x = np.array([one.x for one in found], dtype=np.float64)
    y = np.array([one.y for one in found])
    return x.reshape(-1, columns), y, np.array([one.images for one in found])
