"""Accuracy: what every other metric is judged against, from labels that none sees."""

from harness.arrays import Classes, Logits
from harness.metrics.numerics.checks import check_labels, check_scores
from harness.metrics.numerics.uncertainty import share_interval
from harness.metrics.outcomes.chance import prevalence
from harness.metrics.spec import Input, Invariant, Kind, Metric, Trend


def accuracy(logits: Logits, labels: Classes) -> float:
    r"""Return the share of images whose largest logit is at their label.

    .. math:: \frac1n \sum_i \mathbb 1[\arg\max_j f_{ij} = y_i]

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix, or `labels` are not n classes of it.

    Notes
    -----
    Of classes tied for the largest logit the first is the prediction, as `numpy.argmax`
    has it. A constant network is therefore right on class 0, not on 1/k of the images.

    Examples
    --------
    >>> import numpy as np
    >>> logits = np.array([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0], [1.0, 1.0]])
    >>> accuracy(logits, np.array([0, 1, 1, 0]))  # the tie counts as class 0
    0.75
    >>> accuracy(logits, np.array([0, 1, 1, 1]))
    0.5
    """
    check_scores(logits, name="logits")
    check_labels(labels, *logits.shape)
    return float((logits.argmax(axis=1) == labels).mean())


def _interval(logits: Logits, labels: Classes) -> tuple[float, float]:
    return share_interval(logits.argmax(axis=1) == labels)


def _chance(logits: Logits, labels: Classes) -> float:
    """Always to name the most common class."""
    return prevalence(labels)


ACCURACY = Metric(
    fn=accuracy,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="top-1 accuracy",
    kind=Kind.ESTIMATE,
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
    any_label=True,
    proportion=True,
    interval=_interval,
    chance=_chance,
)
