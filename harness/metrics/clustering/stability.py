"""Stability: does the partition come again, from another seed or of another view?"""

import numpy as np

from harness.arrays import Classes
from harness.errors import UndefinedMetricError
from harness.metrics.clustering.adjusted import ari
from harness.metrics.numerics.checks import check_peers, check_predicted
from harness.metrics.spec import Input, Invariant, Metric, Trend


def stability(predicted: Classes, copy_predicted: Classes) -> float:
    r"""Return how far a partition agrees with others of the same images.

    .. math:: \frac1v \sum_j \operatorname{ARI}(\hat y, \hat y^{(j)})

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    copy_predicted : (v, n) integer array
        Clusters of the same images, as random copies of them show these, or from other
        seeds.

    Returns
    -------
    float
        In [-0.5, 1]: 1 if it comes again each time, whatever clusters are called; 0 of
        partitions that have nothing in common.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or of other images.
    UndefinedMetricError
        If one cluster alone is used: a collapse comes again whatever is shown.

    Notes
    -----
    Stable clusters need not be those of the classes, and fewer are often more stable:
    compare it where there are as many.

    References
    ----------
    Ben-Hur, Elisseeff and Guyon, "A stability based method for discovering structure
    in clustered data", Pacific Symposium on Biocomputing 2002; von Luxburg,
    "Clustering Stability: An Overview", 2010, arXiv:1007.1075. The index of agreement:
    Hubert and Arabie 1985.

    Examples
    --------
    >>> clusters = np.array([0, 0, 1, 1])
    >>> stability(clusters, np.array([[1, 1, 0, 0]]))
    1.0
    >>> stability(clusters, np.array([[5, 5, 7, 7], [0, 1, 0, 1]]))
    0.25
    """
    check_predicted(predicted)
    check_peers(copy_predicted, len(predicted), name="copy_predicted")
    if len(np.unique(predicted)) == 1:
        raise UndefinedMetricError("one cluster alone is used, which says nothing")
    return float(np.mean([ari(row, predicted) for row in copy_predicted]))


STABILITY = Metric(
    fn=stability,
    inputs=(Input.PREDICTED, Input.COPY_PREDICTED),
    bounds=(-0.5, 1.0),
    trend=Trend.RISES,
    source="Ben-Hur et al. 2002, with the adjusted Rand index",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.VIEW_ORDER}
    ),
)
