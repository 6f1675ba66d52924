"""Predicted accuracies with intervals, and how often the intervals held the truth."""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.ranges import Beyond
from harness.arrays import Array
from harness.metrics.numerics.uncertainty import LEVEL, sampling_interval, student

__all__ = [
    "LEVEL",
    "Coverage",
    "Prediction",
    "coverage",
    "interval_ends",
    "outwards",
    "sampling_interval",
    "student",
    "taken_for_granted",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The accuracy expected of a dataset, and the interval it should lie in.

    Attributes
    ----------
    accuracy, low, high
        In [0, 1]: what the line says beyond that is cut off.
    level
        The share of datasets whose accuracy the interval is meant to hold.
    inside
        Whether every metric lies in the range of its fit, or hardly beyond. Far outside
        the fit is an extrapolation, and the level is not to be believed.
    beyond
        The metrics that lie beyond their range, farthest first.
    reason
        What was taken for granted beside, for people; empty where nothing was.
    unlike
        How far the predicted classes are from the source's, where that is to be doubted
        and nothing corrects it; None where it is not.
    """

    accuracy: float
    low: float
    high: float
    level: float
    inside: bool
    beyond: tuple[Beyond, ...] = ()
    reason: str = ""
    unlike: float | None = None

    @property
    def believed(self) -> bool:
        """Whether nothing speaks against the interval."""
        return self.inside and self.unlike is None

    def or_else(self, other: Self, reason: str) -> Self:
        """Return the same with an interval that also holds another's, and why.

        Examples
        --------
        >>> one = Prediction(accuracy=0.9, low=0.8, high=0.95, level=0.95, inside=True)
        >>> both = one.or_else(replace(one, accuracy=0.3, low=0.2, high=0.4), "perhaps")
        >>> both.accuracy, both.low, both.high, both.reason
        (0.9, 0.2, 0.95, 'perhaps')
        """
        low, high = min(self.low, other.low), max(self.high, other.high)
        return replace(self, low=low, high=high, reason=reason)


def outwards(low: float, high: float) -> tuple[int, int]:
    """The ends of an interval in whole percent, rounded so that it is no narrower.

    Examples
    --------
    >>> outwards(0.911, 0.991), outwards(0.07, 0.29)
    ((91, 100), (7, 29))
    """
    # 100 * 0.29 is a little less than 29, and 100 * 0.07 a little more than 7.
    return math.floor(100 * low + 1e-9), math.ceil(100 * high - 1e-9)


def taken_for_granted(moved: float, low: float, high: float) -> str:
    """What a forecast for other class shares rests on, for people.

    Parameters
    ----------
    moved
        Total variation between the shares and the source's.
    low, high
        The interval of the forecast if the images have changed, and not the shares.

    Examples
    --------
    >>> taken_for_granted(0.333, 0.211, 0.5).partition("; ")[2][:58]
    'if the images have changed instead, 21 to 50 of 100 are ri'
    """
    least, most = outwards(low, high)
    return (
        f"class shares alone seem to be others (by {moved:.2f}), and the forecast is "
        f"for those; if the images have changed instead, {least} to {most} of 100 are "
        "right: the interval holds both"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many accuracies lay in the intervals predicted without them.

    Attributes
    ----------
    covered, n
        Datasets whose accuracy was inside, and all.
    level
        The share that was promised.
    mae
        Mean absolute error of the predictions, as a fraction of 1.
    width
        Mean width of the intervals, as a fraction of 1.
    """

    covered: int
    n: int
    level: float
    mae: float
    width: float

    @property
    def share(self) -> float:
        """What was achieved, to be compared with `level`."""
        return self.covered / self.n


def coverage(
    y: Array, middle: Array, low: Array, high: Array, level: float
) -> Coverage:
    """What came of predicting the accuracies `y` with these intervals."""
    return Coverage(
        covered=int(((low <= y) & (y <= high)).sum()),
        n=len(y),
        level=level,
        mae=float(np.abs(y - middle).mean()),
        width=float((high - low).mean()),
    )


def interval_ends(
    middle: Array, half: Array, images: ArrayLike | None, level: float
) -> tuple[Array, Array]:
    """Return the ends of intervals, which may leave [0, 1] as their middles may.

    Parameters
    ----------
    middle, half : (n,) arrays
        Predicted accuracies, and what the fit's own scatter asks for.
    images : (n,) array, optional
        No interval is narrower than the sampling noise of so many images at the
        predicted accuracy. The scatter of a fit has that noise in it, of the images
        that it was fitted on: the two are not added, the wider counts at each end.
    level : float
        Of that noise.

    Examples
    --------
    >>> low, high = interval_ends(np.array([1.2]), np.array([0.1]), [100], 0.95)
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.963, 1.3)
    """
    low, high = middle - half, middle + half
    if images is None:
        return low, high
    least, most = sampling_interval(np.clip(middle, 0, 1), images, level)
    return np.minimum(low, least), np.maximum(high, most)
