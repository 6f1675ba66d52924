"""ATC: how many target images are as sure as the source images that are right."""

from collections.abc import Callable

import numpy as np

from harness.activation import Activation, checked_activation
from harness.arrays import Array, Classes, Logits
from harness.metrics.numerics.checks import check_logits, check_source
from harness.metrics.numerics.temperature import tempered
from harness.metrics.numerics.thresholds import (
    log_entropy,
    share_above_threshold,
    top_log_odds,
)
from harness.metrics.spec import Input, Invariant, Kind, Metric, Trend


def atc_mc(
    logits: Logits,
    source_logits: Logits,
    source_labels: Classes,
    *,
    temperature: float = 1.0,
    activation: str = Activation.SOFTMAX,
) -> float:
    r"""Return the share of images whose confidence is above the source's threshold.

    .. math:: \frac1n \sum_i \mathbb 1[\max_j p_{ij} \ge t]

    with the largest t that a share of source images equal to the source accuracy
    reaches.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    source_logits : (s, k) array
        One row per labelled source image.
    source_labels : (s,) integer array
        Their true classes.
    temperature
        Divides both logits; the paper uses the one fitted on the source
        (`harness.metrics.numerics.temperature.fitted_temperature`).
    activation
        "softmax", or "sigmoid": which probabilities p are. In the order of sigmoids an
        image is as sure as its largest logit is large.

    Returns
    -------
    float
        In [0, 1], higher is better; an estimate of accuracy. On the source itself the
        source accuracy, or more where scores are tied at the threshold. 0 where no
        source image is right.

    Raises
    ------
    ValueError
        If the arrays are not finite or do not fit together, `temperature` is not
        positive, or there is no such activation.

    Notes
    -----
    Confidences are compared as log odds, which stay apart where float64 rounds both
    confidences to 1. Published code differs: one version fits a temperature and undoes
    it, one takes the quantile of the accuracy for that of the error, one compares by >.

    References
    ----------
    Garg, Balakrishnan, Lipton, Neyshabur, Sedghi, "Leveraging Unlabeled Data to Predict
    Out-of-Distribution Performance", ICLR 2022, arXiv:2201.04234.

    Examples
    --------
    >>> source = np.log([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    >>> labels = np.array([0, 0, 1, 0])  # two of four right: the threshold is 0.8
    >>> atc_mc(np.log([[0.85, 0.15], [0.75, 0.25], [0.2, 0.8]]), source, labels)
    0.6666666666666666
    >>> atc_mc(source, source, labels)
    0.5
    >>> target = np.array([[3.0, 2.9], [1.0, -9.0], [0.0, -4.0]])  # odds e^0.1, ...
    >>> source = np.array([[2.0, 0.0], [0.0, -3.0]])  # the first is right
    >>> round(atc_mc(target, source, np.array([0, 1])), 6)  # above odds of e^3
    0.666667
    >>> round(atc_mc(target, source, np.array([0, 1]), activation="sigmoid"), 6)
    0.333333
    """
    sigmoid = checked_activation(activation) is Activation.SIGMOID
    score = _largest if sigmoid else top_log_odds
    return _atc(score, logits, source_logits, source_labels, temperature)


def atc_ne(
    logits: Logits,
    source_logits: Logits,
    source_labels: Classes,
    *,
    temperature: float = 1.0,
) -> float:
    r"""Return the share of images whose entropy is below the source's threshold.

    .. math:: \frac1n \sum_i \mathbb 1\Big[\sum_j p_{ij} \log p_{ij} \ge t\Big]

    with the largest t that a share of source images equal to the source accuracy
    reaches.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    source_logits : (s, k) array
        One row per labelled source image.
    source_labels : (s,) integer array
        Their true classes.
    temperature
        Divides both logits; the paper uses the one fitted on the source
        (`harness.metrics.numerics.temperature.fitted_temperature`).

    Returns
    -------
    float
        In [0, 1], higher is better; an estimate of accuracy. On the source itself the
        source accuracy, or more where scores are tied at the threshold. 0 where no
        source image is right.

    Raises
    ------
    ValueError
        If the arrays are not finite or do not fit together, or `temperature` is not
        positive.

    Notes
    -----
    Entropies are compared by their logarithm, computed from the logits, so that nearly
    certain predictions stay apart. With all source images right, t is the smallest
    source score; released code takes 0 there and estimates 0.

    References
    ----------
    Garg, Balakrishnan, Lipton, Neyshabur, Sedghi, "Leveraging Unlabeled Data to Predict
    Out-of-Distribution Performance", ICLR 2022, arXiv:2201.04234.

    Examples
    --------
    >>> source = np.log([[0.9, 0.05, 0.05], [0.5, 0.5, 1e-9], [0.5, 0.25, 0.25]])
    >>> labels = np.array([0, 0, 1])  # the two surer ones are right
    >>> target = np.log([[0.6, 0.4, 1e-9], [0.6, 0.2, 0.2]])  # 0.673, 0.950 nats
    >>> atc_ne(target, source, labels)  # the threshold is 0.693 nats
    0.5
    >>> atc_mc(target, source, labels)  # both are surer than 0.5
    1.0
    """
    return _atc(_negative, logits, source_logits, source_labels, temperature)


def _atc(
    score: Callable[[Logits], Array],
    logits: Logits,
    source_logits: Logits,
    source_labels: Classes,
    temperature: float,
) -> float:
    check_logits(logits)
    check_source(source_logits, source_labels, logits.shape[1])
    return share_above_threshold(
        score(tempered(logits, temperature)),
        score(tempered(source_logits, temperature)),
        int((source_logits.argmax(axis=1) == source_labels).sum()),
    )


def _largest(logits: Logits) -> Array:
    """Log odds of the largest sigmoid."""
    return np.asarray(logits.max(axis=1))


def _negative(logits: Logits) -> Array:
    return np.asarray(-log_entropy(logits))


_INPUTS = (Input.LOGITS, Input.SOURCE_LOGITS, Input.SOURCE_LABELS)
_INVARIANTS = frozenset(
    {
        Invariant.IMAGE_ORDER,
        Invariant.CLASS_ORDER,
        Invariant.DUPLICATION,
        Invariant.LOGIT_SHIFT,
    }
)

ATC_MC = Metric(
    fn=atc_mc,
    inputs=_INPUTS,
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Garg et al. 2022, arXiv:2201.04234",
    kind=Kind.ESTIMATE,
    calibratable=True,
    invariants=_INVARIANTS,
)

ATC_NE = Metric(
    fn=atc_ne,
    inputs=_INPUTS,
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Garg et al. 2022, arXiv:2201.04234",
    kind=Kind.ESTIMATE,
    calibratable=True,
    invariants=_INVARIANTS,
)
