"""A forecast from arrays: what networks said, and no run of pytest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from harness.analysis.assumptions import gap_limit, usual_gap
from harness.analysis.correlation import Undefined
from harness.analysis.coverage import LEVEL, Prediction, taken_for_granted
from harness.analysis.fits.lines import Unfit
from harness.analysis.forecasts.arguments import check_level
from harness.analysis.forecasts.direct import PREFERRED, Direct, direct
from harness.analysis.forecasts.forecaster import Forecaster, fit_forecaster
from harness.analysis.headlines import Trust, judged
from harness.analysis.ranges import Beyond, beyond, farthest_first
from harness.arrays import Classes, Logits, array_of, floats
from harness.display import facts_html
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_logits, check_source
from harness.metrics.numerics.diagnostics import marginal_gap
from harness.metrics.numerics.label_shift import (
    ClassShares,
    class_shares,
    rows_with_shares,
)
from harness.metrics.numerics.resamples import Resampled, resampled
from harness.metrics.spec import Input, Kind, Metric
from harness.traits import TRANSFORMATIONS, Trait, together

_FROM = {
    Input.LOGITS: "logits",
    Input.SOURCE_LOGITS: "source_logits",
    Input.SOURCE_LABELS: "source_labels",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A labelled dataset that a forecast learns from: often the source, transformed.

    Attributes
    ----------
    logits
        (n, k) array of what the network said.
    labels
        (n,) true classes.
    kinds
        What was done to the images, ``("affine", "blur")``: intervals leave out whole
        kinds.
    """

    logits: Logits
    labels: Classes
    kinds: tuple[str, ...]

    @property
    def traits(self) -> dict[str, Trait]:
        """As datasets of a run say it."""
        return {TRANSFORMATIONS: together(self.kinds)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyForecast:
    """The accuracy that is expected of unlabelled images, and how far to trust it.

    Attributes
    ----------
    accuracy, low, high, level
        Expected, with the interval that is meant to hold a share of `level`.
    raw
        Each estimate as it is, by its name. Some, `difference_of_confidences` among
        them, may lie outside of [0, 1] by their definition; the forecast never does.
    inside
        Whether anything like it was in the interior; if not, the interval is not to be
        believed. None without an interior, where nothing tells.
    beyond
        Estimates that lie outside of their range on the interior.
    weaker
        Why the interval is from other data and other networks; empty where it was
        fitted.
    reason
        What was taken for granted beside: that class shares alone are others, and the
        forecast is for those (the interval also holds what it is if the images have
        changed instead); empty where nothing was.
    trust, reasons
        Whether to believe the interval, as the command's headline says it, and why.
    """

    accuracy: float
    low: float
    high: float
    level: float
    raw: dict[str, float]
    inside: bool | None
    beyond: tuple[Beyond, ...]
    weaker: str
    reason: str = ""
    trust: Trust = Trust.CARE
    reasons: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """As a notebook shows it."""
        facts = {
            "accuracy": f"{100 * self.accuracy:.1f} %",
            f"{100 * self.level:g} % interval": (
                f"{100 * self.low:.1f} to {100 * self.high:.1f} %"
            ),
            "trust": f"{self.trust}",
            "because": "; ".join(self.reasons),
            "taken for granted": self.reason,
            "note": self.weaker,
            "estimates as they are": ", ".join(
                f"{name} {100 * value:.1f}" for name, value in self.raw.items()
            ),
        }
        return facts_html("predicted accuracy", facts)


def predict_accuracy(
    target_logits: Logits,
    source_logits: Logits,
    source_labels: Classes,
    *,
    interior: Sequence[Labelled] = (),
    level: float = LEVEL,
) -> AccuracyForecast:
    """Return the accuracy to expect of a network on images that nobody labelled.

    Parameters
    ----------
    target_logits : (n, k) array
        What the network said of the unlabelled images.
    source_logits : (s, k) array
        What it said of labelled images that it was not trained on.
    source_labels : (s,) integer array
        Their true classes.
    interior : sequence of Labelled
        The source under transformations of at least three kinds; ten sets and more
        serve. Without it an estimate is taken as it is, with a wider interval.
    level : float
        The share of datasets that intervals are meant to hold.

    Returns
    -------
    AccuracyForecast

    Raises
    ------
    TypeError
        If something cannot become an array of real or, of labels, of whole numbers,
        `interior` has anything but `Labelled`, or `level` is no number.
    ValueError
        If arrays are not finite or do not fit together, or if `level` is not between 0
        and 1.
    UndefinedMetricError
        If no estimate of accuracy exists for these arrays.
    Unfit
        If there is an interior, and no forecast can be fitted on it.

    Notes
    -----
    As `harness predict` forecasts from logits: `harness.analysis.forecasts.anchored`
    has the fit, `widths` the interval, `direct` what stands in without an interior.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.integers(0, 3, size=300)
    >>> def answers(noise):
    ...     return 4 * np.eye(3)[labels] + rng.normal(0, noise, size=(300, 3))
    >>> target = answers(2.0)
    >>> found = predict_accuracy(target, answers(1.5), labels)
    >>> bool(found.low < np.mean(target.argmax(axis=1) == labels) < found.high)
    True
    >>> found.weaker[:36]
    'without an interior the interval is '
    """
    target_logits = floats(target_logits, "target_logits")
    source_logits = floats(source_logits, "source_logits")
    source_labels = array_of(source_labels, "source_labels")
    check_logits(target_logits, name="target_logits")
    classes = target_logits.shape[1]
    check_source(source_logits, source_labels, classes, like="target_logits")
    check_level(level)
    interior = _checked(interior, classes)
    source = (source_logits, source_labels)
    found = {m.name: _value(m, target_logits, source) for m in _estimates()}
    raw = {name: value for name, value in found.items() if value is not None}
    if not raw:
        raise UndefinedMetricError("no estimate of accuracy exists for these arrays")
    given = _Given(
        target=target_logits, source=source, interior=interior, level=level, raw=raw
    )
    made = plain = _forecast(given, None)
    said = plain.said
    shares = class_shares(target_logits, *source)
    if shares.alone:
        made = _forecast(given, shares)
        reason = taken_for_granted(shares.moved, said.low, said.high)
        said = made.said.or_else(said, reason)
    plane = made.plane
    without = Undefined("nothing was left out")
    trust, reasons = judged(
        said,
        plane,
        unlike=_unlike(given),
        record=plane.left_out if isinstance(plane, Forecaster) else without,
    )
    return AccuracyForecast(
        accuracy=said.accuracy,
        low=said.low,
        high=said.high,
        level=said.level,
        raw=raw,
        inside=said.inside if isinstance(plane, Forecaster) else None,
        beyond=said.beyond,
        weaker=made.weaker,
        reason=said.reason,
        trust=trust,
        reasons=reasons,
    )


WEAKER = (
    "without an interior the interval is from other data and other networks; {name} is "
    "taken as it is"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What a forecast is made from, checked; `raw` are the estimates as they are."""

    target: Logits
    source: tuple[Logits, Classes]
    interior: Sequence[Labelled]
    level: float
    raw: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A forecast, and what made it."""

    said: Prediction
    plane: Forecaster | Direct
    weaker: str = ""


def _unlike(given: _Given) -> float:
    """How far predicted classes are from the source's; 0 where that is as usual."""
    labels = given.source[1]

    def gap(logits: Logits) -> float:
        return marginal_gap(logits.argmax(axis=1), labels)

    usual = usual_gap([gap(one.logits) for one in given.interior])
    images, classes = given.target.shape
    found = gap(given.target)
    return found if found > gap_limit(classes, images, usual) else 0.0


def _forecast(given: _Given, shares: ClassShares | None) -> _Made:
    """Of the target; where class shares are others, from the source brought to them."""
    source, there = given.source, given.source
    images: float = len(source[1])
    values = given.raw
    if shares is not None:
        rows = rows_with_shares(source[1], shares.shares)
        there, images = (source[0][rows], source[1][rows]), shares.worth
        found = {n: _value(m, given.target, there) for n, m in _named(values).items()}
        values = {name: value for name, value in found.items() if value is not None}
        if not values:
            raise UndefinedMetricError(
                "no estimate of accuracy exists for these shares"
            )
    size = len(given.target)
    if not given.interior:
        name = next((n for n in PREFERRED if n in values), next(iter(values)))
        made = direct(
            name,
            source_accuracy=_right(*there),
            source_images=images,
            level=given.level,
        )
        (said,) = made.predictions([[values[name]]], images=[size])
        return _Made(said=said, plane=made, weaker=WEAKER.format(name=name))
    sets = [*given.interior, Labelled(logits=source[0], labels=source[1], kinds=())]
    table = {
        name: [_value(m, one.logits, source) for one in sets]
        for name, m in _named(values).items()
    }
    usable = {
        n: np.array(v, dtype=np.float64) for n, v in table.items() if None not in v
    }
    if not usable:
        raise Unfit("no estimate of accuracy exists on all sets of the interior")
    estimates = np.array(list(usable.values())).T
    fit = fit_forecaster(
        estimates[:-1],
        np.array([_right(one.logits, one.labels) for one in given.interior]),
        np.array([len(one.labels) for one in given.interior]),
        [one.traits for one in given.interior],
        source=estimates[-1],
        source_accuracy=_right(*source),
        source_images=len(source[1]),
        level=given.level,
    )
    if shares is not None:
        at = [_on(m, there[0], there) for m in _named(usable).values()]
        fit = fit.of_shares(at, _right(*there), images)
    healthy = {n: _resampled(m, there, size) for n, m in _named(usable).items()}
    means = [
        drawn.mean if (drawn := healthy[n]) else at_source
        for n, at_source in zip(usable, fit.fit.source, strict=True)
    ]
    (said,) = fit.predictions(
        [[values[n] for n in usable]],
        images=[size],
        healthy=None if shares is not None else means,
    )
    ranges = [
        beyond(n, values[n], low.min(), low.max(), healthy[n])
        for n, low in usable.items()
    ]
    out = farthest_first(one for one in ranges if one is not None)
    inside = not any(one.far for one in out)
    return _Made(said=replace(said, inside=inside, beyond=out), plane=fit)


@cache
def _estimates() -> tuple[Metric, ...]:
    """Those that logits of target and source, and its labels, suffice for."""
    from harness.metrics import METRICS

    return tuple(
        m for m in METRICS if m.kind is Kind.ESTIMATE and set(m.inputs) <= set(_FROM)
    )


def _named(names: Collection[str]) -> dict[str, Metric]:
    """Those of the estimates, by their names."""
    return {m.name: m for m in _estimates() if m.name in names}


def _value(
    metric: Metric, logits: Logits, source: tuple[Logits, Classes]
) -> float | None:
    try:
        return _on(metric, logits, source)
    except UndefinedMetricError:
        return None


def _on(metric: Metric, logits: Logits, source: tuple[Logits, Classes]) -> float:
    given = dict(zip(_FROM, (logits, *source), strict=True))
    return float(metric.fn(*(given[one] for one in metric.inputs)))


def _resampled(
    metric: Metric, source: tuple[Logits, Classes], size: int
) -> Resampled | None:
    """What the metric says of sets of so many images that are like the source's."""
    logits, _ = source

    def measure(rows: NDArray[np.intp]) -> float:
        return _on(metric, logits[rows], source)

    try:
        return resampled(measure, len(logits), size)
    except UndefinedMetricError:
        return None


def _right(logits: Logits, labels: Classes) -> float:
    return float((logits.argmax(axis=1) == labels).mean())


def _checked(interior: Sequence[Labelled], classes: int) -> list[Labelled]:
    try:
        sets = list(interior)
    except TypeError:
        raise TypeError(
            "`interior` must be a sequence of harness.Labelled, got "
            f"{type(interior).__name__}; leave it out where there is none"
        ) from None
    return [_checked_set(one, i, classes) for i, one in enumerate(sets)]


def _checked_set(one: Labelled, number: int, classes: int) -> Labelled:
    where = f"set {number} of `interior`"
    if not isinstance(one, Labelled):
        raise TypeError(
            f"{where} must be a harness.Labelled(logits=..., labels=..., kinds=...), "
            f"got {type(one).__name__}"
        )
    kinds = one.kinds
    if not isinstance(kinds, tuple | list) or not all(
        isinstance(kind, str) for kind in kinds
    ):
        raise TypeError(
            f"{where}: `kinds` must be names such as ('affine', 'blur'), got "
            f"{kinds!r:.60}"
        )
    try:
        logits, labels = floats(one.logits, "logits"), array_of(one.labels, "labels")
        check_source(logits, labels, classes, prefix="", like="target_logits")
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    return Labelled(logits=logits, labels=labels, kinds=tuple(kinds))
