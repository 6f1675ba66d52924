"""Alignment: how near features of two views of an image lie on the sphere."""

from itertools import combinations

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_copy_features
from harness.metrics.numerics.directions import directions
from harness.metrics.spec import Input, Invariant, Metric, Trend


def alignment(copy_features: Array) -> float:
    r"""Return the mean squared distance between the directions of two views.

    .. math:: \overline{\|u_i - v_i\|^2} = 2 - 2 \, \overline{\cos(z_i, z_i')}

    over images and over all pairs of views.

    Parameters
    ----------
    copy_features : (v, n, d) array
        Features of v >= 2 views of each image.

    Returns
    -------
    float
        In [0, 4], lower is better: 0 where all views of every image have one direction,
        as in a collapse too; 4 where two are opposite. Lengths have no effect.

    Raises
    ------
    ValueError
        If `copy_features` is not a finite stack of matrices.
    UndefinedMetricError
        If there is one view, or one has features of 0 alone.

    Notes
    -----
    With the exponent 2. Which views are shown is part of the number. Read it with
    `uniformity`, which is worst where this is best.

    References
    ----------
    Wang and Isola, "Understanding Contrastive Representation Learning through Alignment
    and Uniformity on the Hypersphere", ICML 2020, arXiv:2005.10242, equation 1.

    Examples
    --------
    >>> one = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> other = np.array([[3.0, 0.0], [5.0, 0.0]])
    >>> alignment(np.stack([one, one])), alignment(np.stack([one, -one]))
    (0.0, 4.0)
    >>> round(alignment(np.stack([one, other])), 12)  # 0 and 2
    1.0
    """
    check_copy_features(copy_features)
    if len(copy_features) < 2:
        raise UndefinedMetricError("alignment needs two views of each image, got 1")
    units = directions(copy_features)
    pairs = combinations(units, 2)
    each = [((a - b) ** 2).sum(axis=1).mean() for a, b in pairs]
    return float(np.clip(np.mean(each), 0.0, 4.0))  # rounding


ALIGNMENT = Metric(
    fn=alignment,
    inputs=(Input.COPY_FEATURES,),
    bounds=(0.0, 4.0),
    trend=Trend.FALLS,
    source="Wang and Isola 2020, arXiv:2005.10242, equation 1",
    invariants=frozenset(
        {
            Invariant.IMAGE_ORDER,
            Invariant.CLASS_ORDER,
            Invariant.VIEW_ORDER,
            Invariant.DUPLICATION,
        }
    ),
    on_request=True,
)
