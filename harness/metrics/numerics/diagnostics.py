"""Diagnostics: label-free signs that a metric's assumptions fail. No metrics.

The R² of the agreement line, another one, is `agreement_line(...).r_squared` of
`harness.metrics.numerics.agreement_line`.
"""

import numpy as np
from numpy.typing import NDArray

from harness.activation import Activation
from harness.arrays import Array, Classes, Logits, confidence
from harness.metrics.numerics.checks import check_logits, check_predicted


def marginal_gap(predicted: Classes, source_labels: Classes) -> float:
    r"""Return how unlike the predicted classes' shares are to the source labels'.

    .. math:: \tfrac12 \sum_j |q_j - \pi_j|

    A large gap means that the label shares have changed, which transport (COT, COTT)
    assumes they have not and the nuclear norm punishes, or that the model has collapsed
    onto few classes.

    Parameters
    ----------
    predicted : (n,) integer array
        Predicted classes of the target.
    source_labels : (s,) integer array
        True classes of the source.

    Returns
    -------
    float
        Total variation, in [0, 1]; 0 for equal shares.

    Raises
    ------
    ValueError
        If either is empty or holds negative numbers.

    Examples
    --------
    >>> marginal_gap(np.array([0, 0, 0, 1]), np.array([0, 1]))
    0.25
    >>> marginal_gap(np.array([2]), np.array([0, 1]))
    1.0
    """
    check_predicted(predicted)
    check_predicted(source_labels, name="source_labels")
    k = int(max(predicted.max(), source_labels.max())) + 1
    shares = np.bincount(predicted, minlength=k) / len(predicted)
    source_shares = np.bincount(source_labels, minlength=k) / len(source_labels)
    return float(np.abs(shares - source_shares).sum() / 2)


def saturated_among(confidences: Array) -> float:
    """Return the share of confidences that are exactly 1 in single precision.

    Such images are tied for whoever thresholds stored float32 confidences, so that >
    and >= differ by as much; ATC here compares log odds and is not touched.

    Parameters
    ----------
    confidences : (n,) array
        In [0, 1].

    Examples
    --------
    >>> saturated_among(np.array([1.0, 0.5, 1 - 1e-9, 1 - 1e-6]))
    0.5
    """
    return float((confidences.astype(np.float32) == 1).mean())


def tied_images(
    logits: Logits, *, activation: str = Activation.SOFTMAX
) -> NDArray[np.bool_]:
    """(n,) whether another image has the same confidence in single precision.

    What stored float32 confidences leave to the order of images. A sigmoid is 1 there
    from a logit of 16.6 on, whatever the other classes' are.

    Parameters
    ----------
    logits : (n, k) array
    activation
        "softmax", or "sigmoid": which probability the confidence is.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix, or there is no such activation.

    Examples
    --------
    >>> logits = np.array([[30.0, 28.0], [20.0, 18.5], [3.0, 0.0], [1.0, 0.0]])
    >>> tied_images(logits).tolist()
    [False, False, False, False]
    >>> tied_images(logits, activation="sigmoid").tolist()
    [True, True, False, False]
    """
    check_logits(logits)
    sure = confidence(logits, activation).astype(np.float32)
    _, group, images = np.unique(sure, return_inverse=True, return_counts=True)
    return np.asarray(images[group] > 1)
