"""Negative log-likelihood: how surprising the labels are to the model, in nats."""

import numpy as np

from harness.arrays import Array, Classes, Logits, log_softmax
from harness.metrics.numerics.checks import check_labels, check_logits
from harness.metrics.numerics.uncertainty import mean_interval
from harness.metrics.outcomes.chance import shares
from harness.metrics.spec import Input, Invariant, Metric, Trend


def negative_log_likelihood(logits: Logits, labels: Classes) -> float:
    r"""Return the mean negative log-probability of the labels: cross-entropy.

    .. math:: -\frac1n \sum_i \log p_{i y_i}

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.

    Returns
    -------
    float
        In [0, ∞), in nats, lower is better: 0 where every label has probability 1,
        log k where all classes always have the same.

    Raises
    ------
    ValueError
        If `logits` are not finite or are probabilities, or `labels` are not n classes
        of them.

    Notes
    -----
    Of the logits' log-softmax in float64, so that a label of probability 1e-400 costs
    921 nats and not infinity; nothing is clipped. One image can outweigh all others.

    References
    ----------
    Good, "Rational Decisions", Journal of the Royal Statistical Society B 14, 1952: the
    logarithmic score.

    Examples
    --------
    >>> logits = np.log([[0.5, 0.5], [0.25, 0.75]])
    >>> round(negative_log_likelihood(logits, np.array([0, 1])), 6)  # log 2, log 4/3
    0.490415
    >>> negative_log_likelihood(np.array([[0.0, -1e4]]), np.array([1]))
    10000.0
    """
    return float(_losses(logits, labels).mean())


def _losses(logits: Logits, labels: Classes) -> Array:
    """(n,) of each image."""
    check_logits(logits)
    check_labels(labels, *logits.shape)
    chosen = log_softmax(logits)[np.arange(len(labels)), labels]
    return np.asarray(0.0 - chosen)  # and not -0.0


def _interval(logits: Logits, labels: Classes) -> tuple[float, float]:
    return mean_interval(_losses(logits, labels), bounds=(0.0, np.inf))


def _chance(logits: Logits, labels: Classes) -> float:
    """Always to say the labels' shares: their entropy."""
    q = shares(labels, logits.shape[1])
    return float(np.sum(q[q > 0] * -np.log(q[q > 0]))) + 0.0


NEGATIVE_LOG_LIKELIHOOD = Metric(
    fn=negative_log_likelihood,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, np.inf),
    trend=Trend.FALLS,
    source="Good 1952: the logarithmic score, in nats",
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
