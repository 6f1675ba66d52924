"""Correlations: every metric against accuracy, per model and over all models."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from harness.analysis.fits.fits import Judgement, LineFit, Unfit, fit_line, judge
from harness.analysis.fits.outcome import TOP_1, FittedOutcome, fitted_outcome
from harness.display import facts_html
from harness.measurement import NO_AXES, Axes, Domain, Measurement, Named, in_order
from harness.metrics.numerics.label_shift import UnderShares
from harness.metrics.numerics.resamples import Resampled
from harness.traits import Trait

ACCURACY = "accuracy"  # the ground truth itself: nothing to correlate it with
WITH_LABELS = (
    "its test looks at labels, so it is no label-free metric: it is reported, and "
    "never fitted, ranked or predicted with"
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Undefined:
    """A statistic that does not exist, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected(Named):
    """A cell that the run was meant to measure."""

    metric: str
    axes: Axes = NO_AXES
    model: str
    dataset: str
    family: str
    domain: Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One dataset in one model's correlation.

    Attributes
    ----------
    model, dataset, family, domain
        Where the point comes from.
    x, y
        The metric; the accuracy in [0, 1], or another outcome that is fitted in its
        place, or None without labels.
    images
        How many images both were measured on.
    traits
        Facts of the dataset.
    resamples
        What the metric says of healthy sets of as many images; None where nobody asked.
    shares
        The metric for other class shares, where these explain what was answered.
    """

    model: str
    dataset: str
    family: str
    domain: Domain
    x: float
    y: float | None
    images: int
    traits: Mapping[str, Trait] = field(default_factory=dict)
    resamples: Resampled | None = None
    shares: UnderShares | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """How far an estimate of accuracy is from the accuracy, as fractions of 1.

    Attributes
    ----------
    mae, rmse
        Mean absolute, and root of the mean squared, error.
    bias
        Mean of estimated minus true accuracy: positive where it flatters.
    n
        Number of datasets.
    """

    mae: float
    rmse: float
    bias: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation(Named):
    """One metric of one model against accuracy; a row of the report.

    Attributes
    ----------
    metric, axes, model
        The row; model is None over all models together.
    interior, exterior
        The line fitted on the datasets of that domain.
    transfer
        The exterior judged with the interior's line.
    points
        The labelled interior and exterior datasets that these are made of.
    targets
        The other datasets: unlabelled ones, and the target domain.
    missing
        Expected cells without a measurement.
    interior_error, exterior_error
        For metrics that estimate accuracy themselves: their error; else None.
    contradicting
        All points of cells that were measured with different results. They are
        neither in `points` nor in `targets`, and the row has no fit.
    outcome
        What the metric is fitted against.
    """

    metric: str
    axes: Axes = NO_AXES
    model: str | None
    interior: LineFit | Undefined
    exterior: LineFit | Undefined
    transfer: Judgement | Undefined
    points: tuple[Point, ...]
    targets: tuple[Point, ...] = ()
    missing: tuple[Expected, ...] = ()
    interior_error: Error | Undefined | None = None
    exterior_error: Error | Undefined | None = None
    contradicting: tuple[Point, ...] = ()
    outcome: FittedOutcome = TOP_1

    @property
    def estimate(self) -> bool:
        """Whether the metric is itself an estimate of accuracy."""
        return self.interior_error is not None

    def of(self, domain: Domain) -> tuple[Point, ...]:
        """The labelled points of one domain."""
        return tuple(point for point in self.points if point.domain is domain)

    def _repr_html_(self) -> str:
        """As a notebook shows it: the fits, and not each point."""
        facts = {
            "interior": _told(self.interior),
            "exterior": _told(self.exterior),
            "interior's line on the exterior": _told(self.transfer),
        }
        of = "all models" if self.model is None else self.model
        return facts_html(f"{self.outcome.words} and {self.label} of {of}", facts)


def _told(found: LineFit | Judgement | Undefined) -> str:
    if isinstance(found, Undefined):
        return found.reason
    rho = "" if found.spearman is None else f", ρ {found.spearman:+.3f}"
    return f"R² {found.r2:.3f}, RMSE {found.rmse:.4g}{rho}, n {found.n}"


def correlate(
    measurements: Iterable[Measurement],
    *,
    expected: Iterable[Expected] = (),
    outcome: FittedOutcome | None = None,
) -> tuple[Correlation, ...]:
    """Fit every metric against accuracy, per model and over all models together.

    Parameters
    ----------
    measurements
        In any order. Each brings the accuracy of its own model and dataset. A cell
        may come twice if both agree.
    expected
        Cells that the run was meant to measure. Those without a measurement are
        listed in their row, and a metric or model that has none keeps its row.
    outcome
        What to fit in place of accuracy; None for what the measurements say.

    Returns
    -------
    tuple of Correlation
        Sorted by metric, its axes, then model, the row over all models last. A row
        that cannot be fitted says why, as does that of a score with labels, which
        has no points. Accuracy itself has no row.

    Notes
    -----
    A cell measured twice with different results is not resolved by a guess: the rows
    that need it are undefined, and their reason names the dataset.
    """
    measurements = tuple(measurements)
    fitted = fitted_outcome(measurements) if outcome is None else outcome
    measured: dict[tuple[str, Axes], dict[str, list[Measurement]]] = {}
    labelled: dict[tuple[str, Axes], set[str]] = {}
    for found in measurements:
        if not found.label_free:
            labelled.setdefault(found.series, set()).add(found.model)
            continue
        by_model = measured.setdefault(found.series, {})
        by_model.setdefault(found.model, []).append(found)
    wanted = _unmeasured(expected, measured)

    correlations = []
    for series in in_order(measured.keys() | wanted.keys() | labelled.keys()):
        if series[0] == ACCURACY:
            continue
        if series in labelled and series not in measured:
            correlations += [
                _with_labels(series, m, fitted)
                for m in (*sorted(labelled[series]), None)
            ]
            continue
        have, want = measured.get(series, {}), wanted.get(series, {})
        cells = {
            model: _cells(have.get(model, ()), want.get(model, ()), fitted)
            for model in sorted(have.keys() | want.keys())
        }
        correlations += [_row(series, m, found, fitted) for m, found in cells.items()]
        correlations.append(_row(series, None, _together(cells.values()), fitted))
    return tuple(correlations)


def _unmeasured(
    expected: Iterable[Expected],
    measured: Mapping[tuple[str, Axes], Mapping[str, Sequence[Measurement]]],
) -> dict[tuple[str, Axes], dict[str, set[Expected]]]:
    """Expected cells without a measurement, by series and model."""
    datasets = {
        (series, model): {m.dataset for m in found}
        for series, by_model in measured.items()
        for model, found in by_model.items()
    }
    wanted: dict[tuple[str, Axes], dict[str, set[Expected]]] = {}
    for cell in expected:
        if cell.dataset not in datasets.get((cell.series, cell.model), ()):
            cells = wanted.setdefault(cell.series, {})
            cells.setdefault(cell.model, set()).add(cell)
    return wanted


def _with_labels(
    series: tuple[str, Axes], model: str | None, outcome: FittedOutcome
) -> Correlation:
    """The row of a score that labels were used for: nothing can be made of it."""
    never = Undefined(WITH_LABELS)
    metric, axes = series
    return Correlation(
        metric=metric,
        axes=axes,
        model=model,
        interior=never,
        exterior=never,
        transfer=never,
        points=(),
        outcome=outcome,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Torn:
    """A cell that was measured with different results: these, and by which tests."""

    points: tuple[Point, ...]
    tests: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """What came of the cells of one metric, in the order of models and datasets.

    Attributes
    ----------
    points, targets, missing
        As of `Correlation`; rows over all models hold the same points, not their like.
    torn
        Of each cell that was measured with different results.
    estimates
        Of each measurement of a kind, whether it is an estimate of accuracy.
    """

    points: tuple[Point, ...]
    targets: tuple[Point, ...]
    missing: tuple[Expected, ...]
    torn: tuple[_Torn, ...]
    estimates: frozenset[bool]


def _cells(
    measurements: Sequence[Measurement],
    missing: Iterable[Expected],
    outcome: FittedOutcome,
) -> _Cells:
    """Of one model."""
    alone, torn = _by_cell(measurements, outcome)
    # What can have no outcome is not waiting for one to be predicted.
    without = {(m.model, m.dataset) for m in measurements if "no_outcome" in m.facts}
    return _Cells(
        points=tuple(p for p in alone if _fitted(p)),
        targets=tuple(
            p for p in alone if not _fitted(p) and (p.model, p.dataset) not in without
        ),
        missing=tuple(sorted(missing, key=lambda cell: (cell.model, cell.dataset))),
        torn=tuple(torn),
        estimates=frozenset(m.estimate for m in measurements),
    )


def _together(models: Collection[_Cells]) -> _Cells:
    """Of all models, which are in order."""
    return _Cells(
        points=tuple(p for one in models for p in one.points),
        targets=tuple(p for one in models for p in one.targets),
        missing=tuple(cell for one in models for cell in one.missing),
        torn=tuple(torn for one in models for torn in one.torn),
        estimates=frozenset().union(*(one.estimates for one in models)),
    )


def _row(
    series: tuple[str, Axes],
    model: str | None,
    cells: _Cells,
    outcome: FittedOutcome,
) -> Correlation:
    inside = [p for p in cells.points if p.domain is Domain.INTERIOR]
    outside = [p for p in cells.points if p.domain is Domain.EXTERIOR]
    conflicts = _conflicts(cells.torn, outcome)
    interior: LineFit | Undefined
    exterior: LineFit | Undefined
    transfer: Judgement | Undefined
    if conflicts:
        interior = exterior = transfer = Undefined(conflicts)
    else:
        interior = or_reason(lambda: fit_line(*xy(inside), outcome=outcome))
        exterior = or_reason(lambda: fit_line(*xy(outside), outcome=outcome))
        transfer = _transfer(interior, outside, outcome)
    # Accuracy is what they are estimates of.
    estimate = cells.estimates == {True} and outcome.is_accuracy
    metric, axes = series
    return Correlation(
        metric=metric,
        axes=axes,
        model=model,
        interior=interior,
        exterior=exterior,
        transfer=transfer,
        points=cells.points,
        targets=cells.targets,
        contradicting=tuple(p for torn in cells.torn for p in torn.points),
        missing=cells.missing,
        interior_error=_error(inside, conflicts) if estimate else None,
        exterior_error=_error(outside, conflicts) if estimate else None,
        outcome=outcome,
    )


def _fitted(point: Point) -> bool:
    """Whether a point is one of those that lines are fitted on and judged by."""
    return point.y is not None and point.domain is not Domain.TARGET


def distinct_points(
    measurements: Iterable[Measurement],
    outcome: FittedOutcome = TOP_1,
) -> tuple[list[Point], list[Point], str]:
    """The points of one metric, those that contradict each other, and what they do.

    Each in a fixed order. Of contradicting points none is chosen.
    """
    alone, torn = _by_cell(tuple(measurements), outcome)
    return alone, [p for one in torn for p in one.points], _conflicts(torn, outcome)


def _by_cell(
    measurements: Sequence[Measurement], outcome: FittedOutcome
) -> tuple[list[Point], list[_Torn]]:
    """The points of cells with one result, and cells with several; each in order."""
    points: dict[tuple[str, str], Point] = {}
    several: dict[tuple[str, str], list[Point]] = {}
    for m in measurements:
        point = Point(
            model=m.model,
            dataset=m.dataset,
            family=m.family,
            domain=m.domain,
            x=m.value,
            y=outcome.value_of(m),
            images=m.images,
            traits=m.traits,
            resamples=_resamples(m),
            shares=_under_shares(m),
        )
        cell = m.model, m.dataset
        first = points.setdefault(cell, point)
        if first is not point and first != point:
            same = several.setdefault(cell, [first])
            if point not in same:
                same.append(point)
    tests: dict[tuple[str, str], set[str]] = {cell: set() for cell in several}
    for m in measurements if several else ():
        if (m.model, m.dataset) in several:
            tests[m.model, m.dataset].add(m.test)
    alone = [points[cell] for cell in sorted(points) if cell not in several]
    torn = [
        _Torn(
            points=tuple(sorted(several[cell], key=repr)), tests=frozenset(tests[cell])
        )
        for cell in sorted(several)
    ]
    return alone, torn


def _conflicts(torn: Sequence[_Torn], outcome: FittedOutcome) -> str:
    """What cells with several results do; nothing where there are none."""
    if not torn:
        return ""
    one, other, *_ = torn[0].points
    more = f" (and {len(torn) - 1} more)" if len(torn) > 1 else ""
    named = sorted(torn[0].tests - {""})
    by = f", by {' and '.join(named)}" if len(named) > 1 else ""
    return (
        f"{one.model} on {one.dataset} was measured twice with different results: "
        f"{_difference(one, other, outcome)}{more}{by}; record each variant under its "
        "own name, or with what tells them apart: record(NAME, VALUE, k=5)"
    )


def _resamples(m: Measurement) -> Resampled | None:
    """What `harness.fixtures.healthy` made a fact of."""
    if "resample_error" not in m.facts:
        return None
    return Resampled(
        mean=float(m.facts["resample_mean"]), error=float(m.facts["resample_error"])
    )


def _under_shares(m: Measurement) -> UnderShares | None:
    if "shares_value" not in m.facts:
        return None
    names = ("moved", "accuracy", "images", "source", "value")
    return UnderShares(**{name: float(m.facts[f"shares_{name}"]) for name in names})


def _difference(one: Point, other: Point, outcome: FittedOutcome) -> str:
    """What two points of one cell disagree on."""
    names = {"x": "value", "y": outcome.words}
    for name in ("x", "y", "images", "domain", "family", "traits"):
        a, b = getattr(one, name), getattr(other, name)
        if a != b:
            return f"{names.get(name, name)} {a} and {b}"
    raise AssertionError("equal points are one point")


def xy(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    """Metric and accuracy of labelled points."""
    return [p.x for p in points], [p.y for p in points if p.y is not None]


def or_reason(make: Callable[[], T]) -> T | Undefined:
    """What `make` returns, or why it does not exist."""
    try:
        return make()
    except Unfit as error:
        return Undefined(str(error))


def _transfer(
    interior: LineFit | Undefined, outside: Sequence[Point], outcome: FittedOutcome
) -> Judgement | Undefined:
    if isinstance(interior, Undefined):
        return Undefined(f"the interior has no fit: {interior.reason}")
    return or_reason(lambda: judge(interior, *xy(outside), outcome=outcome))


def _error(points: Sequence[Point], conflicts: str) -> Error | Undefined:
    if conflicts:
        return Undefined(conflicts)
    if not points:
        return Undefined("an error needs at least 1 dataset, got 0")
    x, y = xy(points)
    errors = np.array(x) - np.array(y)
    return Error(
        mae=float(np.abs(errors).mean()),
        rmse=float(np.sqrt((errors**2).mean())),
        bias=float(errors.mean()),
        n=len(points),
    )
