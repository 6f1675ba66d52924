"""Coherence: does a single image hold a direction of the features for itself?"""

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_features
from harness.metrics.numerics.spectra import ROUNDING
from harness.metrics.spec import Input, Invariant, Metric, Trend


def coherence(features: Array) -> float:
    r"""Return the largest leverage of an image, in parts of the mean.

    .. math:: \frac nr \max_i \|U_i\|^2

    with rows of the left singular vectors U of the features as they are, and their
    number r, the rank.

    Parameters
    ----------
    features : (n, d) array
        One row per image.

    Returns
    -------
    float
        In [1, n/r]: 1 where all images count alike, n/r where one has a direction of
        its own.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix.
    UndefinedMetricError
        If all features are 0.

    Notes
    -----
    Published code divides by d in place of r, and takes vectors of directions that
    hold nothing too, which are whatever the library makes of them. The number is the
    same where the features have full rank and there are as many images as features or
    more. Singular values below the rounding of float32 are none.

    References
    ----------
    Candès and Recht, "Exact Matrix Completion via Convex Optimization", Foundations of
    Computational Mathematics 9, 2009, definition 1.2; as a measure of embeddings
    Tsitsulin, Munkhoeva, Perozzi, 2023, arXiv:2305.16562.

    Examples
    --------
    >>> coherence(np.array([[1.0], [1.0], [-1.0], [1.0]]))
    1.0
    >>> coherence(np.array([[1.0], [0.0], [0.0], [0.0]]))
    4.0
    """
    check_features(features)
    rows = np.asarray(features, dtype=np.float64)
    # Of many images, vectors of a small matrix and an orthogonal basis before it.
    basis, small = (
        np.linalg.qr(rows) if len(rows) > rows.shape[1] else (np.eye(len(rows)), rows)
    )
    vectors, values, _ = np.linalg.svd(small, full_matrices=False)
    if values[0] == 0:
        raise UndefinedMetricError("the features have collapsed: all of them are 0")
    kept = values > ROUNDING * values[0]
    # A whole turn of the basis changes no length.
    left = basis if kept.all() else basis @ vectors[:, kept]
    leverage = (left**2).sum(axis=1)
    return max(1.0, float(leverage.max() * len(rows) / kept.sum()))  # rounding


COHERENCE = Metric(
    fn=coherence,
    inputs=(Input.FEATURES,),
    bounds=(1.0, float("inf")),
    trend=Trend.NONE,
    source="Candès and Recht 2009; Tsitsulin et al. 2023, arXiv:2305.16562",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
    depends_on_n=True,
    on_request=True,
)
