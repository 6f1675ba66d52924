"""Uniformity: how evenly features are spread over the sphere."""

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_count, check_features
from harness.metrics.numerics.directions import directions
from harness.metrics.spec import Input, Invariant, Metric, Trend
from harness.sampling import sampled_rows

_ROWS = 1000  # of a matrix of cosines at once: 1000 x 10,000 are 80 MB


def uniformity(features: Array, *, t: float = 2.0, images: int | None = None) -> float:
    r"""Return the logarithm of the mean Gaussian potential between pairs of images.

    .. math:: \ln \frac{2}{n (n - 1)} \sum_{i < j} e^{-t \|u_i - u_j\|^2}, \quad
        u_i = \frac{z_i}{\|z_i\|}

    Parameters
    ----------
    features : (n, d) array
        One row per image.
    t
        Sharpness of the potential.
    images
        Use a sample of so many images; None for all.

    Returns
    -------
    float
        In [-4t, 0], lower is more uniform: 0 where all images have one direction, -4t
        of two that are opposite. Of many images spread evenly it is -2t at the least:
        with t = 2 -1.58 in 2 dimensions, -3.75 in 32, -3.94 in 128.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix, or `t` or `images` is not
        positive.
    UndefinedMetricError
        If there is one image, or one has features of 0 alone.

    Notes
    -----
    An image is not paired with itself, as in the authors' code. Time is in n² d.

    References
    ----------
    Wang and Isola, "Understanding Contrastive Representation Learning through Alignment
    and Uniformity on the Hypersphere", ICML 2020, arXiv:2005.10242, equation 2.

    Examples
    --------
    >>> uniformity(np.array([[1.0, 0.0], [-5.0, 0.0]]))
    -8.0
    >>> square = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> round(uniformity(square), 12)
    -4.396348967229
    """
    check_features(features)
    check_count("images", images)
    if not 0 < t < np.inf:
        raise ValueError(f"`t` must be positive and finite, got {t!r}")
    if len(features) < 2:
        raise UndefinedMetricError("it is of pairs of images, got one image")
    units = directions(features[sampled_rows(len(features), images)])
    n = len(units)
    if n < 2:
        raise UndefinedMetricError("it is of pairs of images, got `images` of 1")
    # Squared distances are 2 - 2 cos; the least of all is taken out of the sum, so that
    # opposite pairs do not make it 0.
    lowest, total = np.inf, 0.0
    for start in range(0, n - 1, _ROWS):
        cosines = (units[start : start + _ROWS] @ units[start:].T).clip(-1, 1)
        above = np.triu(np.ones(cosines.shape, dtype=bool), k=1)
        potentials = t * (2 - 2 * cosines[above])
        if (least := float(potentials.min())) < lowest:
            total *= np.exp(least - lowest)
            lowest = least
        total += float(np.exp(lowest - potentials).sum())
    value = np.log(total) - lowest - np.log(n * (n - 1) / 2)
    return float(np.clip(value, -4 * t, 0.0))  # rounding


UNIFORMITY = Metric(
    fn=uniformity,
    inputs=(Input.FEATURES,),
    bounds=(-float("inf"), 0.0),
    trend=Trend.FALLS,
    source="Wang and Isola 2020, arXiv:2005.10242, equation 2",
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER}),
    on_request=True,
)
