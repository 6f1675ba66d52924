"""Metric: a pure function plus every fact the harness needs to know about it."""

import inspect
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from typing import Any

from harness.code import source_digest
from harness.measurement import Axes
from harness.metrics.ask import Ask, Input, checked_asks

__all__ = ["Ask", "Input", "Invariant", "Kind", "Metric", "Trend", "checked_value"]


class Trend(Enum):
    """Expected sign of the relation between a metric and accuracy."""

    RISES = 1
    FALLS = -1
    NONE = 0


class Kind(StrEnum):
    """What a metric's number is."""

    SCORE = "score"  # must be fitted against accuracy before it predicts any
    ESTIMATE = "estimate"  # is itself an estimate of accuracy


class Invariant(Enum):
    """Symmetries that property tests hold a metric to."""

    IMAGE_ORDER = "permuting the target images changes nothing"
    CLASS_ORDER = "renaming the classes changes nothing where no top class is tied"
    VIEW_ORDER = "permuting the views changes nothing"
    DUPLICATION = "measuring every image twice changes nothing"
    LOGIT_SHIFT = "adding a constant to an image's logits changes nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A pure function and its declared facts.

    Attributes
    ----------
    fn
        float64 arrays in (one per entry of `inputs`, in that order), one float out;
        options are keyword-only. No torch, no pytest, no global randomness.
    inputs
        What the positional arguments are: words of `Input`, or an `Ask` for another
        layer, view or split.
    bounds
        Closed interval of possible values; ``inf`` for an open side.
    trend
        Expected sign of the relation with accuracy.
    source
        Where the definition comes from, down to the equation.
    kind
        A score, or a direct estimate of accuracy.
    invariants
        Symmetries that the property tests hold the function to.
    depends_on_n
        The value drifts with the number of images, so sets of unequal size cannot
        be compared; the report warns where they are.
    calibratable
        The function takes a `temperature` that makes the logits' confidences those of
        a calibrated model. Metrics of probabilities need not say so.
    chance
        From the same arrays, the value of a predictor that knows nothing, where that
        depends on the run; reports print it beside the metric.
    line_r2
        From the same arrays, the R² of the line over models that the value rests on;
        the report warns where it is low.
    costly
        Takes seconds, or training, for each cell: run only where it is asked for.
    on_request
        Left out of what `harness predict` takes where no metrics are named.
    any_label
        Of an outcome: it asks only which place a label has in the order of the logits,
        so that of several acceptable labels the first in that order stands for all.
    proportion
        It is the share of the target's images that are right: binomial statistics of
        so many images hold for it.
    interval
        From the same arrays and options, how far the value would move with other
        images: its 95 % interval. For outcomes, which are reported with it.
    stands_for
        Another metric at a place along its axes, which has this name there:
        ``"rotation_prediction"`` is ``("pretext_prediction", {"task": "rotation"})``.
    """

    fn: Callable[..., float]
    inputs: tuple[Ask, ...]
    bounds: tuple[float, float]
    trend: Trend
    source: str
    kind: Kind = Kind.SCORE
    invariants: frozenset[Invariant] = frozenset()
    depends_on_n: bool = False
    calibratable: bool = False
    chance: Callable[..., float] | None = None
    line_r2: Callable[..., float] | None = None
    costly: bool = False
    on_request: bool = False
    any_label: bool = False
    proportion: bool = False
    interval: Callable[..., tuple[float, float]] | None = None
    stands_for: tuple[str, Axes] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", checked_asks(self.inputs))

    @property
    def label_free(self) -> bool:
        """Whether it asks for no label of the target, by input or by keyword.

        What does is an outcome: it is never fitted as a metric, ranked among metrics or
        predicted with, whatever arrays it is given.
        """
        asked = any((a.what, a.of) == ("labels", "target") for a in self.inputs)
        return not asked and not _takes(self.fn, "labels")

    @property
    def needs_classes(self) -> bool:
        """Whether it asks for more than features and labels: encoders have no more."""
        return any(ask.what not in ("features", "labels") for ask in self.inputs)

    @property
    def name(self) -> str:
        """The function's name; also its name in reports and gates."""
        return self.fn.__name__

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.fn) or "").partition("\n")[0]

    @property
    def version(self) -> str:
        """Digest of the source of the module that defines the function.

        Empty for one that is none of the harness's: where code of others counts, and
        how far it is followed, is for who uses it to say.
        """
        if self.fn.__module__.partition(".")[0] != "harness":
            return ""
        return source_digest(self.fn.__module__)

    @property
    def uses_confidence(self) -> bool:
        """Whether dividing the logits by a temperature is meant to change the value."""
        return self.calibratable or any(ask.what == "probs" for ask in self.inputs)

    @property
    def goes_by_activation(self) -> bool:
        """Whether it is of how sure a network is of its answer, as that was trained.

        The function then takes an `activation`. Measures of distributions over the
        classes do not: a sigmoid gives none.
        """
        return _takes(self.fn, "activation")

    def __call__(self, *arrays: Any, **options: Any) -> float:
        """Evaluate, and refuse a value outside the declared bounds."""
        return checked_value(self.name, self.fn(*arrays, **options), self.bounds)


@cache
def _takes(fn: Callable[..., float], name: str) -> bool:
    try:
        return name in inspect.signature(fn).parameters
    except (TypeError, ValueError):  # of a function that does not tell
        return False


def checked_value(
    name: str, value: Any, bounds: tuple[float, float] = (-float("inf"), float("inf"))
) -> float:
    """Return `value` as a plain float, or refuse it.

    Raises
    ------
    TypeError
        If it is not a real number (or a 0-d array of one).
    ValueError
        If it is nan, infinite, or outside `bounds`.
    """
    if isinstance(value, bool | str | bytes):
        raise TypeError(f"{name} must return a number, got {value!r}")
    try:
        number = float(value)
    except OverflowError as error:
        most = sys.float_info.max
        raise ValueError(
            f"{name} must return a finite number, got one beyond {most:.2g}"
        ) from error
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must return one number, got {value!r:.200}") from error
    low, high = bounds
    if not math.isfinite(number):
        raise ValueError(f"{name} must return a finite number, got {number!r}")
    if not low <= number <= high:
        raise ValueError(
            f"{name} returned {number!r}, outside its bounds [{low:g}, {high:g}]"
        )
    return number
