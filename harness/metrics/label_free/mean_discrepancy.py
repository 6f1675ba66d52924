"""Mean discrepancy: how far the mean feature has moved, plainly or through a kernel."""

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import (
    check_count,
    check_features,
    check_source_features,
)
from harness.metrics.spec import Input, Invariant, Metric, Trend
from harness.sampling import sampled_rows

# Rows of a kernel matrix made at once: 1000 x 10,000 distances are 80 MB.
_ROWS = 1000


def mean_shift(features: Array, source_features: Array) -> float:
    r"""Return the distance between the mean features of target and source.

    .. math:: \|\mu - \mu_S\|_2

    Parameters
    ----------
    features : (n, d) array
        What enters the head, one row per target image.
    source_features : (s, d) array
        The same for source images.

    Returns
    -------
    float
        At least 0, lower is better; 0 when the means are the same.

    Raises
    ------
    ValueError
        If the features are not finite matrices of equal width.

    Notes
    -----
    A control beside `frechet_distance`, of which it is the first term's root.

    Examples
    --------
    >>> mean_shift(np.array([[3.0, 3.0], [3.0, 5.0]]), np.array([[0.0, 0.0]]))
    5.0
    """
    check_features(features)
    check_source_features(source_features, features.shape[1])
    mean = features.mean(axis=0, dtype=np.float64)
    source_mean = source_features.mean(axis=0, dtype=np.float64)
    return float(np.linalg.norm(mean - source_mean))


def maximum_mean_discrepancy(
    features: Array,
    source_features: Array,
    *,
    bandwidth: float | None = None,
    images: int | None = None,
) -> float:
    r"""Return the maximum mean discrepancy between target and source features.

    .. math:: \sqrt{ \overline{k(z, z')} + \overline{k(z_S, z_S')}
        - 2 \, \overline{k(z, z_S)} }, \quad k(a, b) = e^{-\|a - b\|^2 / 2 h^2}

    with means over all pairs, an image with itself among them.

    Parameters
    ----------
    features : (n, d) array
        What enters the head, one row per target image.
    source_features : (s, d) array
        The same for source images.
    bandwidth
        h. None for the root mean squared distance between two source images, so that
        all target sets are measured with one kernel.
    images
        Use a sample of so many of each set only; None for all.

    Returns
    -------
    float
        In [0, sqrt(2)], lower is better; 0 when the sets are the same.

    Raises
    ------
    ValueError
        If the features are not finite matrices of equal width, or `bandwidth` or
        `images` is not positive.
    UndefinedMetricError
        If `bandwidth` is None and all source features are equal.

    Notes
    -----
    The means are biased by an image's distance of 0 from itself, so it grows as n falls
    and sets of unequal size cannot be compared. Takes time in (n + s)^2 d.

    References
    ----------
    Gretton, Borgwardt, Rasch, Schölkopf, Smola, "A Kernel Two-Sample Test", JMLR 2012,
    equation 5.

    Examples
    --------
    >>> near, far = np.array([[0.0], [1.0]]), np.array([[100.0], [101.0]])
    >>> maximum_mean_discrepancy(near, near)
    0.0
    >>> within = (1 + np.exp(-0.5)) / 2  # mean kernel inside either set
    >>> round(maximum_mean_discrepancy(near, far, bandwidth=1.0), 6)
    1.26749
    >>> round(float(np.sqrt(2 * within)), 6)  # nothing shared between the sets
    1.26749
    """
    check_features(features)
    check_source_features(source_features, features.shape[1])
    check_count("images", images)
    features = features[sampled_rows(len(features), images)]
    source_features = source_features[sampled_rows(len(source_features), images)]
    # Centred, lest large means eat the digits of the distances.
    centre = source_features.mean(axis=0, dtype=np.float64)
    target, source = features - centre, source_features - centre
    if bandwidth is None:
        bandwidth = float(np.sqrt(2 * (source**2).sum(axis=1).mean()))
        if bandwidth == 0:
            raise UndefinedMetricError(
                "the bandwidth needs source features that differ; pass `bandwidth`"
            )
    elif not 0 < bandwidth < np.inf:
        raise ValueError(f"`bandwidth` must be positive and finite, got {bandwidth!r}")
    squared = (
        _mean_kernel(target, target, bandwidth)
        + _mean_kernel(source, source, bandwidth)
        - 2 * _mean_kernel(target, source, bandwidth)
    )
    return float(np.sqrt(max(0.0, squared)))  # rounding


def _mean_kernel(a: Array, b: Array, bandwidth: float) -> float:
    """Mean Gaussian kernel over all pairs, a block of rows at a time."""
    sizes = (b**2).sum(axis=1)
    total = 0.0
    for start in range(0, len(a), _ROWS):
        rows = a[start : start + _ROWS]
        distances = (rows**2).sum(axis=1)[:, None] + sizes
        distances -= 2 * rows @ b.T
        np.clip(distances, 0, None, out=distances)
        distances /= -2 * bandwidth**2
        total += float(np.exp(distances, out=distances).sum())
    return total / (len(a) * len(b))


_INPUTS = (Input.FEATURES, Input.SOURCE_FEATURES)

MEAN_SHIFT = Metric(
    fn=mean_shift,
    inputs=_INPUTS,
    bounds=(0.0, float("inf")),
    trend=Trend.FALLS,
    source="control",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
)

MAXIMUM_MEAN_DISCREPANCY = Metric(
    fn=maximum_mean_discrepancy,
    inputs=_INPUTS,
    bounds=(0.0, 2**0.5),
    trend=Trend.FALLS,
    source="Gretton et al. 2012, equation 5",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
    depends_on_n=True,
    costly=True,
)
