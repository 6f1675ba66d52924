"""Predicted accuracy of datasets without labels, from each metric and from all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.correlation import (
    Correlation,
    Point,
    Undefined,
)
from harness.analysis.coverage import LEVEL, Prediction, taken_for_granted
from harness.analysis.forecasts.direct import Direct
from harness.analysis.forecasts.forecaster import Forecaster
from harness.analysis.predictors import (
    Predictor,
    as_it_is,
    combine,
    forecast,
)
from harness.analysis.ranges import Beyond, beyond, farthest_first
from harness.measurement import Domain
from harness.metrics.numerics.label_shift import UnderShares
from harness.traits import is_test_split

Key = tuple[str, str]  # model, dataset


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
    raw, raw_by
        What the metric says as it is, where it estimates accuracy; of several, the one
        that erred least on left-out kinds. None, and no name, without one.
    """

    dataset: str
    family: str
    images: int
    predictor: Predictor
    prediction: Prediction | Undefined
    accuracy: float | None = None
    raw: float | None = None
    raw_by: str = ""

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
        if not any((*row.targets, *_torn(row)) for row in mine):
            continue
        for row in mine:
            predictions += _predictions(combine([row], level=level), [row], [row])
        usable = [r for r in mine if not isinstance(r.interior, Undefined)]
        estimates = [r for r in usable if r.estimate]
        if alone := _on_the_test_split(mine):
            predictions += _predictions(*as_it_is(alone, level=level), [])
        elif len(usable) > 1 or estimates:
            predictor, made_of = _combined(usable, estimates, level)
            predictions += _predictions(predictor, made_of, usable)
    return tuple(
        sorted(predictions, key=lambda p: (p.model, p.dataset, p.predictor.is_combined))
    )


def doubted(
    predictions: Sequence[TargetPrediction], unlike: Mapping[Key, float]
) -> tuple[TargetPrediction, ...]:
    """Return the same, told which predicted classes are unlike the source's.

    Not a forecast for other class shares, which has taken them into account.

    Parameters
    ----------
    unlike
        By model and dataset, by how much.
    """
    return tuple(
        replace(one, prediction=replace(found, unlike=gap))
        if isinstance(found := one.prediction, Prediction)
        and not found.reason
        and (gap := unlike.get((one.model, one.dataset))) is not None
        else one
        for one in predictions
    )


def _combined(
    rows: Sequence[Correlation], estimates: Sequence[Correlation], level: float
) -> tuple[Predictor, Sequence[Correlation]]:
    """A forecast from the estimates, or what is fitted freely; and what it is from."""
    made = forecast(estimates, level=level) if estimates else None
    if isinstance(made, Predictor):
        return made, estimates
    free = combine(rows, level=level)
    return (replace(free, instead=made.reason) if made else free), rows


def _on_the_test_split(rows: Sequence[Correlation]) -> list[Correlation]:
    """Estimates of accuracy where the interior is the test split alone."""
    if any(
        not is_test_split(p.traits) for row in rows for p in row.of(Domain.INTERIOR)
    ):
        return []
    return [
        row
        for row in rows
        if row.estimate and row.outcome.is_accuracy and row.of(Domain.INTERIOR)
    ]


def _predictions(
    predictor: Predictor, rows: Sequence[Correlation], seen: Sequence[Correlation]
) -> list[TargetPrediction]:
    """Of every target, from `rows`; `seen` tell whether anything like it was fitted."""
    told = {row.label: row for row in (*rows, *seen)}.values()
    names = {p.dataset: p for row in told for p in (*row.targets, *_torn(row))}
    points = [{p.dataset: p for p in row.targets} for row in rows]
    ranges = [(row, *_range(row)) for row in seen if row.of(Domain.INTERIOR)]
    best = _best_raw(predictor, rows)
    found = []
    for name, point in sorted(names.items()):
        lacking = [
            row.label for row, has in zip(rows, points, strict=True) if name not in has
        ]
        prediction: Prediction | Undefined
        if isinstance(predictor.plane, Undefined):
            prediction = predictor.plane
        elif lacking:
            prediction = Undefined(f"not measured there: {', '.join(lacking)}")
        else:
            prediction = _made(predictor, [has[name] for has in points])
            out = _beyond(name, ranges)
            inside = not any(one.far for one in out)
            prediction = replace(prediction, inside=inside, beyond=out)
        found.append(
            TargetPrediction(
                dataset=name,
                family=point.family,
                images=point.images,
                predictor=predictor,
                prediction=prediction,
                accuracy=point.y,
                raw=None
                if best is None or name not in points[best]
                else points[best][name].x,
                raw_by="" if best is None else rows[best].label,
            )
        )
    return found


def _best_raw(predictor: Predictor, rows: Sequence[Correlation]) -> int | None:
    """The place of the estimate that errs least as it is; None where none is known."""
    plane = predictor.plane
    if isinstance(plane, Forecaster):
        return int(np.argmin(plane.raw))
    alone = len(rows) == 1 and rows[0].estimate and rows[0].outcome.is_accuracy
    return 0 if alone else None


def _made(predictor: Predictor, points: Sequence[Point]) -> Prediction:
    """Of one dataset, from its points in the order of the predictor's metrics."""
    fit, outcome = predictor.plane, predictor.outcome
    assert not isinstance(fit, Undefined)
    values, images = [p.x for p in points], points[0].images
    if isinstance(fit, Forecaster):
        known = zip(points, fit.fit.source, strict=True)
        healthy = [p.resamples.mean if p.resamples else s for p, s in known]
        (made,) = fit.predictions([values], images=[images], healthy=healthy)
    elif isinstance(fit, Direct):
        (made,) = fit.predictions([values], images=[images])
    else:
        (made,) = fit.predictions(
            [values],
            images=[images] if outcome.proportion else None,
            level=fit.leave_one_out.level,
            outcome=outcome,
        )
    shares = [p.shares for p in points if p.shares is not None]
    if isinstance(fit, Forecaster | Direct) and len(shares) == len(points):
        reason = taken_for_granted(shares[0].moved, made.low, made.high)
        return _made_for_shares(fit, points, shares).or_else(made, reason)
    return made


def _made_for_shares(
    fit: Forecaster | Direct, points: Sequence[Point], shares: Sequence[UnderShares]
) -> Prediction:
    """The same where class shares are others than the source's."""
    values, images = [[one.value for one in shares]], [points[0].images]
    accuracy, worth = shares[0].accuracy, shares[0].images
    if isinstance(fit, Forecaster):
        # Whose classes are as many as those of the source brought to them: nothing is
        # to be added for few images.
        moved = fit.of_shares([one.source for one in shares], accuracy, worth)
        (made,) = moved.predictions(values, images=images)
    else:
        there = replace(fit, source_accuracy=accuracy, source_images=worth)
        (made,) = there.predictions(values, images=images)
    return made


def _range(row: Correlation) -> tuple[float, float]:
    """Least and largest value on the interior."""
    values = [p.x for p in row.of(Domain.INTERIOR)]
    return min(values), max(values)


def _beyond(
    dataset: str, ranges: Sequence[tuple[Correlation, float, float]]
) -> tuple[Beyond, ...]:
    """The metrics of a target that lie outside of their ranges, farthest first."""
    found = []
    for row, low, high in ranges:
        for point in row.targets:
            if point.dataset != dataset:
                continue
            value = point.x if point.shares is None else point.shares.value
            if one := beyond(row.label, value, low, high, point.resamples):
                found.append(one)
    return farthest_first(found)


def _torn(row: Correlation) -> tuple[Point, ...]:
    """Targets that were measured with different results: nothing predicts them."""
    fitted = (Domain.INTERIOR, Domain.EXTERIOR)
    return tuple(p for p in row.contradicting if p.y is None or p.domain not in fitted)
