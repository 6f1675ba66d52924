"""Predicted accuracies with intervals, and how often the intervals held the truth."""

from dataclasses import dataclass

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
    "sampling_interval",
    "student",
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
    """

    accuracy: float
    low: float
    high: float
    level: float
    inside: bool
    beyond: tuple[Beyond, ...] = ()
    reason: str = ""


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
