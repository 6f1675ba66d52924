"""AMI and ARI: agreement of clusters and classes beyond what chance gives."""

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes
from harness.metrics.numerics.contingency import Contingency, contingency
from harness.metrics.numerics.information import expected_information, information
from harness.metrics.numerics.uncertainty import mean_interval
from harness.metrics.spec import Input, Invariant, Metric, Trend


def ami(predicted: Classes, labels: Classes) -> float:
    r"""Return the mutual information that is beyond chance, in parts of what could be.

    .. math:: \frac{I - E[I]}{\tfrac12 (H(U) + H(V)) - E[I]}

    with the mean E[I] over all partitions with parts of the same sizes.

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        At most 1, which one partition on both sides reaches; 0 in the mean over random
        clusters, and if either side is one part alone; below 0 for less than chance.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    With the arithmetic mean of the entropies, as scikit-learn has it since 0.22. E[I]
    is worked out over sizes that differ, which takes 0.1 s where scikit-learn takes 1.4
    (50,000 images, 1,000 clusters and classes). Its interval holds E[I] fixed.

    References
    ----------
    Vinh, Epps and Bailey, "Information Theoretic Measures for Clusterings Comparison",
    JMLR 11, 2010, table 2 (sum) and equation 24.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> ami(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.298792458171
    >>> ami(np.array([5, 5, 5, 0, 0, 0]), labels), ami(np.zeros(6, int), labels)
    (1.0, 0.0)
    >>> ami(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
    -0.5
    """
    table = contingency(predicted, labels)
    if table.identical or min(table.counts.shape) == 1:
        return float(table.identical)
    found = information(table)
    expected = expected_information(table)
    most = (found.of_classes + found.of_clusters) / 2
    return min(1.0, (found.mutual - expected) / (most - expected))


def ari(predicted: Classes, labels: Classes) -> float:
    r"""Return the share of pairs that clusters and classes agree on, beyond chance.

    .. math:: \frac{\sum_{kc} \binom{M_{kc}}2 - e}
        {\tfrac12 \big(\sum_k \binom{a_k}2 + \sum_c \binom{b_c}2\big) - e}, \qquad
        e = \sum_k \binom{a_k}2 \sum_c \binom{b_c}2 \Big/ \binom n2

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [-0.5, 1]: 1 if they are one partition, 0 in the mean over random clusters,
        and where one side is one part, or one part for each image, and the other not.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    Of the measures here it falls most when classes are split: pairs in large clusters
    are most of what it counts.

    References
    ----------
    Hubert and Arabie, "Comparing partitions", Journal of Classification 2, 1985,
    equation 5. Its least value: Chacón and Rastrojo, "Minimum adjusted Rand index for
    two clusterings of a given size", 2020, arXiv:2002.03677.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> ari(np.array([0, 0, 1, 1, 2, 2]), labels) * 33
    8.0
    >>> ari(np.array([5, 5, 5, 0, 0, 0]), labels), ari(np.arange(6), labels)
    (1.0, 0.0)
    >>> ari(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
    -0.5
    """
    table = contingency(predicted, labels)
    if table.identical:
        return 1.0
    together, rows, columns = (
        _pairs(sizes)
        for sizes in (table.counts, table.class_sizes, table.cluster_sizes)
    )
    # One whole number over another, so that nothing is rounded before the quotient.
    every = table.n * (table.n - 1) // 2
    by_chance = rows * columns
    above = 2 * (together * every - by_chance)
    return above / ((rows + columns) * every - 2 * by_chance)


def _pairs(sizes: NDArray[np.int64]) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _ami_interval(predicted: Classes, labels: Classes) -> tuple[float, float]:
    """By the delta method, with E[I] held; of no width where nothing can move it."""
    value, table = ami(predicted, labels), contingency(predicted, labels)
    if table.identical or min(table.counts.shape) == 1:
        return value, value
    found = information(table)
    most = (found.of_classes + found.of_clusters) / 2
    mean_of = (found.classes_of + found.clusters_of) / 2
    moves = found.mutual_of - found.mutual - value * (mean_of - most)
    scale = most - expected_information(table)
    return mean_interval(value + moves / scale, bounds=(-np.inf, 1.0))


def _ari_interval(predicted: Classes, labels: Classes) -> tuple[float, float]:
    """By the delta method on shares of pairs; of no width where nothing moves it."""
    value, table = ari(predicted, labels), contingency(predicted, labels)
    both, rows, columns = _share_of_each(table)
    a, b, c = (float(of.mean()) for of in (both, rows, columns))
    scale = (b + c) / 2 - b * c
    if scale == 0:
        return value, value
    moved = [2 * (of - of.mean()) for of in (both, rows, columns)]
    above = moved[0] - b * moved[2] - c * moved[1]
    below = (moved[1] + moved[2]) / 2 - b * moved[2] - c * moved[1]
    # The slope at the value of many images, which is that of pairs with themselves.
    at = (a - b * c) / scale
    return mean_interval(value + (above - at * below) / scale, bounds=(-0.5, 1.0))


def _share_of_each(table: Contingency) -> tuple[Array, Array, Array]:
    """(n,) share of all images in the cell, the class, the cluster of each."""
    n = table.n
    return (
        table.counts[table.labels, table.predicted] / n,
        table.class_sizes[table.labels] / n,
        table.cluster_sizes[table.predicted] / n,
    )


def _none(predicted: Classes, labels: Classes) -> float:
    """Random clusters have 0 in the mean: it is what the measure is adjusted to."""
    return 0.0


_ORDERS = frozenset({Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER})

AMI = Metric(
    fn=ami,
    inputs=(Input.PREDICTED, Input.LABELS),
    bounds=(-float("inf"), 1.0),
    trend=Trend.RISES,
    source="Vinh et al. 2010, JMLR 11, table 2 and equation 24, arithmetic mean",
    invariants=_ORDERS,
    interval=_ami_interval,
    chance=_none,
)
ARI = Metric(
    fn=ari,
    inputs=(Input.PREDICTED, Input.LABELS),
    bounds=(-0.5, 1.0),
    trend=Trend.RISES,
    source="Hubert and Arabie 1985, equation 5",
    invariants=_ORDERS,
    interval=_ari_interval,
    chance=_none,
)
