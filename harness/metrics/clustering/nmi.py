"""Normalised mutual information of clusters and classes, under its four means."""

from collections.abc import Callable
from functools import partial

import numpy as np

from harness.arrays import Array, Classes
from harness.metrics.numerics.contingency import contingency
from harness.metrics.numerics.information import (
    Information,
    expected_information,
    information,
)
from harness.metrics.numerics.uncertainty import mean_interval
from harness.metrics.spec import Input, Invariant, Metric, Trend

# A mean of the two entropies, and its influence values.
Mean = Callable[[Information], tuple[float, Array]]


def _arithmetic(found: Information) -> tuple[float, Array]:
    return (
        (found.of_classes + found.of_clusters) / 2,
        (found.classes_of + found.clusters_of) / 2,
    )


def _geometric(found: Information) -> tuple[float, Array]:
    value = float(np.sqrt(found.of_classes * found.of_clusters))
    if value == 0:
        return 0.0, np.zeros_like(found.classes_of)
    of = found.of_clusters * found.classes_of + found.of_classes * found.clusters_of
    return value, of / (2 * value)


def _min(found: Information) -> tuple[float, Array]:
    if found.of_classes <= found.of_clusters:
        return found.of_classes, found.classes_of
    return found.of_clusters, found.clusters_of


def _max(found: Information) -> tuple[float, Array]:
    if found.of_classes >= found.of_clusters:
        return found.of_classes, found.classes_of
    return found.of_clusters, found.clusters_of


def _nmi(predicted: Classes, labels: Classes, mean: Mean) -> float:
    table = contingency(predicted, labels)
    found = information(table)
    # With one part on either side nothing is shared, unless both are that one part.
    whole, _ = mean(found)
    if table.identical or whole == 0:
        return float(table.identical)
    return min(1.0, found.mutual / whole)


def nmi_arithmetic(predicted: Classes, labels: Classes) -> float:
    r"""Return the information that clusters and classes share, by the arithmetic mean.

    .. math:: \frac{2 I}{H(U) + H(V)}, \qquad
        I = \sum_{kc} \frac{M_{kc}}{n} \ln \frac{n M_{kc}}{a_k b_c}

    with the counts M of class k in cluster c, and sums a of its rows and b of its
    columns.

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: 0 if they are independent in the counts, 1 if they are one
        partition. Two partitions of one part each are the same: 1.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    Random clusters reach E[I] over the mean entropy, which grows with the number of
    clusters and falls with that of images: of 1,000 random clusters of 50,000 images
    in 1,000 classes it is 0.44. That is its chance level here; it is exact.

    The mean that scikit-learn takes since 0.22, and Self-Classifier and SCAN with it;
    the same number as V-measure. It differs from the other means only where the two
    entropies differ.

    References
    ----------
    Strehl and Ghosh, JMLR 3, 2002, with the arithmetic mean of Vinh, Epps and Bailey,
    JMLR 11, 2010, table 2 (sum).

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> nmi_arithmetic(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.515803742979
    >>> nmi_arithmetic(np.array([0, 0, 0, 0, 0, 0]), labels)  # one cluster
    0.0
    >>> nmi_arithmetic(np.array([4, 4, 4, 2, 2, 2]), labels)
    1.0
    """
    return _nmi(predicted, labels, _arithmetic)


def nmi_geometric(predicted: Classes, labels: Classes) -> float:
    r"""Return the information that clusters and classes share, by the geometric mean.

    .. math:: \frac{I}{\sqrt{H(U) H(V)}}, \qquad
        I = \sum_{kc} \frac{M_{kc}}{n} \ln \frac{n M_{kc}}{a_k b_c}

    with the counts M of class k in cluster c, and sums a of its rows and b of its
    columns.

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: 0 if they are independent in the counts, 1 if they are one
        partition. Two partitions of one part each are the same: 1.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    Random clusters reach E[I] over the mean entropy, which grows with the number of
    clusters and falls with that of images: of 1,000 random clusters of 50,000 images
    in 1,000 classes it is 0.44. That is its chance level here; it is exact.

    scikit-learn's before 0.22.

    References
    ----------
    Strehl and Ghosh, "Cluster Ensembles", JMLR 3, 2002, equation 3.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> nmi_geometric(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.529540578058
    >>> nmi_geometric(np.array([0, 0, 0, 0, 0, 0]), labels)  # one cluster
    0.0
    >>> nmi_geometric(np.array([4, 4, 4, 2, 2, 2]), labels)
    1.0
    """
    return _nmi(predicted, labels, _geometric)


def nmi_min(predicted: Classes, labels: Classes) -> float:
    r"""Return the information that clusters and classes share, by the smaller entropy.

    .. math:: \frac{I}{\min(H(U), H(V))}, \qquad
        I = \sum_{kc} \frac{M_{kc}}{n} \ln \frac{n M_{kc}}{a_k b_c}

    with the counts M of class k in cluster c, and sums a of its rows and b of its
    columns.

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: 0 if they are independent in the counts, 1 if one
        partition says all of the other, as clusters of parts of single classes do. Two
        partitions of one part each are the same: 1.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    Random clusters reach E[I] over the mean entropy, which grows with the number of
    clusters and falls with that of images: of 1,000 random clusters of 50,000 images
    in 1,000 classes it is 0.44. That is its chance level here; it is exact.

    It does not fall when clusters are split.

    References
    ----------
    Vinh, Epps and Bailey, JMLR 11, 2010, table 2; Kvalseth, "Entropy and Correlation:
    Some Comments", IEEE Transactions on Systems, Man, and Cybernetics 17, 1987.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> nmi_min(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.666666666667
    >>> nmi_min(np.array([0, 0, 0, 0, 0, 0]), labels)  # one cluster
    0.0
    >>> nmi_min(np.array([4, 4, 4, 2, 2, 2]), labels)
    1.0
    """
    return _nmi(predicted, labels, _min)


def nmi_max(predicted: Classes, labels: Classes) -> float:
    r"""Return the information that clusters and classes share, by the larger entropy.

    .. math:: \frac{I}{\max(H(U), H(V))}, \qquad
        I = \sum_{kc} \frac{M_{kc}}{n} \ln \frac{n M_{kc}}{a_k b_c}

    with the counts M of class k in cluster c, and sums a of its rows and b of its
    columns.

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: 0 if they are independent in the counts, 1 if they are one
        partition. Two partitions of one part each are the same: 1.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    Random clusters reach E[I] over the mean entropy, which grows with the number of
    clusters and falls with that of images: of 1,000 random clusters of 50,000 images
    in 1,000 classes it is 0.44. That is its chance level here; it is exact.

    References
    ----------
    Vinh, Epps and Bailey, JMLR 11, 2010, table 2; Kvalseth, "Entropy and Correlation:
    Some Comments", IEEE Transactions on Systems, Man, and Cybernetics 17, 1987.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> nmi_max(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.420619835714
    >>> nmi_max(np.array([0, 0, 0, 0, 0, 0]), labels)  # one cluster
    0.0
    >>> nmi_max(np.array([4, 4, 4, 2, 2, 2]), labels)
    1.0
    """
    return _nmi(predicted, labels, _max)


def _interval(predicted: Classes, labels: Classes, mean: Mean) -> tuple[float, float]:
    """By the delta method; of no width where the value cannot move, at 1 and 0."""
    value = _nmi(predicted, labels, mean)
    found = information(contingency(predicted, labels))
    whole, of = mean(found)
    if whole == 0:
        return value, value
    moves = found.mutual_of - found.mutual - value * (of - whole)
    return mean_interval(value + moves / whole, bounds=(0.0, 1.0))


def _chance(predicted: Classes, labels: Classes, mean: Mean) -> float:
    """Of the same clusters on permuted images: exact, as the means do not change."""
    table = contingency(predicted, labels)
    whole, _ = mean(information(table))
    if whole == 0:
        return float(table.identical)
    return min(1.0, expected_information(table) / whole)


def _metric(fn: Callable[[Classes, Classes], float], mean: Mean, source: str) -> Metric:
    return Metric(
        fn=fn,
        inputs=(Input.PREDICTED, Input.LABELS),
        bounds=(0.0, 1.0),
        trend=Trend.RISES,
        source=source,
        invariants=frozenset(
            {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
        ),
        depends_on_n=True,
        interval=partial(_interval, mean=mean),
        chance=partial(_chance, mean=mean),
    )


NMI_ARITHMETIC = _metric(
    nmi_arithmetic, _arithmetic, "Vinh et al. 2010, JMLR 11, table 2: 2 I / (H + H)"
)
NMI_GEOMETRIC = _metric(
    nmi_geometric, _geometric, "Strehl and Ghosh 2002, JMLR 3, equation 3"
)
NMI_MIN = _metric(nmi_min, _min, "Vinh et al. 2010, JMLR 11, table 2")
NMI_MAX = _metric(nmi_max, _max, "Vinh et al. 2010, JMLR 11, table 2")
