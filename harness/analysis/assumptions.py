"""Assumptions of metrics that labels are not needed to doubt, gathered from the cells.

Each finding keeps its number, whether it warns or not; `LIMITS` says when it does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.measurement import Domain
from harness.printable import counted

if TYPE_CHECKING:
    from harness.analysis.targets import TargetPrediction
    from harness.measurement import Measurement


class Doubt(StrEnum):
    """What may be wrong, in the words of the report."""

    MARGINAL = "predicted classes unlike the source's"
    CALIBRATION = "confidence off on the source"
    SATURATION = "images with a confidence of exactly 1"
    LINE = "agreement line loose"
    IMAGES = "drifts with the number of images, which differs"
    RANGE = "metrics outside the range of their fits"


# Beyond these a finding warns. They are rules of thumb: a tenth of the images, five
# points of accuracy, a line whose residuals are a quarter of its spread.
LIMITS: Mapping[Doubt, float] = {
    # Total variation, beyond what few images alone would give; and no less than on nine
    # in ten datasets of the interior, whose labels are known to be the source's.
    Doubt.MARGINAL: 0.2,
    Doubt.CALIBRATION: 0.05,  # gap between confidence and accuracy
    Doubt.SATURATION: 0.1,  # share of images
    Doubt.LINE: 0.95,  # R², at least, of no fewer than `MODELS`
    Doubt.IMAGES: 1.1,  # most by fewest images
    Doubt.RANGE: 0.1,  # share of the metrics that were fitted
}
# Fewer models make few pairs, each model in several: their line says little.
MODELS = 8
# Of the interior's gaps, and how many of them there must be. Its labels are the
# source's own, so they show how far errors alone push the predicted classes.
_USUAL, _ENOUGH = 0.9, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One number about one assumption.

    Attributes
    ----------
    doubt
        Which.
    model
        Whose; empty where it is of all models.
    where
        The dataset that is worst, or the metric; empty where there is one alone.
    value
        The worst value: as `LIMITS` has it.
    warns
        Whether it is beyond its limit.
    beyond, of
        On how many datasets it is, and on how many it was looked at.
    note
        What else belongs to the number.
    """

    doubt: Doubt
    model: str
    where: str
    value: float
    warns: bool
    beyond: int = 1
    of: int = 1
    note: str = ""


def assumptions(
    measurements: Sequence[Measurement],
    predictions: Sequence[TargetPrediction] = (),
    *,
    classes: int,
    drifting: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Everything that is known without labels, the worst of each kind first.

    Parameters
    ----------
    measurements
        With the facts of `harness.fixtures.diagnostics`, where they were recorded.
    predictions
        Of the targets.
    classes
        How many the base has: shares of many classes scatter more.
    drifting
        Names of the metrics whose value depends on the number of images.
    """

    elsewhere = [m for m in measurements if m.domain is not Domain.INTERIOR]
    noisy = _gap_limit(measurements, classes)

    def fixed(doubt: Doubt) -> Callable[[Measurement], float]:
        return lambda m: LIMITS[doubt]

    found = [
        *_by_model(elsewhere, "marginal_gap", Doubt.MARGINAL, noisy),
        *_by_model(
            measurements, "source_ece", Doubt.CALIBRATION, fixed(Doubt.CALIBRATION)
        ),
        *_by_model(
            measurements, "saturated", Doubt.SATURATION, fixed(Doubt.SATURATION)
        ),
        *_lines(measurements),
        *_images(measurements, drifting),
        *_ranges(predictions),
    ]
    order = list(Doubt)
    return tuple(
        sorted(found, key=lambda f: (order.index(f.doubt), not f.warns, -_badness(f)))
    )


def unlike_source(
    measurements: Sequence[Measurement], *, classes: int
) -> dict[tuple[str, str], float]:
    """By model and dataset, the gap of predicted classes that are unlike the source's.

    Datasets of the interior, whose true classes are the source's, are left out.
    """
    limit = _gap_limit(measurements, classes)
    return {
        (m.model, m.dataset): gap
        for m in measurements
        if m.domain is not Domain.INTERIOR and "marginal_gap" in m.facts
        if (gap := float(m.facts["marginal_gap"])) > limit(m)
    }


def _gap_limit(
    measurements: Iterable[Measurement], classes: int
) -> Callable[[Measurement], float]:
    """What a gap must be beyond to warn."""
    usual = usual_gaps(measurements)

    def limit(m: Measurement) -> float:
        return gap_limit(classes, m.images, usual.get(m.model, 0.0))

    return limit


def gap_limit(classes: int, images: int, usual: float) -> float:
    """What a gap of so many images must be beyond to warn.

    Parameters
    ----------
    classes, images
        Of the base, of the dataset.
    usual
        What nine in ten datasets of the interior keep to.
    """
    return max(LIMITS[Doubt.MARGINAL] + marginal_noise(classes, images), usual)


def usual_gaps(measurements: Iterable[Measurement]) -> dict[str, float]:
    """By model, the gap that nine in ten datasets of the interior keep to.

    Only where there are ten.
    """
    gaps: dict[str, dict[str, float]] = {}
    for m in measurements:
        if m.domain is Domain.INTERIOR and "marginal_gap" in m.facts:
            gaps.setdefault(m.model, {})[m.dataset] = float(m.facts["marginal_gap"])
    return {
        model: usual_gap(found.values())
        for model, found in gaps.items()
        if len(found) >= _ENOUGH
    }


def usual_gap(gaps: Collection[float]) -> float:
    """What nine in ten of a model's gaps keep to; 0 of fewer than ten.

    Examples
    --------
    >>> usual_gap([0.1] * 9 + [0.5]), usual_gap([0.1] * 8 + [0.5])
    (0.1, 0.0)
    """
    if len(gaps) < _ENOUGH:
        return 0.0
    return sorted(gaps)[math.ceil(_USUAL * len(gaps)) - 1]


def marginal_noise(classes: int, images: int) -> float:
    r"""Bound on the mean total variation of n images' shares from their own law.

    .. math:: \tfrac12 \sum_j \mathrm E |q_j - \pi_j| \le \tfrac12 \sqrt{(k - 1) / n}

    Examples
    --------
    >>> marginal_noise(10, 900)
    0.05
    """
    return math.sqrt((classes - 1) / images) / 2


def _badness(found: Finding) -> float:
    return -found.value if found.doubt is Doubt.LINE else found.value


def _by_model(
    measurements: Iterable[Measurement],
    fact: str,
    doubt: Doubt,
    limit: Callable[[Measurement], float],
) -> Iterator[Finding]:
    """A finding for each model: its worst dataset, and how many are beyond."""
    pairs: dict[str, dict[str, Measurement]] = {}
    for m in measurements:
        if fact in m.facts:
            pairs.setdefault(m.model, {})[m.dataset] = m
    for model, datasets in pairs.items():
        values = {name: float(m.facts[fact]) for name, m in datasets.items()}
        beyond = [n for n, m in datasets.items() if values[n] > limit(m)]
        # Of those beyond: a small set may scatter further than a large one is wrong.
        worst = max(beyond or values, key=lambda name: values[name])
        yield Finding(
            doubt=doubt,
            model=model,
            where=worst,
            value=values[worst],
            warns=bool(beyond),
            beyond=len(beyond),
            of=len(values),
        )


def _lines(measurements: Iterable[Measurement]) -> Iterator[Finding]:
    """Of agreement over all models, so every model of a dataset has the same."""
    values: dict[str, float] = {}
    models = set()
    for m in measurements:
        if "line_r2" in m.facts:
            models.add(m.model)
            r2 = float(m.facts["line_r2"])
            values[m.dataset] = min(r2, values.get(m.dataset, r2))
    if values:
        loose = sum(r2 < LIMITS[Doubt.LINE] for r2 in values.values())
        few = len(models) < MODELS
        worst = min(values, key=lambda name: values[name])
        yield Finding(
            doubt=Doubt.LINE,
            model="",
            where=worst,
            value=values[worst],
            warns=loose > 0 and not few,
            beyond=loose,
            of=len(values),
            note=f"{counted(len(models), 'model')}, of {MODELS} that it takes"
            if few
            else "",
        )


def _images(
    measurements: Iterable[Measurement], drifting: Collection[str]
) -> Iterator[Finding]:
    """Metrics that cannot be compared between sets of unequal size, where they are."""
    counts: dict[str, set[int]] = {}
    for m in measurements:
        if m.metric in drifting:
            counts.setdefault(m.metric, set()).add(m.images)
    for metric, images in counts.items():
        low, high = min(images), max(images)
        yield Finding(
            doubt=Doubt.IMAGES,
            model="",
            where=metric,
            value=high / low,
            warns=high / low > LIMITS[Doubt.IMAGES],
            note=f"{low} to {high} images",
        )


def _ranges(predictions: Iterable[TargetPrediction]) -> Iterator[Finding]:
    """Targets on which single metrics lie outside of what they were fitted on."""
    pairs: dict[tuple[str, str], dict[str, bool]] = {}
    for one in predictions:
        metrics = one.predictor.labels
        alone = not one.predictor.is_combined
        if alone and not isinstance(one.prediction, Undefined):
            inside = pairs.setdefault((one.model, one.dataset), {})
            inside[metrics[0]] = one.prediction.inside
    for (model, dataset), inside in pairs.items():
        outside = sorted(name for name, is_in in inside.items() if not is_in)
        share = len(outside) / len(inside)
        yield Finding(
            doubt=Doubt.RANGE,
            model=model,
            where=dataset,
            value=share,
            warns=share > LIMITS[Doubt.RANGE],
            beyond=len(outside),
            of=len(inside),
            note=", ".join(outside),
        )
