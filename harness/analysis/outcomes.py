"""Outcomes: scores that labels were used for. Reported, and never fitted or ranked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from harness.analysis.correlation import ACCURACY
from harness.measurement import NO_AXES, Axes, Measurement, Named


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore(Named):
    """One score of one model that labels were used for.

    Attributes
    ----------
    metric, model
        What, of whom.
    datasets
        How many it was recorded on.
    mean, low, high
        Of its values.
    axes
        As recorded.
    """

    metric: str
    model: str
    datasets: int
    mean: float
    low: float
    high: float
    axes: Axes = NO_AXES


def whole_series(measurements: Iterable[Measurement]) -> list[Measurement]:
    """The same, where a score with labels on one dataset is one with labels on all.

    What is left of it would be fitted as if it were another, label-free, metric.
    """
    rows = list(measurements)
    labelled = {m.series for m in rows if not m.label_free}
    return [
        replace(m, label_free=False) if m.label_free and m.series in labelled else m
        for m in rows
    ]


def outcome_series(measurements: Iterable[Measurement]) -> set[tuple[str, Axes]]:
    """Measures that are declared outcomes, which come with intervals."""
    return {
        m.series for m in measurements if not m.label_free and m.interval is not None
    }


def label_scores(measurements: Iterable[Measurement]) -> tuple[LabelScore, ...]:
    """What tests recorded that look at labels, but for declared outcomes.

    Those are in the scorecard, and accuracy is everywhere. Two tests that record one
    name have a row each.
    """
    measurements = tuple(measurements)
    declared = outcome_series(measurements)
    rows: dict[tuple[tuple[str, Axes], str, str], list[Measurement]] = {}
    for m in measurements:
        if not m.label_free and m.metric != ACCURACY and m.series not in declared:
            rows.setdefault((m.series, m.model, m.test), []).append(m)
    scores = [
        LabelScore(
            metric=metric,
            axes=axes,
            model=model,
            datasets=len(found),
            mean=sum(m.value for m in found) / len(found),
            low=min(m.value for m in found),
            high=max(m.value for m in found),
        )
        for ((metric, axes), model, _), found in rows.items()
    ]
    return tuple(sorted(scores, key=lambda score: (score.order, score.model)))
