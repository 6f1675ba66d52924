"""Predicted accuracies with intervals, and how often the intervals held the truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.metrics.checks import Array

LEVEL = 0.95


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
        Whether every metric lies in the range of its fit. Outside of it the fit is an
        extrapolation, and the level is not to be believed.
    """

    accuracy: float
    low: float
    high: float
    level: float
    inside: bool


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


def coverage(errors: Array, half: Array, level: float) -> Coverage:
    """What came of predictions with these errors and half widths."""
    return Coverage(
        covered=int((np.abs(errors) <= half).sum()),
        n=len(errors),
        level=level,
        mae=float(np.abs(errors).mean()),
        width=float((2 * half).mean()),
    )


def student(freedom: ArrayLike, level: float) -> Array:
    """Two-sided quantile of Student's t."""
    if not 0 < level < 1:
        raise ValueError(f"`level` must be between 0 and 1, got {level:g}")
    from scipy.special import stdtrit

    return np.asarray(stdtrit(freedom, (1 + level) / 2))
