"""RMS calibration error of bins of 100 images: whole, and as the official code has it.

Two numbers: most published values leave the surest images out, and cannot be compared
with what looks at all of them.
"""

import numpy as np

from harness.activation import Activation
from harness.arrays import Array, Classes, Logits
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.uncertainty import mean_interval
from harness.metrics.outcomes.confidence import by_confidence
from harness.metrics.spec import Input, Invariant, Metric, Trend

BIN = 100  # images, of the published code


def rms_calibration_error(
    logits: Logits, labels: Classes, *, activation: str = Activation.SOFTMAX
) -> float:
    r"""Return the root of the mean squared gap between confidence and accuracy.

    .. math:: \sqrt{ \sum_m \frac{|B_m|}n \,
        \big( \mathrm{acc}(B_m) - \mathrm{conf}(B_m) \big)^2 }

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.
    activation
        "softmax", or "sigmoid": which probability of the predicted class is held to
        its word.

    Returns
    -------
    float
        In [0, 1], lower is better; at least the gap of all images together.

    Raises
    ------
    ValueError
        If `logits` are not finite or are probabilities, `labels` are not n classes of
        them, or there is no such activation.

    Notes
    -----
    Bins are of 100 images each, from the least sure to the surest, and what is left
    over is in the last: of fewer than 200 images there is one. Images of one
    confidence count with the share of them that is right, also where an edge parts
    them, so that no value hangs on the order of images. Chance makes gaps: a model
    that is calibrated has about 0.04 where it is right 4 times of 5.

    References
    ----------
    Hendrycks, Mazeika and Dietterich, "Deep Anomaly Detection with Outlier Exposure",
    ICLR 2019, arXiv:1812.04606, appendix; Hendrycks et al., "Natural Adversarial
    Examples", CVPR 2021, arXiv:1907.07174, whose code does not do what is written:
    `rms_calibration_error_official`.

    Examples
    --------
    >>> logits = np.log([[0.75, 0.25]] * 100 + [[0.45, 0.55]] * 100)
    >>> labels = np.array([0] * 95 + [1] * 5 + [1] * 45 + [0] * 55)
    >>> round(rms_calibration_error(logits, labels), 6)  # gaps of 0.2 and of 0.1
    0.158114
    >>> round(rms_calibration_error(logits[:150], labels[:150]), 6)  # one bin
    0.25
    >>> logits = np.log([[3.0, 1.0]] * 4)  # 3/4 of a softmax and of a sigmoid
    >>> rows = [logits, logits + np.log(2)]  # of a sigmoid 6/7
    >>> labels = np.array([0, 0, 0, 1])
    >>> [round(rms_calibration_error(z, labels, activation="sigmoid"), 6) for z in rows]
    [0.0, 0.107143]
    """
    return float(np.sqrt(_squares(*by_confidence(logits, labels, activation)).mean()))


def rms_calibration_error_official(
    logits: Logits, labels: Classes, *, activation: str = Activation.SOFTMAX
) -> float:
    r"""Return the RMS calibration error without the bin of the surest images.

    .. math:: \sqrt{ \sum_{m < M} \frac{|B_m|}n \,
        \big( \mathrm{acc}(B_m) - \mathrm{conf}(B_m) \big)^2 }

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.
    activation
        "softmax", or "sigmoid": which probability of the predicted class is held to
        its word.

    Returns
    -------
    float
        In [0, 1], at most `rms_calibration_error`.

    Raises
    ------
    ValueError
        If `logits` are not finite or are probabilities, `labels` are not n classes of
        them, or there is no such activation.
    UndefinedMetricError
        If there are fewer than 200 images, and so no bin but the last.

    Notes
    -----
    For comparison with published tables alone: the code that made them stops one bin
    too early, and still divides by all images. It gives 0 for 100 to 199 images
    whatever they are, and fails for fewer; both are refused here. Images of one
    confidence are ordered there as a sort leaves them; here as in
    `rms_calibration_error`.

    References
    ----------
    hendrycks/natural-adv-examples, ``calibration_tools.py``, and hendrycks/imagenet-r:
    ``calib_err`` with ``p='2'`` and ``beta=100``.

    Examples
    --------
    >>> logits = np.log([[0.75, 0.25]] * 100 + [[0.45, 0.55]] * 100)
    >>> labels = np.array([0] * 95 + [1] * 5 + [1] * 45 + [0] * 55)
    >>> round(rms_calibration_error_official(logits, labels), 6)  # the gap of 0.1
    0.070711
    """
    found = by_confidence(logits, labels, activation)
    return float(np.sqrt(_without_last(*found).mean()))


def _squares(sure: Array, right: Array) -> Array:
    """(n,) what each image adds to the mean square while the others stay.

    A bin's square is S²/m of the sum of its m gaps: one gap x more adds 2gx - g².
    """
    bin_ = np.minimum(np.arange(len(sure)) // BIN, max(1, len(sure) // BIN) - 1)
    gaps = right - sure
    mean = (np.bincount(bin_, weights=gaps) / np.bincount(bin_))[bin_]
    return np.asarray(2 * mean * gaps - mean**2)


def _without_last(sure: Array, right: Array) -> Array:
    n = len(sure)
    if n < 2 * BIN:
        raise UndefinedMetricError(
            f"the official RMS calibration error leaves the last bin of {BIN} images "
            f"out, so it needs at least {2 * BIN}, got {n}; rms_calibration_error has "
            "all bins"
        )
    squares = _squares(sure, right)
    squares[(n // BIN - 1) * BIN :] = 0
    return squares


def _interval(
    logits: Logits, labels: Classes, *, activation: str = Activation.SOFTMAX
) -> tuple[float, float]:
    return _root(_squares(*by_confidence(logits, labels, activation)))


def _interval_without_last(
    logits: Logits, labels: Classes, *, activation: str = Activation.SOFTMAX
) -> tuple[float, float]:
    return _root(_without_last(*by_confidence(logits, labels, activation)))


def _root(squares: Array) -> tuple[float, float]:
    """The interval of the mean square, on the scale of its root."""
    low, high = mean_interval(squares, bounds=(0.0, 1.0))
    return float(np.sqrt(low)), float(np.sqrt(high))


_SYMMETRIES = frozenset(
    {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.LOGIT_SHIFT}
)

RMS_CALIBRATION_ERROR = Metric(
    fn=rms_calibration_error,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.FALLS,
    source="Hendrycks et al. 2019, arXiv:1812.04606; bins of 100, all of them",
    invariants=_SYMMETRIES,
    depends_on_n=True,
    interval=_interval,
)
RMS_CALIBRATION_ERROR_OFFICIAL = Metric(
    fn=rms_calibration_error_official,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.FALLS,
    source="hendrycks/natural-adv-examples, calib_err: all bins but the last",
    invariants=_SYMMETRIES,
    depends_on_n=True,
    interval=_interval_without_last,
)
