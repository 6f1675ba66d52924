"""Self-clustering: do features gather in few directions, beyond chance?"""

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_features
from harness.metrics.numerics.directions import directions
from harness.metrics.spec import Input, Invariant, Metric, Trend


def self_clustering(features: Array) -> float:
    r"""Return the mean squared cosine between images, from chance to its most.

    .. math:: \frac{\sum_{ij} (u_i \cdot u_j)^2 - e}{n^2 - e}, \quad
        e = n + \frac{n (n - 1)}{d}, \quad u_i = \frac{z_i}{\|z_i\|}

    Parameters
    ----------
    features : (n, d) array
        One row per image.

    Returns
    -------
    float
        At most 1, lower is more spread: 1 where all images lie on one line, 0 on the
        average of directions drawn evenly, and as low as -1 / (max(n, d) - 1) of
        directions that avoid each other.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix.
    UndefinedMetricError
        If there is one image or one feature, or an image has features of 0 alone.

    References
    ----------
    Tsitsulin, Munkhoeva, Perozzi, "Unsupervised Embedding Quality Evaluation", 2023,
    arXiv:2305.16562.

    Examples
    --------
    >>> self_clustering(np.array([[1.0, 1.0], [2.0, 2.0], [-1.0, -1.0]]))
    1.0
    >>> self_clustering(np.eye(2))  # orthogonal: less alike than chance
    -1.0
    """
    check_features(features)
    n, d = features.shape
    if n < 2 or d < 2:
        raise UndefinedMetricError(
            f"it needs two images and two features, got {n} and {d}"
        )
    units = directions(features)
    gram = units.T @ units if d <= n else units @ units.T
    chance = n + n * (n - 1) / d
    value = ((gram**2).sum() - chance) / (n**2 - chance)
    return float(np.clip(value, -1.0, 1.0))  # rounding


SELF_CLUSTERING = Metric(
    fn=self_clustering,
    inputs=(Input.FEATURES,),
    bounds=(-1.0, 1.0),
    trend=Trend.FALLS,
    source="Tsitsulin et al. 2023, arXiv:2305.16562",
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER}),
    on_request=True,
)
