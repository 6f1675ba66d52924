"""Information that two partitions have in common, in nats, and what chance gives it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array
from harness.metrics.numerics.contingency import Contingency
from harness.metrics.numerics.memo import remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Information:
    """Entropies of two partitions and their mutual information, with influence values.

    Attributes
    ----------
    mutual
        I, of both.
    of_classes, of_clusters
        H(U) and H(V).
    mutual_of, classes_of, clusters_of
        (n,) influence values: numbers of each image whose mean is I, H(U) or H(V).
    """

    mutual: float
    of_classes: float
    of_clusters: float
    mutual_of: Array
    classes_of: Array
    clusters_of: Array


def entropy(sizes: NDArray[np.int64]) -> float:
    r"""Return the entropy of a partition from the sizes of its parts.

    .. math:: H = -\sum_k \frac{a_k}{n} \ln \frac{a_k}{n}

    Examples
    --------
    >>> entropy(np.array([5, 5, 0])), entropy(np.array([7]))
    (0.69314718056, 0.0)
    """
    shares = sizes[sizes > 0] / sizes.sum()
    return max(0.0, float(-(shares * np.log(shares)).sum()))


def information(table: Contingency) -> Information:
    r"""Return entropies and mutual information of a contingency table.

    .. math:: I = \sum_{kc} \frac{M_{kc}}{n} \ln \frac{n M_{kc}}{a_k b_c}

    The influence value of an image in cell (k, c) is the logarithm there; of the
    entropies it is minus the logarithm of its part's share.

    References
    ----------
    Vinh, Epps and Bailey, "Information Theoretic Measures for Clusterings Comparison",
    JMLR 11, 2010, equations 3 and 4.
    """
    sizes = table.class_sizes, table.cluster_sizes
    logs = [np.log(part / table.n) for part in sizes]
    # Of the cells that have images, which are as many as images at most.
    joint = np.log(table.counts[table.labels, table.predicted] / table.n)
    classes_of, clusters_of = -logs[0][table.labels], -logs[1][table.predicted]
    mutual_of = joint + classes_of + clusters_of
    return Information(
        mutual=max(0.0, float(mutual_of.mean())),
        of_classes=entropy(sizes[0]),
        of_clusters=entropy(sizes[1]),
        mutual_of=mutual_of,
        classes_of=classes_of,
        clusters_of=clusters_of,
    )


def expected_information(table: Contingency) -> float:
    """E[I] of a table when its images are permuted; see `expected_of_sizes`."""
    return expected_of_sizes(table.class_sizes, table.cluster_sizes)


@remembered(8)
def expected_of_sizes(
    class_sizes: NDArray[np.int64], cluster_sizes: NDArray[np.int64]
) -> float:
    r"""Return the mean mutual information of all partitions with parts of these sizes.

    .. math:: E[I] = \sum_{kc} \sum_m \frac mn \ln \frac{nm}{a_k b_c}\,
        \frac{\binom{b_c}{m} \binom{n-b_c}{a_k-m}}{\binom{n}{a_k}}

    Parameters
    ----------
    class_sizes, cluster_sizes : (k,) and (c,) integer arrays
        Images in each part, n in all.

    Returns
    -------
    float
        In nats, from 0 to the smaller entropy. Sizes that come again are worked out
        once: there are at most as many as the square root of 2n.

    References
    ----------
    Vinh, Epps and Bailey, JMLR 11, 2010, equation 24a: the hypergeometric model.

    Examples
    --------
    >>> float(expected_of_sizes(np.array([3, 3]), np.array([2, 2, 2])))
    0.277258872224
    >>> expected_of_sizes(np.array([6]), np.array([2, 4]))
    0.0
    """
    from scipy.special import gammaln

    n = int(class_sizes.sum())
    rows, row_times = np.unique(class_sizes, return_counts=True)
    columns, column_times = np.unique(cluster_sizes, return_counts=True)
    lg = gammaln(np.arange(n + 1) + 1.0)  # logarithms of factorials
    b = columns[:, None]
    total = 0.0
    for a, times in zip(rows.tolist(), row_times.tolist(), strict=True):
        m = np.arange(1, min(a, int(columns[-1])) + 1)
        possible = (m <= b) & (m >= a + b - n)
        j, at = np.nonzero(possible)
        both, size = m[at], columns[j]
        chance = (
            (lg[a] + lg[n - a] - lg[n])
            + (lg[size] + lg[n - size])
            - (lg[both] + lg[a - both])
            - (lg[size - both] + lg[n - a - size + both])
        )
        term = both / n * np.log(n * both / (a * size)) * np.exp(chance)
        total += times * float((term * column_times[j]).sum())
    return max(0.0, total)
