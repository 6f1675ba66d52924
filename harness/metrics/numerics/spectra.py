"""Spectra: singular values of features, and what counts as none of them."""

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_features
from harness.metrics.numerics.memo import remembered

#: Networks say float32, so that singular values below this share are of rounding.
ROUNDING = float(np.finfo(np.float32).eps)


def spectrum(features: Array) -> Array:
    """Singular values of features as they are, in parts of the largest.

    Parameters
    ----------
    features : (n, d) array
        One row per image.

    Returns
    -------
    (min(n, d),) array
        From 1 down.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix.
    UndefinedMetricError
        If all features are 0.

    Examples
    --------
    >>> spectrum(np.array([[3.0, 0.0], [0.0, 4.0]])).tolist()
    [1.0, 0.75]
    """
    check_features(features)
    values = _singular(features, 0)
    if values[0] == 0:
        raise UndefinedMetricError("the features have collapsed: all of them are 0")
    return np.asarray(values / values[0])


def centred_spectrum(features: Array) -> Array:
    """Singular values of features less their mean, in parts of the largest.

    Their squares are proportional to the eigenvalues of the covariance.

    Parameters
    ----------
    features : (n, d) array
        One row per image.

    Returns
    -------
    (min(n, d),) array
        From 1 down; the last is 0 where n <= d.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix.
    UndefinedMetricError
        If all rows are equal, but for what rounding to float32 explains.

    Examples
    --------
    >>> rows = np.array([[1.0, 5.0], [-1.0, 5.0], [0.0, 6.0], [0.0, 4.0]])
    >>> centred_spectrum(rows).round(12).tolist()
    [1.0, 1.0]
    """
    check_features(features)
    values = _singular(features, 1)
    if values[0] <= ROUNDING * np.linalg.norm(features):
        raise UndefinedMetricError(
            f"the features have collapsed: those of all {len(features)} images are "
            "equal, up to rounding"
        )
    return np.asarray(values / values[0])


# What each is asked for one after the other, of one layer of one model on one dataset.
@remembered(4)
def _singular(features: Array, centred: int) -> Array:
    rows = np.asarray(features, dtype=np.float64)
    if centred:
        rows = rows - rows[0]  # so that equal rows are 0, however means are rounded
        rows -= rows.mean(axis=0)
    return np.asarray(np.linalg.svd(rows, compute_uv=False))


def spread(weights: Array) -> float:
    """Exponential of the entropy of weights, which need not sum to 1: how many count.

    Parameters
    ----------
    weights : (m,) array
        None below 0; 0 adds nothing.

    Examples
    --------
    >>> spread(np.array([0.25, 0.25, 0.25, 0.25])), spread(np.array([1.0, 0.0]))
    (4.0, 1.0)
    """
    some = weights[weights > 0]
    return float(np.exp(-(some * np.log(some)).sum()))
