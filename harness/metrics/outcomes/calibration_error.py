"""Expected calibration error: does the model know how often it is right?

Two numbers, named after their bins: the published values of the one cannot be compared
with those of the other.
"""

import numpy as np
from numpy.typing import NDArray

from harness.activation import Activation
from harness.arrays import Array, Classes, Logits, confidence
from harness.metrics.numerics.checks import check_labels, check_logits
from harness.metrics.numerics.uncertainty import mean_interval
from harness.metrics.outcomes.confidence import DECIMALS
from harness.metrics.spec import Input, Invariant, Metric, Trend

BINS = 15  # of Guo et al.


def calibration_error_equal_width(
    logits: Logits,
    labels: Classes,
    *,
    bins: int = BINS,
    activation: str = Activation.SOFTMAX,
) -> float:
    r"""Return the gap between confidence and accuracy over bins of equal width.

    .. math:: \sum_m \frac{|B_m|}n \, \big| \mathrm{acc}(B_m) - \mathrm{conf}(B_m)
        \big|, \qquad B_m = \{i : \tfrac{m-1}M < \max_j p_{ij} \le \tfrac mM\}

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.
    bins
        M: how many intervals [0, 1] is cut into.
    activation
        "softmax", or "sigmoid": which probability p is.

    Returns
    -------
    float
        In [0, 1], lower is better: 0 where every bin is right as often as it says.

    Raises
    ------
    ValueError
        If `logits` are not finite or are probabilities, `labels` are not n classes of
        them, `bins` is below 1, or there is no such activation.

    Notes
    -----
    Of the probability of the predicted class alone. A confidence on an edge is in the
    bin below; empty bins count nothing. Of few images the value is too high: chance
    makes gaps, and none is negative.

    References
    ----------
    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017,
    arXiv:1706.04599, equation 3, with 15 bins; Naeini et al., AAAI 2015.

    Examples
    --------
    >>> logits = np.log([[0.75, 0.25]] * 4 + [[0.55, 0.45]] * 4)
    >>> labels = np.array([0, 0, 0, 1, 1, 1, 1, 1])  # right 3 of 4, and never
    >>> round(calibration_error_equal_width(logits, labels), 6)  # (0 + 0.55) / 2
    0.275
    >>> round(calibration_error_equal_width(logits, labels, bins=2), 6)  # one bin
    0.275
    >>> labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])  # sure 0.25 too low: it cancels
    >>> round(calibration_error_equal_width(logits, labels, bins=2), 6)
    0.15
    >>> logits = np.log([[3.0, 1.0]] * 3 + [[9.0, 3.0]])  # of sigmoids 3/4, 9/10
    >>> labels = np.array([0, 0, 0, 1])
    >>> round(calibration_error_equal_width(logits, labels), 6)  # all of them 3/4
    0.0
    >>> round(calibration_error_equal_width(logits, labels, activation="sigmoid"), 6)
    0.4125
    """
    gaps, place = _equal_width(logits, labels, bins, activation)
    return float(_signed(gaps, place).mean())


def calibration_error_equal_mass(
    logits: Logits,
    labels: Classes,
    *,
    bins: int = BINS,
    activation: str = Activation.SOFTMAX,
) -> float:
    r"""Return the gap between confidence and accuracy over bins of as many images each.

    .. math:: \sum_m \frac{|B_m|}n \, \big| \mathrm{acc}(B_m) - \mathrm{conf}(B_m)
        \big|, \qquad B_m = \{i : \lfloor M r_i \rfloor = m - 1\}

    where r is the share of images of lower confidence, those of the same counted half.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    labels : (n,) integer array
        True classes, 0..k-1.
    bins
        M: into how many parts the images are cut, in the order of confidence.
    activation
        "softmax", or "sigmoid": which probability the confidence is.

    Returns
    -------
    float
        In [0, 1], lower is better: 0 where every bin is right as often as it says.

    Raises
    ------
    ValueError
        If `logits` are not finite or are probabilities, `labels` are not n classes of
        them, `bins` is below 1, or there is no such activation.

    Notes
    -----
    Of the probability of the predicted class alone. Where M does not divide n, bins
    differ by one image, the larger ones spread over the order; fewer images than bins
    have one each. Images of one confidence are never parted, so no value hangs on the
    order of images: a bin may then hold many, or none. Of few images the value is too
    high: chance makes gaps, and none is negative.

    References
    ----------
    Nguyen and O'Connor, "Posterior calibration and exploratory analysis for natural
    language processing models", EMNLP 2015, arXiv:1508.05154: adaptive bins; Nixon et
    al., "Measuring Calibration in Deep Learning", 2019, arXiv:1904.01685, whose
    adaptive error is over all classes and not the predicted one alone.

    Examples
    --------
    >>> logits = np.log([[0.75, 0.25]] * 4 + [[0.55, 0.45]] * 4)
    >>> labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])  # 0.25 too low, 0.55 too high
    >>> round(calibration_error_equal_mass(logits, labels, bins=2), 6)
    0.4
    >>> round(calibration_error_equal_mass(logits, labels, bins=1), 6)
    0.15
    >>> round(calibration_error_equal_mass(logits, labels), 6)  # ties stay together
    0.4
    """
    gaps, place = _equal_mass(logits, labels, bins, activation)
    return float(_signed(gaps, place).mean())


def _equal_width(
    logits: Logits, labels: Classes, bins: int, activation: str
) -> tuple[Array, NDArray[np.intp]]:
    """(n,) right minus confidence, and (n,) number of the bin."""
    sure, gaps = _confidence(logits, labels, bins, activation)
    edges = np.round(np.arange(1, bins) / bins, DECIMALS)
    return gaps, np.searchsorted(edges, sure, side="left")


def _equal_mass(
    logits: Logits, labels: Classes, bins: int, activation: str
) -> tuple[Array, NDArray[np.intp]]:
    """(n,) right minus confidence, and (n,) number of the bin."""
    sure, gaps = _confidence(logits, labels, bins, activation)
    ordered = np.sort(sure)
    lower = np.searchsorted(ordered, sure, side="left")
    upper = np.searchsorted(ordered, sure, side="right")
    return gaps, bins * (lower + upper) // (2 * len(sure))


def _confidence(
    logits: Logits, labels: Classes, bins: int, activation: str
) -> tuple[Array, Array]:
    """(n,) confidence to sort by, and (n,) whether the prediction is right less it."""
    check_logits(logits)
    check_labels(labels, *logits.shape)
    if bins < 1:
        raise ValueError(f"`bins` must be at least 1, got {bins}")
    sure = confidence(logits, activation)
    gaps = (logits.argmax(axis=1) == labels) - sure
    return np.round(sure, DECIMALS), gaps


def _signed(gaps: Array, place: NDArray[np.intp]) -> Array:
    """(n,) each image's gap, taken as its bin's is: their mean is the error."""
    return np.asarray(gaps * np.sign(np.bincount(place, weights=gaps))[place])


def _width_interval(
    logits: Logits,
    labels: Classes,
    *,
    bins: int = BINS,
    activation: str = Activation.SOFTMAX,
) -> tuple[float, float]:
    found = _equal_width(logits, labels, bins, activation)
    return mean_interval(_signed(*found), bounds=(0.0, 1.0))


def _mass_interval(
    logits: Logits,
    labels: Classes,
    *,
    bins: int = BINS,
    activation: str = Activation.SOFTMAX,
) -> tuple[float, float]:
    found = _equal_mass(logits, labels, bins, activation)
    return mean_interval(_signed(*found), bounds=(0.0, 1.0))


_SYMMETRIES = frozenset(
    {
        Invariant.IMAGE_ORDER,
        Invariant.CLASS_ORDER,
        Invariant.DUPLICATION,
        Invariant.LOGIT_SHIFT,
    }
)

CALIBRATION_ERROR_EQUAL_WIDTH = Metric(
    fn=calibration_error_equal_width,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.FALLS,
    source="Guo et al. 2017, arXiv:1706.04599, equation 3",
    invariants=_SYMMETRIES,
    depends_on_n=True,
    interval=_width_interval,
)
CALIBRATION_ERROR_EQUAL_MASS = Metric(
    fn=calibration_error_equal_mass,
    inputs=(Input.LOGITS, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.FALLS,
    source="Nguyen and O'Connor 2015, arXiv:1508.05154: adaptive bins",
    invariants=_SYMMETRIES,
    depends_on_n=True,
    interval=_mass_interval,
)
