"""Choosing: does a label-free metric rank models as an outcome does, and pick the best?

Over models on one dataset: those of a zoo, or checkpoints of one training.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.analysis.correlation import ACCURACY, Undefined
from harness.analysis.fits import weighted
from harness.analysis.fits.fits import MINIMUM, Unfit
from harness.analysis.fits.outcome import FittedOutcome, fitted_outcome
from harness.analysis.resampling.jackknife import (
    MINIMUM_GROUPS,
    Interval,
    fit_intervals,
)
from harness.errors import UndefinedMetricError
from harness.measurement import NO_AXES, Axes, Measurement, Named, label_of
from harness.metrics.embeddings.clid import clid
from harness.models.layers import HEAD

if TYPE_CHECKING:
    from harness.metrics.spec import Trend

LAYER = "layer"
CLID = "clid"
#: alpha-ReQ is good near 1, so that models are ranked by how far it is from there.
ALPHA, FAR = "alpha_req", "alpha_req_from_1"
RISES, FALLS, NEITHER = 1, -1, 0
Series = tuple[str, Axes]
ByModel = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankCorrelation:
    """A correlation of ranks over models, with its sign.

    Attributes
    ----------
    value
        In [-1, 1].
    interval
        95 %, leaving out each model in turn; of fewer than five there is none.
    """

    value: float
    interval: Interval | Undefined


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """The model that a metric says is best, and what that costs.

    Attributes
    ----------
    model, outcome
        It, and its outcome.
    lost
        How much better the best model's outcome is, in the outcome's own unit; 0 where
        it was picked.
    """

    model: str
    outcome: float
    lost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Named):
    """One metric against one outcome, over models on one dataset.

    Attributes
    ----------
    metric, axes
        What ranks the models. ``clid`` is made of its two parts over these models;
        ``alpha_req_from_1`` is how far alpha-ReQ is from 1.
    dataset
        On what.
    better
        1 where more of the metric is better, -1 where less is, 0 where it goes neither
        way.
    outcome, outcome_axes
        What they are judged by.
    models, values, outcomes
        As many of each, by the models' names.
    spearman, kendall
        Of values and outcomes; Kendall's is tau-b.
    picked
        By the metric, in its direction.
    best
        The model of the best outcome, the first of such.
    """

    metric: str
    axes: Axes = NO_AXES
    dataset: str
    better: int
    outcome: str
    outcome_axes: Axes = NO_AXES
    models: tuple[str, ...]
    values: tuple[float, ...]
    outcomes: tuple[float, ...]
    spearman: RankCorrelation | Undefined
    kendall: RankCorrelation | Undefined
    picked: Pick | Undefined
    best: str

    @property
    def outcome_label(self) -> str:
        """The outcome with its axes."""
        return label_of(self.outcome, self.outcome_axes)


def choices(
    measurements: Iterable[Measurement], *, outcomes: Iterable[str] = ()
) -> tuple[Choice, ...]:
    """Hold every label-free metric against outcomes, over the models of each dataset.

    Parameters
    ----------
    measurements
        In any order.
    outcomes
        Names of scores with labels, as recorded, beside what the run fits metrics
        against. One of a layer is held against what was measured at that layer, and a
        metric that has no layer counts as one of the head.

    Returns
    -------
    tuple of Choice
        By outcome, dataset, metric and axes, where two models or more have both.
    """
    rows = [row for row in measurements if row.dataset]
    fitted = fitted_outcome(rows)
    metrics = _by_place(row for row in rows if _ranks(row))
    for dataset, by_series in metrics.items():
        metrics[dataset] = {**by_series, **_derived(by_series)}
    names = set(outcomes)
    judges = _by_place(r for r in rows if not r.label_free and r.metric in names)
    for row in rows:
        if (value := fitted.value_of(row)) is not None:
            own = judges.setdefault(row.dataset, {})
            own.setdefault((fitted.name, NO_AXES), {})[row.model] = value
    found = [
        _choice(series, dataset, values, judge, of_judge, fitted)
        for dataset, by_series in metrics.items()
        for judge, of_judge in judges.get(dataset, {}).items()
        for series, values in by_series.items()
        if _at_one_layer(series[1], judge[1]) and len(values.keys() & of_judge) > 1
    ]
    return tuple(
        sorted(
            found,
            key=lambda c: (c.outcome, c.outcome_axes.order, c.dataset, *c.order),
        )
    )


def _ranks(row: Measurement) -> bool:
    return row.label_free and row.metric != ACCURACY


def _by_place(rows: Iterable[Measurement]) -> dict[str, dict[Series, ByModel]]:
    """By dataset, then series, then model; the last of what was measured twice."""
    found: dict[str, dict[Series, ByModel]] = {}
    for row in rows:
        by_series = found.setdefault(row.dataset, {})
        by_series.setdefault(row.series, {})[row.model] = row.value
    return found


def _derived(by_series: Mapping[Series, ByModel]) -> dict[Series, ByModel]:
    """What is made of several models' numbers, or of others of theirs."""
    made: dict[Series, ByModel] = {}
    for (metric, axes), values in by_series.items():
        if metric == ALPHA:
            made[FAR, axes] = {m: abs(value - 1) for m, value in values.items()}
        if metric == "cluster_learnability":
            dimensions = by_series.get(("intrinsic_dimension", axes), {})
            both = sorted(values.keys() & dimensions.keys())
            try:
                found = clid([values[m] for m in both], [dimensions[m] for m in both])
            except UndefinedMetricError:
                continue
            made[CLID, axes] = dict(zip(both, found.tolist(), strict=True))
    return made


def _at_one_layer(axes: Axes, judge: Axes) -> bool:
    """Whether an outcome is of the layer that a metric is of; or of no layer."""
    at = dict(judge).get(LAYER)
    return at is None or dict(axes).get(LAYER, HEAD) == at


def _choice(
    series: Series,
    dataset: str,
    values: ByModel,
    judge: Series,
    of_judge: ByModel,
    fitted: FittedOutcome,
) -> Choice:
    models = sorted(values.keys() & of_judge.keys())
    x, y = [values[m] for m in models], [of_judge[m] for m in models]
    better, good = _direction(series[0]), _direction(judge[0]) or RISES
    best = max(range(len(models)), key=lambda i: good * y[i])
    return Choice(
        metric=series[0],
        axes=series[1],
        dataset=dataset,
        better=better,
        outcome=judge[0],
        outcome_axes=judge[1],
        models=tuple(models),
        values=tuple(x),
        outcomes=tuple(y),
        spearman=rank_correlation("spearman", x, y, models),
        kendall=rank_correlation("kendall", x, y, models),
        picked=_pick(models, x, y, better, good),
        best=models[best],
    )


def _direction(metric: str) -> int:
    if metric in (CLID, FAR):
        return RISES if metric == CLID else FALLS
    trend = _trends().get(metric)
    return NEITHER if trend is None else trend.value


def _trends() -> dict[str, Trend]:
    from harness.metrics import METRICS

    return {metric.name: metric.trend for metric in METRICS}


def rank_correlation(
    name: str, x: Sequence[float], y: Sequence[float], models: Sequence[str]
) -> RankCorrelation | Undefined:
    """A correlation of ranks over points, its interval by leaving out models.

    Parameters
    ----------
    name
        "spearman", "kendall" or "weighted_tau".
    x, y
        As many values and outcomes.
    models
        Of which each point is; several points may be of one.
    """
    n = len(models)
    if n < MINIMUM:
        return Undefined(f"a correlation over models needs {MINIMUM}, got {n}")
    arrays = np.asarray(x), np.asarray(y)
    value = float(weighted.STATISTICS[name](*arrays, np.ones((1, n)))[0])
    if not np.isfinite(value):
        return Undefined("all models have one value")
    if (groups := len(set(models))) < MINIMUM_GROUPS:
        few = Undefined(f"an interval needs {MINIMUM_GROUPS} models, got {groups}")
        return RankCorrelation(value=value, interval=few)
    try:
        interval: Interval | Undefined
        interval = fit_intervals(*arrays, models, statistics=(name,))[name]
    except Unfit as error:
        interval = Undefined(str(error))
    return RankCorrelation(value=value, interval=interval)


def _pick(
    models: Sequence[str],
    x: Sequence[float],
    y: Sequence[float],
    better: int,
    good: int,
) -> Pick | Undefined:
    if better == NEITHER:
        return Undefined("the metric goes neither way")
    most = max(better * value for value in x)
    first = [i for i, value in enumerate(x) if better * value == most]
    if len(first) > 1:
        tied = ", ".join(models[i] for i in first)
        return Undefined(f"{tied} have the best value alike")
    top = max(good * value for value in y)
    (i,) = first
    return Pick(model=models[i], outcome=y[i], lost=top - good * y[i])
