"""Calibration of each class by itself: rising maps from confidence to frequency."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array

FOLDS = 3
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RisingMap:
    """A rising piecewise-linear map, flat beyond its first and last knot."""

    knots: Array
    values: Array

    def __call__(self, scores: Array) -> Array:
        """Map scores of any shape."""
        return np.asarray(np.interp(scores, self.knots, self.values))


def isotonic_map(scores: Array, hits: NDArray[np.bool_]) -> RisingMap:
    """The rising map closest to the hits in least squares.

    Parameters
    ----------
    scores : (s,) array
    hits : (s,) bool array
        What the map should be the frequency of.

    Examples
    --------
    >>> found = isotonic_map(np.array([0.1, 0.2, 0.3]), np.array([False, True, False]))
    >>> found(np.array([0.0, 0.15, 0.9])).round(6).tolist()  # 0, half-way, pooled 1/2
    [0.0, 0.25, 0.5]
    """
    from scipy.optimize import isotonic_regression

    knots, groups, counts = np.unique(scores, return_inverse=True, return_counts=True)
    means = np.bincount(groups, weights=hits) / counts
    return RisingMap(knots=knots, values=isotonic_regression(means, weights=counts).x)


def calibration_error(
    confidences: Array, hits: NDArray[np.bool_], *, bins: int = BINS
) -> float:
    """Mean gap between confidence and frequency over bins of equal numbers of images.

    Parameters
    ----------
    confidences : (s,) array
    hits : (s,) bool array
    bins
        At most; no bin is empty.

    Examples
    --------
    >>> confidences = np.array([0.1, 0.3, 0.8, 1.0])
    >>> hits = np.array([False, False, True, True])
    >>> round(calibration_error(confidences, hits, bins=2), 6)  # (0.2 + 0.1) / 2
    0.15
    >>> round(calibration_error(confidences, hits, bins=1), 6)
    0.05
    """
    order = np.argsort(confidences, kind="stable")
    gaps = (confidences - hits)[order]
    s = len(gaps)
    edges = np.unique(np.linspace(0, s, min(bins, s) + 1).astype(np.int64))
    return float(np.abs(np.add.reduceat(gaps, edges[:-1])).sum() / s)


def helpful_map(
    scores: Array, hits: NDArray[np.bool_], *, seed: int = 0
) -> RisingMap | None:
    """The isotonic map, or None where it does not make held-out images better.

    Fitted on all images; kept if maps fitted on two thirds have a smaller calibration
    error on the other third, over three folds together, which hits and misses are dealt
    out to evenly at random. None with fewer than three hits or three misses.

    Parameters
    ----------
    scores : (s,) array
    hits : (s,) bool array
        What the map should be the frequency of.
    seed
        Of the deal. Not the order of the images, which may itself be periodic.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.random(300)
    >>> hits = rng.random(300) < truth
    >>> helpful_map(truth**4, hits) is None  # far too low: calibrated
    False
    >>> helpful_map(truth, np.ones(300, dtype=bool)) is None  # no misses
    True
    """
    if min(hits.sum(), (~hits).sum()) < FOLDS:
        return None
    rng = np.random.default_rng(seed)
    folds = np.empty(len(hits), dtype=np.int64)
    for group in (hits, ~hits):
        folds[group] = rng.permutation(np.arange(group.sum()) % FOLDS)
    mapped = np.empty(len(hits))
    for fold in range(FOLDS):
        held = folds == fold
        mapped[held] = isotonic_map(scores[~held], hits[~held])(scores[held])
    if calibration_error(mapped, hits) >= calibration_error(scores, hits):
        return None
    return isotonic_map(scores, hits)


def nannyml_map(scores: Array, hits: NDArray[np.bool_]) -> RisingMap | None:
    """The isotonic map by NannyML's rule, or None where that keeps the scores.

    They are kept where they part hits from misses with an area under the ROC curve
    above 0.999, and where maps fitted on nine tenths have no smaller calibration error
    on the other tenth, over ten stratified draws together. That first clause leaves
    sure and nearly separated classes as they are, however far off they are.

    Parameters
    ----------
    scores : (s,) array
    hits : (s,) bool array
        What the map should be the frequency of; at least two of a kind.

    References
    ----------
    NannyML 0.13.1, nannyml/calibration.py, `needs_calibration`, whose draws and bins
    these are.

    Examples
    --------
    >>> scores = np.linspace(0.3, 0.7, 40)
    >>> nannyml_map(scores, scores > 0.5) is None  # separated, though hardly sure
    True
    >>> helpful_map(scores, scores > 0.5) is None
    False
    """
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedShuffleSplit

    if hits.all() or not hits.any() or roc_auc_score(hits, scores) > 0.999:
        return None
    draws = StratifiedShuffleSplit(n_splits=10, test_size=0.1, random_state=42)
    before, after, truth = [], [], []
    for train, test in draws.split(scores, hits):
        before.append(scores[test])
        after.append(isotonic_map(scores[train], hits[train])(scores[test]))
        truth.append(hits[test])
    held = np.concatenate(truth)
    errors = [_nannyml_error(np.concatenate(some), held) for some in (before, after)]
    return isotonic_map(scores, hits) if errors[0] > errors[1] else None


def _nannyml_error(confidences: Array, hits: NDArray[np.bool_]) -> float:
    """As `calibration_error`, in bins of s // 10 images; the last takes the rest."""
    s = len(hits)
    bins = s // 2 if s <= 2 * BINS else BINS
    edges = np.arange(0, s + 1, s // bins)[:-1]
    gaps = (confidences - hits)[np.argsort(confidences)]
    return float(np.abs(np.add.reduceat(gaps, edges)).sum() / s)
