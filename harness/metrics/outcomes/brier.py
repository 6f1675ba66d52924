"""Brier score: the squared distance of the probabilities from the truth."""

import numpy as np

from harness.arrays import Array, Classes, Logits, softmax
from harness.metrics.numerics.checks import check_labels, check_logits
from harness.metrics.numerics.uncertainty import mean_interval
from harness.metrics.outcomes.chance import shares
from harness.metrics.spec import Input, Invariant, Metric, Trend


def brier_score(logits: Logits, labels: Classes) -> float:
    r"""Return the mean squared distance of the probabilities from the labels.

    .. math:: \frac1n \sum_i \sum_j (p_{ij} - \mathbb 1[y_i = j])^2

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.

    Returns
    -------
    float
        In [0, 2], lower is better: 0 where every label has probability 1, 2 where
        another class always has it, 1 - 1/k where all classes have the same.

    Raises
    ------
    ValueError
        If `logits` are not finite or are probabilities, or `labels` are not n classes
        of them.

    Notes
    -----
    As Brier has it: summed over all classes, so that two classes count twice. Others
    halve it, scikit-learn for two classes unless told otherwise, or divide it by the
    number of classes; then it is another number.

    References
    ----------
    Brier, "Verification of forecasts expressed in terms of probability", Monthly
    Weather Review 78, 1950, equation 2.

    Examples
    --------
    >>> logits = np.log([[0.5, 0.5], [0.25, 0.75]])
    >>> round(brier_score(logits, np.array([0, 1])), 6)  # 0.5 and 0.125
    0.3125
    >>> brier_score(np.array([[0.0, -1e4]]), np.array([1]))
    2.0
    """
    return float(_distances(logits, labels).mean())


def _distances(logits: Logits, labels: Classes) -> Array:
    """(n,) of each image."""
    check_logits(logits)
    check_labels(labels, *logits.shape)
    apart = softmax(logits)
    apart[np.arange(len(labels)), labels] -= 1
    return np.asarray((apart**2).sum(axis=1))


def _interval(logits: Logits, labels: Classes) -> tuple[float, float]:
    return mean_interval(_distances(logits, labels), bounds=(0.0, 2.0))


def _chance(logits: Logits, labels: Classes) -> float:
    """Always to say the labels' shares."""
    return float(1 - (shares(labels, logits.shape[1]) ** 2).sum())


BRIER_SCORE = Metric(
    fn=brier_score,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, 2.0),
    trend=Trend.FALLS,
    source="Brier 1950, equation 2: summed over all classes",
    invariants=frozenset(
        {
            Invariant.IMAGE_ORDER,
            Invariant.CLASS_ORDER,
            Invariant.DUPLICATION,
            Invariant.LOGIT_SHIFT,
        }
    ),
    interval=_interval,
    chance=_chance,
)
