"""Diagnostics: label-free signs that a metric's assumptions fail. No metrics.

The R² of the agreement line, another one, is `agreement_line(...).r_squared` of
`harness.metrics.numerics.agreement_line`.
"""

import numpy as np

from harness.arrays import Classes, Logits, softmax
from harness.metrics.numerics.calibration import calibration_error
from harness.metrics.numerics.checks import check_labels, check_logits, check_predicted
from harness.metrics.numerics.temperature import tempered


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


def source_calibration_error(
    source_logits: Logits,
    source_labels: Classes,
    *,
    bins: int = 10,
    temperature: float = 1.0,
) -> float:
    """Return the gap between confidence and accuracy on the source, over even bins.

    A large gap means that average confidence and what builds on it are wrong already
    where nothing has shifted; a fitted temperature may mend it.

    Parameters
    ----------
    source_logits : (s, k) array
    source_labels : (s,) integer array
    bins
        Of equal numbers of images, at most.
    temperature
        Divides the logits.

    Returns
    -------
    float
        In [0, 1]; 0 where every bin is right as often as it says.

    Raises
    ------
    ValueError
        If the arrays do not fit together or an option is out of range.

    Examples
    --------
    >>> logits = np.log([[0.75, 0.25]] * 4)
    >>> round(source_calibration_error(logits, np.array([0, 0, 0, 1]), bins=1), 6)
    0.0
    >>> round(source_calibration_error(logits, np.array([0, 0, 0, 0]), bins=1), 6)
    0.25
    """
    check_logits(source_logits, name="source_logits")
    check_labels(source_labels, *source_logits.shape, name="source_labels")
    if bins < 1:
        raise ValueError(f"`bins` must be at least 1, got {bins}")
    confidence = softmax(tempered(source_logits, temperature)).max(axis=1)
    right = source_logits.argmax(axis=1) == source_labels
    return calibration_error(confidence, right, bins=bins)


def saturated_share(logits: Logits) -> float:
    """Return the share of images whose confidence is exactly 1 in single precision.

    Such images are tied for whoever thresholds stored float32 confidences, so that >
    and >= differ by as much; ATC here compares log odds and is not touched.

    Parameters
    ----------
    logits : (n, k) array

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix.

    Examples
    --------
    >>> saturated_share(np.array([[10.0, 0.0], [20.0, 0.0], [0.0, 99.0], [1.0, 0.0]]))
    0.5
    """
    check_logits(logits)
    confidence = softmax(logits).max(axis=1).astype(np.float32)
    return float((confidence == 1).mean())
