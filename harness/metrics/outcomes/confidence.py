"""The probability of the predicted class, and what it is right of: equal ones alike."""

import numpy as np

from harness.activation import Activation
from harness.arrays import Array, Classes, Logits, confidence
from harness.metrics.numerics.checks import check_labels, check_logits

DECIMALS = 12  # rounding must neither part ties nor carry a fifth over an edge


def by_confidence(
    logits: Logits, labels: Classes, activation: str = Activation.SOFTMAX
) -> tuple[Array, Array]:
    """(n,) confidences from the least to the largest, and (n,) share that is right.

    Of the images of one confidence each has the share of them that is right: what is
    expected of it in a random order. No sum over the first or the last of the order
    hangs on how the images came.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.
    activation
        "softmax", or "sigmoid" of a network trained with one binary question a class.

    Raises
    ------
    ValueError
        If `logits` are not finite or are probabilities, `labels` are not n classes of
        them, or there is no such activation.

    Examples
    --------
    >>> logits = np.log([[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]])
    >>> sure, right = by_confidence(logits, np.array([0, 0, 1]))
    >>> sure.tolist(), right.tolist()  # of the two that are as sure, one is right
    ([0.5, 0.5, 0.75], [0.5, 0.5, 0.0])
    >>> logits = np.array([[98.0, 0.0], [97.0, 96.0], [0.0, -1.0]])  # 1, 1, and 1/2
    >>> sure, right = by_confidence(logits, np.array([0, 1, 0]), "sigmoid")
    >>> sure.tolist(), right.tolist()  # ordered by the logits, which are not tied
    ([0.5, 1.0, 1.0], [1.0, 0.0, 1.0])
    """
    check_logits(logits)
    check_labels(labels, *logits.shape)
    # In float64 whatever the logits are: in half precision many would be tied.
    logits = np.asarray(logits, dtype=np.float64)
    right = logits.argmax(axis=1) == labels
    sure = confidence(logits, activation)
    order = sure = np.round(sure, DECIMALS)
    if activation == Activation.SIGMOID:  # which is 1 from a logit of 28 on
        order = np.round(logits.max(axis=1), DECIMALS)
    _, first, group, images = np.unique(
        order, return_index=True, return_inverse=True, return_counts=True
    )
    sure = sure[first]
    share = np.bincount(group, weights=right) / images
    return np.repeat(sure, images), np.repeat(share, images)
