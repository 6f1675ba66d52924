"""ACC: the share of images that are right once clusters stand for classes.

Three rules say how they do, and give three numbers of one assignment: the name says
which.
"""

from collections.abc import Callable
from functools import partial

from harness.arrays import Classes
from harness.metrics.numerics.contingency import contingency
from harness.metrics.numerics.matching import Rule, permuted_share, right
from harness.metrics.numerics.uncertainty import share_interval
from harness.metrics.spec import Input, Invariant, Metric, Trend


def acc_one_to_one(predicted: Classes, labels: Classes) -> float:
    r"""Return the share of images right when each class has one cluster at most.

    .. math:: \frac1n \max_{\sigma} \sum_c M_{\sigma(c), c}

    over all matchings σ of clusters to classes, no class twice.

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n. Images of clusters without a class, and of classes
        without a cluster, are wrong.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    Found by the Hungarian algorithm. The labels choose the matching, so random clusters
    reach more than 1/k: the chance level is the mean over 20 permutations of the
    clusters, matched by the same rule. The interval is Wilson's for this matching.

    References
    ----------
    Yang et al., "Image Clustering Using Local Discriminant Models and Global
    Integration", IEEE Transactions on Image Processing 19, 2010; Kuhn, "The Hungarian
    method for the assignment problem", Naval Research Logistics Quarterly 2, 1955.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> acc_one_to_one(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.666666666667
    >>> acc_one_to_one(np.array([7, 7, 7, 3, 3, 7]), labels)
    0.833333333333
    >>> acc_one_to_one(np.zeros(6, int), labels)  # collapsed
    0.5
    """
    return float(right(predicted, labels, rule=Rule.ONE_TO_ONE).mean())


def acc_hybrid(predicted: Classes, labels: Classes) -> float:
    r"""Return the share of images right when surplus clusters are their majority.

    .. math:: \frac1n \Big( \max_{\sigma} \sum_{c \in \sigma} M_{\sigma(c), c}
        + \sum_{c \notin \sigma} \max_k M_{kc} \Big)

    over all matchings σ of clusters to classes with the most images right.

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n. `acc_one_to_one` where no more clusters are used
        than classes occur, never less than it, never more than `acc_majority`.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    The rule of Self-Classifier and SCAN. Where several matchings are best, their code
    takes one by the order of clusters, so that a partition has several values; here it
    is the one that leaves most to the second sum. The published code for k-means
    repoints clusters by their number, which is right for as many clusters as classes
    alone; that reading is not taken.

    References
    ----------
    Amrani et al., "Self-Supervised Classification Network", ECCV 2022,
    arXiv:2103.10994; Van Gansbeke et al., "SCAN", ECCV 2020, arXiv:2005.12320.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> acc_hybrid(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.833333333333
    >>> labels = np.array([0, 0, 0, 0, 0, 1, 1])  # of two best matchings one has 5/7
    >>> acc_hybrid(np.array([0, 0, 1, 1, 1, 0, 2]), labels)
    0.857142857143
    """
    return float(right(predicted, labels, rule=Rule.HYBRID).mean())


def acc_majority(predicted: Classes, labels: Classes) -> float:
    r"""Return the share of images that are of the most common class of their cluster.

    .. math:: \frac1n \sum_c \max_k M_{kc}

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n, at least the share of the most common class.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    It rises with the number of clusters, up to 1 of one cluster an image: compare it
    where there are as many alone, and never gate on it by itself.

    References
    ----------
    Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008,
    equation 16.1 (purity).

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> acc_majority(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.833333333333
    >>> acc_majority(np.arange(6), labels)
    1.0
    """
    return float(right(predicted, labels, rule=Rule.MAJORITY).mean())


def purity(predicted: Classes, labels: Classes) -> float:
    r"""Return the purity of the clusters: `acc_majority` by its older name.

    .. math:: \frac1n \sum_c \max_k M_{kc}

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1], as of `acc_majority`.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    References
    ----------
    Manning, Raghavan and Schütze, 2008, equation 16.1.

    Examples
    --------
    >>> import numpy as np
    >>> purity(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 1]))
    0.833333333333
    """
    return acc_majority(predicted, labels)


def inverse_purity(predicted: Classes, labels: Classes) -> float:
    r"""Return the share of images that are in the most common cluster of their class.

    .. math:: \frac1n \sum_k \max_c M_{kc}

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        True classes, numbers from 0.

    Returns
    -------
    float
        In [0, 1]: 1 if no class is split, as of one cluster of everything.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    References
    ----------
    Amigó et al., "A comparison of extrinsic clustering evaluation metrics based on
    formal constraints", Information Retrieval 12, 2009, section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> inverse_purity(np.array([0, 0, 1, 1, 2, 2]), labels)
    0.666666666667
    >>> inverse_purity(np.zeros(6, int), labels)
    1.0
    """
    contingency(predicted, labels)  # refuses by the names of these
    return acc_majority(labels, predicted)


def _interval(predicted: Classes, labels: Classes, rule: Rule) -> tuple[float, float]:
    return share_interval(right(predicted, labels, rule=rule))


def _inverse_interval(predicted: Classes, labels: Classes) -> tuple[float, float]:
    return _interval(labels, predicted, Rule.MAJORITY)


def _chance(predicted: Classes, labels: Classes, rule: Rule) -> float:
    return permuted_share(predicted, labels, rule=rule)


def _inverse_chance(predicted: Classes, labels: Classes) -> float:
    return _chance(labels, predicted, Rule.MAJORITY)


def _metric(fn: Callable[[Classes, Classes], float], rule: Rule, source: str) -> Metric:
    return Metric(
        fn=fn,
        inputs=(Input.PREDICTED, Input.LABELS),
        bounds=(0.0, 1.0),
        trend=Trend.RISES,
        source=source,
        invariants=_SYMMETRIES,
        depends_on_n=True,
        interval=partial(_interval, rule=rule),
        chance=partial(_chance, rule=rule),
    )


_SYMMETRIES = frozenset(
    {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
)

ACC_ONE_TO_ONE = _metric(
    acc_one_to_one, Rule.ONE_TO_ONE, "Yang et al. 2010; clusters and classes one to one"
)
ACC_HYBRID = _metric(
    acc_hybrid,
    Rule.HYBRID,
    "Amrani et al. 2022, arXiv:2103.10994, with a rule for ties",
)
ACC_MAJORITY = _metric(
    acc_majority, Rule.MAJORITY, "Manning et al. 2008, equation 16.1"
)
PURITY = _metric(purity, Rule.MAJORITY, "Manning et al. 2008, equation 16.1")
INVERSE_PURITY = Metric(
    fn=inverse_purity,
    inputs=(Input.PREDICTED, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Amigó et al. 2009, section 3.1",
    invariants=_SYMMETRIES,
    depends_on_n=True,
    interval=_inverse_interval,
    chance=_inverse_chance,
)
