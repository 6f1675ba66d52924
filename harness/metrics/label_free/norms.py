"""Norms: sizes of logits and features, controls that a real metric should beat."""

import numpy as np

from harness.arrays import Array, Logits
from harness.metrics.numerics.checks import check_features, check_logits
from harness.metrics.spec import Input, Invariant, Metric, Trend


def mean_max_logit(logits: Logits) -> float:
    r"""Return the mean largest logit.

    .. math:: \frac1n \sum_i \max_j f_{ij}

    Parameters
    ----------
    logits : (n, k) array
        One row per image.

    Returns
    -------
    float
        Any real number, higher is better.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix.

    Notes
    -----
    A control: confidence without the comparison between classes.

    Examples
    --------
    >>> mean_max_logit(np.array([[3.0, 1.0], [-2.0, -1.0]]))
    1.0
    """
    check_logits(logits)
    return float(logits.max(axis=1).mean(dtype=np.float64))


def mean_logit_norm(logits: Logits) -> float:
    r"""Return the mean Euclidean norm of the logits.

    .. math:: \frac1n \sum_i \|f_i\|_2

    Parameters
    ----------
    logits : (n, k) array
        One row per image.

    Returns
    -------
    float
        At least 0, higher is better. 0 when all logits are 0.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix.

    Notes
    -----
    A control: how loud the network is, whatever it says.

    Examples
    --------
    >>> mean_logit_norm(np.array([[3.0, 4.0], [0.0, -1.0]]))
    3.0
    """
    check_logits(logits)
    return _mean_norm(logits)


def mean_feature_norm(features: Array) -> float:
    r"""Return the mean Euclidean norm of the features.

    .. math:: \frac1n \sum_i \|z_i\|_2

    Parameters
    ----------
    features : (n, d) array
        What enters the head, one row per image.

    Returns
    -------
    float
        At least 0, higher is better. 0 when all features are 0.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix.

    Notes
    -----
    A control: images unlike the training data often excite fewer features.

    Examples
    --------
    >>> mean_feature_norm(np.array([[3.0, 4.0], [0.0, 0.0]]))
    2.5
    """
    check_features(features)
    return _mean_norm(features)


def _mean_norm(rows: Array) -> float:
    return float(np.linalg.norm(np.asarray(rows, dtype=np.float64), axis=1).mean())


_INVARIANTS = frozenset(
    {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
)

MEAN_MAX_LOGIT = Metric(
    fn=mean_max_logit,
    inputs=(Input.LOGITS,),
    bounds=(-float("inf"), float("inf")),
    trend=Trend.RISES,
    source="control",
    invariants=_INVARIANTS,
)

MEAN_LOGIT_NORM = Metric(
    fn=mean_logit_norm,
    inputs=(Input.LOGITS,),
    bounds=(0.0, float("inf")),
    trend=Trend.RISES,
    source="control",
    invariants=_INVARIANTS,
)

MEAN_FEATURE_NORM = Metric(
    fn=mean_feature_norm,
    inputs=(Input.FEATURES,),
    bounds=(0.0, float("inf")),
    trend=Trend.RISES,
    source="control",
    invariants=_INVARIANTS,
)
