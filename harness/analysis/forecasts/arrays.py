"""A forecast from arrays: what networks said, and no run of pytest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.analysis.coverage import LEVEL, Prediction
from harness.analysis.fits.lines import Unfit
from harness.analysis.forecasts.direct import PREFERRED, direct
from harness.analysis.forecasts.forecaster import fit_forecaster
from harness.analysis.ranges import Beyond, beyond, farthest_first
from harness.arrays import Array, Classes, Logits
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_logits, check_source
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
        Each estimate as it is, by its name.
    inside
        Whether anything like it was in the interior; if not, the interval is not to be
        believed. None without an interior, where nothing tells.
    beyond
        Estimates that lie outside of their range on the interior.
    weaker
        Why the interval is from other data and other networks; empty where it was
        fitted.
    """

    accuracy: float
    low: float
    high: float
    level: float
    raw: dict[str, float]
    inside: bool | None
    beyond: tuple[Beyond, ...]
    weaker: str


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
    target_logits, source_logits = _floats(target_logits), _floats(source_logits)
    source_labels = np.asarray(source_labels)
    check_logits(target_logits, name="target_logits")
    classes = target_logits.shape[1]
    check_source(source_logits, source_labels, classes)
    if not 0 < level < 1:
        raise ValueError(f"`level` must be between 0 and 1, got {level:g}")
    interior = [_checked(one, i, classes) for i, one in enumerate(interior)]
    source = (source_logits, source_labels)
    found = {m.name: _value(m, target_logits, source) for m in _estimates()}
    raw = {name: value for name, value in found.items() if value is not None}
    if not raw:
        raise UndefinedMetricError("no estimate of accuracy exists for these arrays")
    known = float((source_logits.argmax(axis=1) == source_labels).mean())
    images = len(source_labels)
    if not interior:
        name = next((n for n in PREFERRED if n in raw), next(iter(raw)))
        made = direct(name, source_accuracy=known, source_images=images, level=level)
        (said,) = made.predictions([[raw[name]]], images=[len(target_logits)])
        return _forecast(said, raw, None, (), WEAKER.format(name=name))
    sets = [*interior, Labelled(logits=source_logits, labels=source_labels, kinds=())]
    table = {
        m.name: [_value(m, one.logits, source) for one in sets]
        for m in _estimates()
        if m.name in raw
    }
    usable = {
        n: np.array(v, dtype=np.float64) for n, v in table.items() if None not in v
    }
    if not usable:
        raise Unfit("no estimate of accuracy exists on all sets of the interior")
    estimates = np.array(list(usable.values())).T
    fit = fit_forecaster(
        estimates[:-1],
        np.array([_accuracy(one) for one in interior]),
        np.array([len(one.labels) for one in interior]),
        [one.traits for one in interior],
        source=estimates[-1],
        source_accuracy=known,
        source_images=images,
        level=level,
    )
    size = len(target_logits)
    healthy = {
        m.name: _resampled(m, source, size) for m in _estimates() if m.name in usable
    }
    means = [
        drawn.mean if (drawn := healthy[n]) else values[-1]
        for n, values in usable.items()
    ]
    (said,) = fit.predictions([[raw[n] for n in usable]], images=[size], healthy=means)
    judged = [
        beyond(name, raw[name], values.min(), values.max(), healthy[name])
        for name, values in usable.items()
    ]
    out = [one for one in judged if one is not None]
    return _forecast(said, raw, not any(b.far for b in out), farthest_first(out), "")


WEAKER = (
    "without an interior the interval is from other data and other networks; {name} is "
    "taken as it is"
)


def _forecast(
    said: Prediction,
    raw: dict[str, float],
    inside: bool | None,
    beyond: tuple[Beyond, ...],
    weaker: str,
) -> AccuracyForecast:
    return AccuracyForecast(
        accuracy=said.accuracy,
        low=said.low,
        high=said.high,
        level=said.level,
        raw=raw,
        inside=inside,
        beyond=beyond,
        weaker=weaker,
    )


@cache
def _estimates() -> tuple[Metric, ...]:
    """Those that logits of target and source, and its labels, suffice for."""
    from harness.metrics import METRICS

    return tuple(
        m for m in METRICS if m.kind is Kind.ESTIMATE and set(m.inputs) <= set(_FROM)
    )


def _value(
    metric: Metric, logits: Logits, source: tuple[Logits, Classes]
) -> float | None:
    given = dict(zip(_FROM, (logits, *source), strict=True))
    try:
        return float(metric.fn(*(given[one] for one in metric.inputs)))
    except UndefinedMetricError:
        return None


def _resampled(
    metric: Metric, source: tuple[Logits, Classes], size: int
) -> Resampled | None:
    """What the metric says of sets of so many images that are like the source's."""
    logits, _ = source

    def measure(rows: NDArray[np.intp]) -> float:
        given = dict(zip(_FROM, (logits[rows], *source), strict=True))
        return float(metric.fn(*(given[one] for one in metric.inputs)))

    try:
        return resampled(measure, len(logits), size)
    except UndefinedMetricError:
        return None


def _accuracy(one: Labelled) -> float:
    return float((one.logits.argmax(axis=1) == one.labels).mean())


def _checked(one: Labelled, number: int, classes: int) -> Labelled:
    logits, labels = _floats(one.logits), np.asarray(one.labels)
    try:
        check_source(logits, labels, classes)
    except ValueError as error:
        raise ValueError(f"set {number} of `interior`: {error}") from error
    return Labelled(logits=logits, labels=labels, kinds=tuple(one.kinds))


def _floats(array: ArrayLike) -> Array:
    """As metrics take them; of a tensor too."""
    return np.asarray(array, dtype=np.float64)
