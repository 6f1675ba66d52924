"""Neighbourhood invariance: how many transformed copies get the same class."""

import numpy as np

from harness.arrays import Probs
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_view_probs
from harness.metrics.spec import Input, Invariant, Metric, Trend


def neighborhood_invariance(view_probs: Probs) -> float:
    r"""Return the mean share of an image's copies that get their most frequent class.

    .. math:: \frac1n \sum_i \max_j \frac1v \sum_t \mathbb 1[\hat y_{ti} = j]

    Parameters
    ----------
    view_probs : (v, n, k) array
        Softmax outputs on v >= 2 transformed copies of each image.

    Returns
    -------
    float
        In [1/v, 1], higher is better. 1 when all copies of every image get one class,
        1/v when they all get different ones (for v <= k).

    Raises
    ------
    ValueError
        If `view_probs` is not a stack of matrices of distributions.
    UndefinedMetricError
        If there is one copy only, which always agrees with itself.

    Notes
    -----
    Which transformations make the neighbourhood is part of the number. Unlike effective
    invariance it needs no prediction on the image itself and no confidence. Of tied
    classes the first is the prediction.

    References
    ----------
    Ng, Hulkund, Cho, Ghassemi, "Predicting Out-of-Domain Generalization with
    Neighborhood Invariance", TMLR 2023, arXiv:2207.02093.

    Examples
    --------
    >>> votes = np.eye(3)[[[0, 1], [0, 1], [2, 1], [1, 1]]]  # four copies of two images
    >>> neighborhood_invariance(votes)  # (2/4 + 4/4) / 2
    0.75
    """
    check_view_probs(view_probs)
    v, n, k = view_probs.shape
    if v == 1:
        raise UndefinedMetricError("neighbourhood invariance needs two copies, got 1")
    counts = np.zeros((n, k), dtype=np.int64)
    np.add.at(counts, (np.arange(n), view_probs.argmax(axis=-1)), 1)
    return float(counts.max(axis=1).mean() / v)


NEIGHBORHOOD_INVARIANCE = Metric(
    fn=neighborhood_invariance,
    inputs=(Input.COPY_PROBS,),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Ng et al. 2023, arXiv:2207.02093",
    invariants=frozenset(
        {
            Invariant.IMAGE_ORDER,
            Invariant.CLASS_ORDER,
            Invariant.VIEW_ORDER,
            Invariant.DUPLICATION,
        }
    ),
)
