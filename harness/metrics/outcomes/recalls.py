"""Recall of each class, its mean and its least: outcomes that no large class hides."""

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes, Logits
from harness.metrics.numerics.checks import check_labels, check_scores
from harness.metrics.numerics.uncertainty import (
    least_share_interval,
    mean_of_shares_interval,
)
from harness.metrics.spec import Input, Invariant, Metric, Trend


def recalls(logits: Logits, labels: Classes) -> tuple[Array, NDArray[np.int64]]:
    """(c,) recall of each class that has an image, and (c,) how many it has.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix, or `labels` are not n classes of it.

    Examples
    --------
    >>> recall, images = recalls(np.eye(3)[[0, 0, 2]], np.array([0, 2, 2]))
    >>> recall.tolist(), images.tolist()  # class 1 has no image
    ([1.0, 0.5], [1, 2])
    """
    check_scores(logits, name="logits")
    k = logits.shape[1]
    check_labels(labels, len(logits), k)
    images = np.bincount(labels, minlength=k)
    right = np.bincount(labels[logits.argmax(axis=1) == labels], minlength=k)
    present = images > 0
    return right[present] / images[present], images[present]


def balanced_accuracy(logits: Logits, labels: Classes) -> float:
    r"""Return the mean recall of the classes: each counts alike, however many images.

    .. math:: \frac1{|C|} \sum_{c \in C} \frac{|\{i : y_i = c, \hat y_i = c\}|}
        {|\{i : y_i = c\}|}, \qquad C = \{y_1, \dots, y_n\}

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.

    Returns
    -------
    float
        In [0, 1]; top-1 accuracy where all classes have as many images.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix, or `labels` are not n classes of it.

    Notes
    -----
    Classes without an image have no recall and are left out of the mean, as in
    scikit-learn; images that are taken for one of them are wrong.

    References
    ----------
    Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010;
    for more than two classes Guyon et al., "Design of the 2015 ChaLearn AutoML
    Challenge", IJCNN 2015.

    Examples
    --------
    >>> logits = np.eye(3)[[0, 0, 0, 1]]
    >>> balanced_accuracy(logits, np.array([0, 0, 0, 1]))
    1.0
    >>> balanced_accuracy(logits, np.array([0, 0, 1, 1]))  # class 2 is absent
    0.75
    >>> balanced_accuracy(logits, np.array([0, 0, 0, 2]))  # accuracy is 0.75
    0.5
    """
    return float(recalls(logits, labels)[0].mean())


def lowest_recall(logits: Logits, labels: Classes) -> float:
    r"""Return the recall of the class that the model is worst at.

    .. math:: \min_{c \in C} \frac{|\{i : y_i = c, \hat y_i = c\}|}
        {|\{i : y_i = c\}|}, \qquad C = \{y_1, \dots, y_n\}

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.

    Returns
    -------
    float
        In [0, 1], at most balanced accuracy.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix, or `labels` are not n classes of it.

    Notes
    -----
    Classes without an image have no recall. The least of many noisy numbers is low by
    chance alone: of sets of unequal size, or with few images a class, it says little.

    References
    ----------
    Sagawa et al., "Distributionally Robust Neural Networks for Group Shifts", ICLR
    2020, arXiv:1911.08731: worst-group accuracy, with classes for groups.

    Examples
    --------
    >>> logits = np.eye(3)[[0, 0, 0, 1]]
    >>> lowest_recall(logits, np.array([0, 0, 1, 1]))  # class 2 is absent
    0.5
    >>> lowest_recall(logits, np.array([0, 0, 0, 2]))
    0.0
    """
    return float(recalls(logits, labels)[0].min())


def _mean_interval(logits: Logits, labels: Classes) -> tuple[float, float]:
    return mean_of_shares_interval(*recalls(logits, labels))


def _least_interval(logits: Logits, labels: Classes) -> tuple[float, float]:
    return least_share_interval(*recalls(logits, labels))


def _chance(logits: Logits, labels: Classes) -> float:
    """To guess any class that there is, which all recalls are then of."""
    return 1 / len(np.unique(labels))


_SYMMETRIES = frozenset(
    {
        Invariant.IMAGE_ORDER,
        Invariant.CLASS_ORDER,
        Invariant.DUPLICATION,
        Invariant.LOGIT_SHIFT,
    }
)

BALANCED_ACCURACY = Metric(
    fn=balanced_accuracy,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Brodersen et al. 2010; mean recall of the classes that have images",
    invariants=_SYMMETRIES,
    interval=_mean_interval,
    chance=_chance,
)
LOWEST_RECALL = Metric(
    fn=lowest_recall,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Sagawa et al. 2020, arXiv:1911.08731: worst-group accuracy, over classes",
    invariants=_SYMMETRIES,
    depends_on_n=True,
    interval=_least_interval,
    chance=_chance,
)
