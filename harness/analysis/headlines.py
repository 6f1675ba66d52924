"""Headlines: one sentence on each model and folder that people can act on.

About how many are right, how sure that is, whether to trust it and why, what to do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.analysis.correlation import Undefined
from harness.analysis.coverage import Coverage, Prediction, outwards
from harness.analysis.forecasts.direct import Direct
from harness.analysis.forecasts.forecaster import Forecaster
from harness.analysis.labelling import Labelled, expected_interval, labels_needed
from harness.analysis.targets import Key, TargetPrediction
from harness.printable import counted

#: Kinds that must have been left out for a width to be believed. With fewer the widest
#: error seen stands for 95 % of them.
FEWEST_KINDS = 8
#: Below the level by more than this, intervals held too seldom.
SHORT_OF_LEVEL = 0.05
#: An interval as wide as this says little.
WIDE = 0.5
_SAYS_LITTLE = "the interval is so wide that it says little"
#: What labels are asked to give where the forecast is not to be trusted; half of its
#: interval where it is, with care, and that is less.
AIM = 0.2


class Trust(StrEnum):
    """Whether the interval is to be believed."""

    YES = "trust it"
    CARE = "trust it with care"
    NO = "do not trust it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """How many images to label next, and what that would give.

    Attributes
    ----------
    label
        So many in all: the first of `harness.analysis.labelling.drawn`.
    low, high
        The interval to be expected then, without what confidences add.
    sure
        Whether it is at the accuracy that is expected; else at one half, where
        intervals are widest, since the accuracy is not known.
    """

    label: int
    low: float
    high: float
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What people should know of one model on one folder.

    Attributes
    ----------
    model, dataset, images
        Whose accuracy, on what, and how many images that has.
    accuracy, low, high, level
        In [0, 1], and how often such intervals hold; None where nothing is known.
    by
        What it is from: "8 estimates", "60 labels".
    labels_used
        Whether it is from labels and not from the forecast.
    trust, reasons
        Whether to believe it, and why or why not.
    raw, raw_by
        What the best single estimate says as it is, and its name; None without one.
    advice
        What to label next; None where all is labelled.
    labelled
        What labels of some of the images say, where they were given.
    """

    model: str
    dataset: str
    images: int
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    level: float
    by: str
    labels_used: bool = False
    trust: Trust
    reasons: tuple[str, ...] = ()
    raw: float | None = None
    raw_by: str = ""
    advice: Advice | None = None
    labelled: Labelled | None = None


def headlines(
    predictions: Sequence[TargetPrediction],
    *,
    unlike: Mapping[Key, float] | None = None,
    labelled: Mapping[Key, Labelled] | None = None,
) -> tuple[Headline, ...]:
    """Return a headline for each model and dataset, by model and dataset.

    Parameters
    ----------
    predictions
        Of accuracy; of other outcomes there is no headline.
    unlike
        By model and dataset, how unlike the source's the predicted classes are, where
        that is to be doubted; None where it was not looked at.
    labelled
        By model and dataset, what labels of some images say.
    """
    groups: dict[Key, list[TargetPrediction]] = {}
    for one in predictions:
        if one.predictor.outcome.is_accuracy:
            groups.setdefault((one.model, one.dataset), []).append(one)
    return tuple(
        _headline(
            standing_for(group),
            None if unlike is None else unlike.get(key, 0.0),
            (labelled or {}).get(key),
        )
        for key, group in sorted(groups.items())
    )


def standing_for(group: Sequence[TargetPrediction]) -> TargetPrediction:
    """The one of a model and a dataset that stands for all: combined, or the best."""
    combined = [one for one in group if one.predictor.is_combined]
    return combined[0] if combined else best_alone(group)


def best_alone(group: Sequence[TargetPrediction]) -> TargetPrediction:
    """The prediction that errs least on left-out datasets of the interior."""
    return min(group, key=_error)


def _error(one: TargetPrediction) -> float:
    record = one.predictor.record
    if isinstance(one.prediction, Undefined) or isinstance(record, Undefined):
        return math.inf
    return record.mae


def _headline(
    one: TargetPrediction, unlike: float | None, labelled: Labelled | None
) -> Headline:
    found = one.prediction
    trust, reasons = _judged(one, unlike)
    level = 0.95 if isinstance(found, Undefined) else found.level
    enough = labelled is not None and _enough(labelled, found, trust)
    use_labels = enough or (labelled is not None and _apart(labelled, found))
    middle = low = high = None
    by = one.predictor.name
    if use_labels and labelled is not None:
        middle, low, high = labelled.accuracy, labelled.low, labelled.high
        by, level = counted(labelled.labelled, "label"), labelled.level
        trust, reasons = _labels_judged(labelled, found, enough=enough)
    elif isinstance(found, Prediction):
        middle, low, high = found.accuracy, found.low, found.high
        if labelled is not None:
            reasons = (*reasons, f"labels alone say {spoken(labelled)}")
    return Headline(
        model=one.model,
        dataset=one.dataset,
        images=one.images,
        accuracy=middle,
        low=low,
        high=high,
        level=level,
        by=by,
        labels_used=use_labels,
        trust=trust,
        reasons=reasons,
        raw=one.raw,
        raw_by=one.raw_by,
        advice=_advice(one.images, middle, low, high, trust, level, labelled),
        labelled=labelled,
    )


def _enough(labelled: Labelled, found: Prediction | Undefined, trust: Trust) -> bool:
    """Whether so many labels tell more than the forecast, whatever they say.

    What they say must not decide: intervals that happen to be narrow hold less often.
    """
    if isinstance(found, Undefined) or trust is not Trust.YES:
        return True
    low, high = expected_interval(
        found.accuracy, labelled.labelled, labelled.images, level=labelled.level
    )
    return high - low <= found.high - found.low


def _apart(labelled: Labelled, found: Prediction | Undefined) -> bool:
    if isinstance(found, Undefined):
        return False
    return labelled.low > found.high or labelled.high < found.low


def _labels_judged(
    labelled: Labelled, found: Prediction | Undefined, *, enough: bool
) -> tuple[Trust, tuple[str, ...]]:
    wide = (_SAYS_LITTLE,) * (labelled.high - labelled.low >= WIDE)
    if not labelled.drawn:
        return Trust.CARE, (
            "the labelled images are not the ones that were drawn, and the interval "
            "holds only if they were chosen at random",
            *wide,
        )
    reasons = [
        "the labelled images were drawn at random, so nothing is taken for granted of "
        "what made the others"
    ]
    if not isinstance(found, Undefined):
        refuted = "refute" if _apart(labelled, found) else "do not refute"
        reasons.append(f"they {refuted} the forecast of {spoken(found)}")
    if not enough:
        why = "few labels do so by chance now and then"
        return Trust.CARE, (reasons[-1], why, *wide)
    return Trust.CARE if wide else Trust.YES, (*wide, *reasons)


def _judged(
    one: TargetPrediction, unlike: float | None
) -> tuple[Trust, tuple[str, ...]]:
    """Whether to trust a forecast, and why: doubts, or what speaks for it."""
    found, predictor = one.prediction, one.predictor
    if isinstance(found, Undefined):
        return Trust.NO, (f"there is no forecast: {found.reason}",)
    return judged(
        found,
        predictor.plane,
        unlike=unlike,
        record=predictor.record,
        metrics=len(predictor.metrics),
        instead=predictor.instead,
    )


def judged(
    found: Prediction,
    plane: Any,
    *,
    unlike: float | None,
    record: Coverage | Undefined,
    metrics: int = 1,
    instead: str = "",
) -> tuple[Trust, tuple[str, ...]]:
    """Return whether to trust a forecast, and why: doubts, or what speaks for it.

    Parameters
    ----------
    found
        The forecast.
    plane
        What made it: a `Forecaster`, a `Direct`, or a fit of metrics.
    unlike
        How unlike the source's the predicted classes are, 0 where that is not to be
        doubted; None where it was not looked at.
    record
        What came of such forecasts on what was left out.
    metrics, instead
        How many metrics it is made of, and why no estimates were.
    """
    against = list(_against(found, unlike))
    doubts = list(_doubts(found, plane, metrics, instead))
    if against or doubts:
        return Trust.NO if against else Trust.CARE, (*against, *doubts)
    return Trust.YES, tuple(_for(record, unlike))


def _against(found: Prediction, unlike: float | None) -> Iterator[str]:
    """What makes the interval worth nothing."""
    far = [beyond for beyond in found.beyond if beyond.far]
    if far:
        more = f", the farthest of {len(far)} metrics" * (len(far) > 1)
        yield f"outside of the range that the fit has seen: {far[0].words}{more}"
    elif not found.inside:
        yield "outside of the range that the fit has seen"
    if unlike and not found.reason:  # else the forecast has taken it into account
        yield (
            f"the predicted classes are unlike the source's (by {unlike:.2f}), and "
            "where the true ones are too, estimates are far too low"
        )


def _doubts(found: Prediction, plane: Any, metrics: int, instead: str) -> Iterator[str]:
    """What makes the interval weaker than it looks."""
    if isinstance(plane, Direct):
        yield (
            "without transformed copies nothing tells how wrong an estimate is on this "
            "model; the interval is from other data and other networks"
        )
    elif not isinstance(plane, Forecaster):
        what = "one metric is" if metrics == 1 else "metrics are"
        why = instead or "no estimate of accuracy was measured"
        yield f"{what} fitted freely, which foretells worse: {why}"
    else:
        left_out = plane.left_out
        if left_out.share < left_out.level - SHORT_OF_LEVEL:
            yield (
                f"only {left_out.covered} of {left_out.n} forecasts of kinds left out "
                "of the fit held"
            )
        if plane.width.kinds < FEWEST_KINDS:
            yield (
                f"the fit has seen {counted(plane.width.kinds, 'kind')} of shift alone"
            )
    if found.reason:
        yield found.reason
    if found.high - found.low >= WIDE:
        yield _SAYS_LITTLE


def _for(record: Coverage | Undefined, unlike: float | None) -> Iterator[str]:
    yield "no metric lies far outside of the range that the fit has seen"
    if unlike is not None:
        yield (
            "the predicted classes are no further from the source's than wrong answers "
            "take them on the copies"
        )
    if not isinstance(record, Undefined):
        yield (
            f"{record.covered} of {record.n} forecasts of kinds left out of the fit "
            "held; of a kind unlike all of these nothing is promised"
        )


def _advice(
    images: int,
    middle: float | None,
    low: float | None,
    high: float | None,
    trust: Trust,
    level: float,
    labelled: Labelled | None,
) -> Advice | None:
    """Labels that halve a trusted interval, or give one so wide whatever is true."""
    have = labelled.labelled if labelled is not None and labelled.drawn else 0
    if have >= images or low == high is not None:
        return None
    at, width, sure = 0.5, AIM, False
    if middle is not None and low is not None and high is not None:
        half = (high - low) / 2
        if trust is Trust.YES:
            at, width, sure = middle, half, True
        elif trust is Trust.CARE:
            width = min(half, AIM)
    n = max(labels_needed(at, images, width, level=level), min(have + 1, images))
    ends = expected_interval(at, n, images, level=level)
    return Advice(label=n, low=ends[0], high=ends[1], sure=sure)


def spoken(found: Prediction | Labelled) -> str:
    """An interval in whole percent, its ends rounded outwards.

    Examples
    --------
    >>> spoken(Prediction(accuracy=0.5, low=0.411, high=0.6, level=0.95, inside=True))
    '41 to 60 of 100'
    """
    low, high = outwards(found.low, found.high)
    return f"{low} to {high} of 100"
