"""Top-k accuracy: is the label among the k largest logits?"""

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Classes, Logits
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_labels, check_scores
from harness.metrics.numerics.uncertainty import share_interval
from harness.metrics.outcomes.chance import shares
from harness.metrics.spec import Input, Invariant, Metric, Trend


def among_top(logits: Logits, labels: Classes, *, k: int) -> NDArray[np.bool_]:
    """(n,) whether fewer than k classes stand before each image's label.

    Before it stand the classes of larger logits, and of those of the same logit the
    ones of lower index: so every image has k classes exactly, and the first is what
    `argmax` takes.

    Raises
    ------
    ValueError
        If the arrays do not fit together, or `k` is below 1.
    UndefinedMetricError
        If there are fewer classes than k.

    Examples
    --------
    >>> logits = np.array([[3.0, 2.0, 2.0], [3.0, 2.0, 2.0]])
    >>> among_top(logits, np.array([1, 2]), k=2).tolist()  # of the tie, the first
    [True, False]
    """
    check_scores(logits, name="logits")
    n, classes = logits.shape
    check_labels(labels, n, classes)
    if k < 1:
        raise ValueError(f"`k` must be at least 1, got {k}")
    if k > classes:
        raise UndefinedMetricError(f"top-{k} needs at least {k} classes, got {classes}")
    own = logits[np.arange(n), labels][:, None]
    earlier = np.arange(classes) < labels[:, None]
    before = (logits > own) | ((logits == own) & earlier)
    return np.asarray(before.sum(axis=1) < k)


def top_5(logits: Logits, labels: Classes) -> float:
    r"""Return the share of images whose label is among the five largest logits.

    .. math:: \frac1n \sum_i \mathbb 1\Big[ \big|\{j : f_{ij} > f_{i y_i}\} \cup
        \{j < y_i : f_{ij} = f_{i y_i}\}\big| < 5 \Big]

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n, at least top-1 accuracy. 1 for five classes.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix, or `labels` are not n classes of it.
    UndefinedMetricError
        If there are fewer than five classes.

    Notes
    -----
    Of tied logits the classes of lowest index count as the larger, as in top-1
    accuracy, so that there are always five. `among_top` is the same for any number.

    References
    ----------
    Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 2015,
    arXiv:1409.0575, section 4.1.

    Examples
    --------
    >>> logits = np.array([[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]] * 4)
    >>> top_5(logits, np.array([0, 4, 5, 5]))
    0.5
    >>> top_5(np.zeros((2, 6)), np.array([4, 5]))  # all are tied: 0 to 4 count
    0.5
    """
    return float(among_top(logits, labels, k=5).mean())


def _interval(logits: Logits, labels: Classes) -> tuple[float, float]:
    return share_interval(among_top(logits, labels, k=5))


def _chance(logits: Logits, labels: Classes) -> float:
    """Always to name the five most common classes."""
    return float(np.sort(shares(labels, logits.shape[1]))[-5:].sum())


TOP_5 = Metric(
    fn=top_5,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Russakovsky et al. 2015, arXiv:1409.0575, section 4.1",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.DUPLICATION, Invariant.LOGIT_SHIFT}
    ),
    any_label=True,
    proportion=True,
    interval=_interval,
    chance=_chance,
)
