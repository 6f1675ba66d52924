"""Predicted accuracy of datasets without labels, from each metric and from all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.correlation import (
    Correlation,
    Point,
    Undefined,
    or_reason,
)
from harness.analysis.coverage import LEVEL, Coverage, Prediction, coverage
from harness.analysis.fits.lines import Unfit
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.fits.several_metrics import Plane, fit_plane
from harness.analysis.forecasts.direct import PREFERRED, Direct, direct
from harness.analysis.forecasts.forecaster import Forecaster, fit_forecaster
from harness.analysis.ranges import Beyond, beyond, farthest_first
from harness.measurement import NO_AXES, Axes, Domain, label_of
from harness.metrics.numerics.label_shift import UnderShares, taken_for_granted
from harness.traits import Trait, is_test_split

Key = tuple[str, str]  # model, dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joined:
    """One dataset: the values of several metrics, its accuracy, images and traits."""

    x: tuple[float, ...]
    y: float
    images: int
    traits: Mapping[str, Trait]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """What predicts one model's accuracy: a fit on the interior, and its record.

    Attributes
    ----------
    model, metrics, axes
        Whose accuracy, from which metrics, each along its axes; one, or several
        combined.
    plane
        The fit; its `leave_one_out` is the coverage achieved on the interior, and so
        is `left_out` of a forecaster, which combines estimates of accuracy.
    exterior
        The coverage achieved on the labelled exterior; or why it is not known.
    left_out
        Datasets of the interior that lack one of the metrics.
    outcome
        What is predicted, where it is not accuracy.
    instead
        Why several metrics are fitted freely and no forecast was made of estimates.
    """

    model: str
    metrics: tuple[str, ...]
    axes: tuple[Axes, ...] = ()
    plane: Plane | Forecaster | Direct | Undefined
    exterior: Coverage | Undefined
    left_out: tuple[str, ...] = ()
    outcome: FittedOutcome = TOP_1
    instead: str = ""

    @property
    def is_combined(self) -> bool:
        """Whether it stands for all metrics of the model."""
        return isinstance(self.plane, Forecaster | Direct) or len(self.metrics) > 1

    @property
    def record(self) -> Coverage | Undefined:
        """What became of it on the interior, where each was left out."""
        if isinstance(self.plane, Undefined):
            return self.plane
        if isinstance(self.plane, Forecaster):
            return self.plane.left_out
        if isinstance(self.plane, Direct):
            return Undefined("there is no interior to have a record on")
        return self.plane.leave_one_out

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
        many = len(self.metrics)
        if isinstance(self.plane, Direct):
            return f"{self.labels[0]} as it is"
        if isinstance(self.plane, Forecaster):
            return f"{many} estimates" if many > 1 else f"estimate {self.labels[0]}"
        return self.labels[0] if many == 1 else f"all {many} metrics"


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


def as_it_is(
    rows: Sequence[Correlation], *, level: float = LEVEL
) -> tuple[Predictor, list[Correlation]]:
    """Return a forecast by one estimate as it is, and the row it is from.

    Parameters
    ----------
    rows : sequence of Correlation
        Estimates of accuracy, of one model, measured on the test split.
    level : float
        The share of datasets that intervals are meant to hold.
    """
    names = {row.metric: row for row in rows}
    row = next((names[n] for n in PREFERRED if n in names), rows[0])
    (source,) = row.of(Domain.INTERIOR)
    assert source.y is not None
    made = direct(
        row.metric, source_accuracy=source.y, source_images=source.images, level=level
    )
    predictor = Predictor(
        model=str(row.model),
        metrics=(row.metric,),
        axes=(row.axes,),
        plane=made,
        exterior=_judged_directly(made, row),
    )
    return predictor, [row]


def _judged_directly(made: Direct, row: Correlation) -> Coverage | Undefined:
    points = [p for p in row.of(Domain.EXTERIOR) if p.y is not None]
    if not points:
        return Undefined("a coverage needs at least 1 dataset, got 0")
    said = made.predictions(
        [[p.x] for p in points], images=np.array([p.images for p in points])
    )
    ends = np.array([[one.accuracy, one.low, one.high] for one in said]).T
    middle, low, high = ends
    return coverage(np.array([p.y for p in points]), middle, low, high, made.level)


def forecast(
    rows: Sequence[Correlation], *, level: float = LEVEL
) -> Predictor | Undefined:
    """Return what foretells one model's accuracy from estimates of it.

    Parameters
    ----------
    rows : sequence of Correlation
        Estimates of accuracy, of one model. Datasets are joined by name.
    level : float
        The share of datasets that intervals are meant to hold.

    Returns
    -------
    Predictor
        Its `plane` is a `Forecaster`; or why there is none: what is predicted is not
        accuracy, the test split was not measured, or the interior is of too few kinds.
    """
    outcome = rows[0].outcome
    if not outcome.is_accuracy:
        return Undefined(f"estimates are of accuracy, not of {outcome.words}")
    inside = _joined(rows, Domain.INTERIOR)
    outside = _joined(rows, Domain.EXTERIOR)
    known = [one for one in inside.values() if is_test_split(one.traits)]
    if len(known) != 1:
        return Undefined(
            "a forecast starts from the base's test split, and "
            f"{len(known) or 'none'} of the interior's datasets say that they are it"
        )
    made = {n: one for n, one in inside.items() if one is not known[0]}

    def fitted() -> Forecaster:
        table, y, images = _arrays(made, len(rows))
        return fit_forecaster(
            table,
            y,
            images,
            [one.traits for one in made.values()],
            source=known[0].x,
            source_accuracy=known[0].y,
            source_images=known[0].images,
            level=level,
        )

    found = or_reason(fitted)
    if isinstance(found, Undefined):
        return found

    def judged() -> Coverage:
        table, y, images = _arrays(outside, len(rows))
        return found.coverage(table, y, images=images)

    have = {p.dataset for row in rows for p in row.of(Domain.INTERIOR)}
    return Predictor(
        model=str(rows[0].model),
        metrics=tuple(row.metric for row in rows),
        axes=tuple(row.axes for row in rows),
        plane=found,
        exterior=or_reason(judged),
        left_out=tuple(sorted(have - inside.keys())),
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
    shares = [p.shares for p in points if p.shares is not None]
    if isinstance(fit, Forecaster | Direct) and len(shares) == len(points):
        made = _made_for_shares(fit, points, shares)
    elif isinstance(fit, Forecaster):
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
    return replace(made, reason=taken_for_granted(shares[0].moved))


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
            traits=found[0].traits,
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
