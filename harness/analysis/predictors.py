"""Predictors: what predicts one model's accuracy, from one metric or from several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.correlation import (
    Correlation,
    Point,
    Undefined,
    or_reason,
)
from harness.analysis.coverage import LEVEL, Coverage, coverage
from harness.analysis.fits.lines import Unfit
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.fits.several_metrics import Plane, fit_plane
from harness.analysis.forecasts.direct import PREFERRED, Direct, direct
from harness.analysis.forecasts.forecaster import Forecaster, fit_forecaster
from harness.measurement import NO_AXES, Axes, Domain, label_of
from harness.traits import Trait, is_test_split


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
