"""AURRA: accuracy of the surest images, over how many of them are answered."""

import numpy as np

from harness.activation import Activation
from harness.arrays import Array, Classes, Logits
from harness.metrics.numerics.uncertainty import mean_interval
from harness.metrics.outcomes.chance import prevalence
from harness.metrics.outcomes.confidence import by_confidence
from harness.metrics.spec import Input, Invariant, Metric, Trend


def aurra(
    logits: Logits, labels: Classes, *, activation: str = Activation.SOFTMAX
) -> float:
    r"""Return the area under the response rate accuracy curve.

    .. math:: \frac1n \sum_{k=1}^n \mathrm E\Big[ \frac1k \sum_{i \in T_k}
        \mathbb 1[\hat y_i = y_i] \Big]

    where :math:`T_k` holds the k images of the largest confidence, those of one
    confidence in a random order.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.
    activation
        "softmax", or "sigmoid": which probability of the predicted class it goes by.

    Returns
    -------
    float
        In [0, 1], higher is better: accuracy where confidence says nothing, more where
        the surest images are right more often.

    Raises
    ------
    ValueError
        If `logits` are not finite or are probabilities, `labels` are not n classes of
        them, or there is no such activation.

    Notes
    -----
    Ties are resolved by expectation. The published code takes them as a sort leaves
    them: of a constant confidence and half of the images right it can give 0.15 or
    0.85. Without ties the two agree.

    References
    ----------
    Hendrycks et al., "Natural Adversarial Examples", CVPR 2021, arXiv:1907.07174;
    hendrycks/natural-adv-examples, ``calibration_tools.py``.

    Examples
    --------
    >>> logits = np.log([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    >>> aurra(logits, np.array([0, 0, 1, 1]))  # (1 + 1 + 2/3 + 1/2) / 4
    0.791667
    >>> aurra(logits, np.array([1, 1, 0, 0]))  # (0 + 0 + 1/3 + 1/2) / 4
    0.208333
    >>> aurra(np.zeros((4, 2)), np.array([0, 0, 1, 1]))  # in any order
    0.5
    >>> logits = np.array([[5.0, 4.0], [3.0, 0.0]])  # a softmax is surer of the second
    >>> labels = np.array([0, 1])
    >>> aurra(logits, labels), aurra(logits, labels, activation="sigmoid")
    (0.25, 0.75)
    """
    _, right = by_confidence(logits, labels, activation)
    return float(_curve(right[::-1]).mean())


def _curve(right: Array) -> Array:
    """(n,) accuracy of the first k, for every k."""
    return np.asarray(np.cumsum(right) / np.arange(1, len(right) + 1))


def _interval(
    logits: Logits, labels: Classes, *, activation: str = Activation.SOFTMAX
) -> tuple[float, float]:
    """Student's of the influence values.

    An image of accuracy c at rank j moves the accuracy of the first k >= j by what c is
    apart from the accuracy at the edge, which it pushes out.
    """
    right = by_confidence(logits, labels, activation)[1][::-1]
    ranks = np.arange(1, len(right) + 1)
    beyond = (1 / ranks)[::-1].cumsum()[::-1]
    pushed = (right / ranks)[::-1].cumsum()[::-1]
    return mean_interval(right.mean() + right * beyond - pushed, bounds=(0.0, 1.0))


def _chance(logits: Logits, labels: Classes) -> float:
    """Always to name the most common class, with one confidence."""
    return prevalence(labels)


AURRA = Metric(
    fn=aurra,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Hendrycks et al. 2021, arXiv:1907.07174; ties by expectation",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.LOGIT_SHIFT}
    ),
    interval=_interval,
    chance=_chance,
)
