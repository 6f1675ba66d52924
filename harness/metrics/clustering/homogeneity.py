"""Homogeneity, completeness and V-measure: what clusters say of classes, and back."""

from harness.arrays import Array, Classes
from harness.metrics.clustering.nmi import NMI_ARITHMETIC
from harness.metrics.numerics.contingency import contingency
from harness.metrics.numerics.information import expected_information, information
from harness.metrics.numerics.uncertainty import mean_interval
from harness.metrics.spec import Input, Invariant, Metric, Trend


def homogeneity(predicted: Classes, labels: Classes) -> float:
    r"""Return the share of what there is to know of the class that the cluster says.

    .. math:: \frac{I(U, V)}{H(U)} = 1 - \frac{H(U \mid V)}{H(U)}

    of classes U and clusters V.

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: 1 if every cluster holds images of one class alone, and if there is
        one class; 0 for one cluster of several classes.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    Blind to clusters that are too many: one cluster for each image reaches 1. Its
    chance level, E[I] over H(U), says how much of the value is that.

    References
    ----------
    Rosenberg and Hirschberg, "V-Measure: A Conditional Entropy-Based External Cluster
    Evaluation Measure", EMNLP 2007, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> homogeneity(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.666666666667
    >>> homogeneity(np.arange(6), labels), homogeneity(np.arange(6), np.zeros(6, int))
    (1.0, 1.0)
    """
    found = information(contingency(predicted, labels))
    return _share(found.mutual, found.of_classes)


def completeness(predicted: Classes, labels: Classes) -> float:
    r"""Return the share of what there is to know of the cluster that the class says.

    .. math:: \frac{I(U, V)}{H(V)} = 1 - \frac{H(V \mid U)}{H(V)}

    of classes U and clusters V.

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: 1 if the images of every class are in one cluster, and so if there is
        one cluster; 0 for several clusters of one class.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    Blind to clusters that are too few: a collapsed assignment reaches 1.

    References
    ----------
    Rosenberg and Hirschberg, EMNLP 2007, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> completeness(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.420619835714
    >>> completeness(np.zeros(6, int), labels)
    1.0
    """
    found = information(contingency(predicted, labels))
    return _share(found.mutual, found.of_clusters)


def v_measure(predicted: Classes, labels: Classes) -> float:
    r"""Return the harmonic mean of homogeneity and completeness.

    .. math:: V = \frac{2hc}{h + c} = \frac{2 I}{H(U) + H(V)}

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: 0 if either is 0, 1 if both are.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    The same number as `nmi_arithmetic`, under the name that others give it, with the
    same level of chance.

    References
    ----------
    Rosenberg and Hirschberg, EMNLP 2007, equation 3 with β = 1; its identity with NMI:
    Becker, "Identification and Characterization of Events in Social Media", 2011.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> v_measure(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.515803742979
    >>> v_measure(np.zeros(6, int), labels)  # homogeneity is 0
    0.0
    """
    h, c = homogeneity(predicted, labels), completeness(predicted, labels)
    return 2 * h * c / (h + c) if h + c > 0 else 0.0


def _share(part: float, whole: float) -> float:
    """Where there is nothing to know, all of it is said."""
    return min(1.0, part / whole) if whole > 0 else 1.0


def _interval(value: float, mutual: Array, part: Array) -> tuple[float, float]:
    """By the delta method, from the influence values of both entropies.

    Of no width where nothing can move it, at 1 and 0.
    """
    whole = float(part.mean())
    if whole == 0:
        return value, value
    moves = (mutual - mutual.mean() - value * (part - whole)) / whole
    return mean_interval(value + moves, bounds=(0.0, 1.0))


def _homogeneity_interval(predicted: Classes, labels: Classes) -> tuple[float, float]:
    found = information(contingency(predicted, labels))
    value = homogeneity(predicted, labels)
    return _interval(value, found.mutual_of, found.classes_of)


def _completeness_interval(predicted: Classes, labels: Classes) -> tuple[float, float]:
    found = information(contingency(predicted, labels))
    value = completeness(predicted, labels)
    return _interval(value, found.mutual_of, found.clusters_of)


def _homogeneity_chance(predicted: Classes, labels: Classes) -> float:
    table = contingency(predicted, labels)
    return _share(expected_information(table), information(table).of_classes)


def _completeness_chance(predicted: Classes, labels: Classes) -> float:
    table = contingency(predicted, labels)
    return _share(expected_information(table), information(table).of_clusters)


_SYMMETRIES = frozenset(
    {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
)

HOMOGENEITY = Metric(
    fn=homogeneity,
    inputs=(Input.PREDICTED, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Rosenberg and Hirschberg 2007, EMNLP, equation 1",
    invariants=_SYMMETRIES,
    depends_on_n=True,
    interval=_homogeneity_interval,
    chance=_homogeneity_chance,
)
COMPLETENESS = Metric(
    fn=completeness,
    inputs=(Input.PREDICTED, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Rosenberg and Hirschberg 2007, EMNLP, equation 2",
    invariants=_SYMMETRIES,
    depends_on_n=True,
    interval=_completeness_interval,
    chance=_completeness_chance,
)
V_MEASURE = Metric(
    fn=v_measure,
    inputs=(Input.PREDICTED, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Rosenberg and Hirschberg 2007, EMNLP, equation 3, β = 1",
    invariants=_SYMMETRIES,
    depends_on_n=True,
    interval=NMI_ARITHMETIC.interval,
    chance=NMI_ARITHMETIC.chance,
)
