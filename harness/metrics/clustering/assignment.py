"""How an assignment uses its clusters: what tells a collapse, without any label."""

import numpy as np

from harness.arrays import Classes
from harness.metrics.numerics.checks import check_predicted
from harness.metrics.numerics.information import entropy
from harness.metrics.spec import Input, Invariant, Metric, Trend

COLLAPSED = 1.1  # effective clusters, below which one has 98 % of the images or more


def clusters_used(predicted: Classes) -> float:
    r"""Return how many clusters have an image.

    .. math:: |\{\hat y_1, \dots, \hat y_n\}|

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.

    Returns
    -------
    float
        From 1, of an assignment that has collapsed, to n.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or none.

    References
    ----------
    Amrani et al., "Self-Supervised Classification Network", ECCV 2022,
    arXiv:2103.10994, on degenerate solutions.

    Examples
    --------
    >>> clusters_used(np.array([0, 0, 5, 9])), clusters_used(np.array([3, 3]))
    (3.0, 1.0)
    """
    check_predicted(predicted)
    return float(len(np.unique(predicted)))


def assignment_entropy(predicted: Classes) -> float:
    r"""Return the entropy of the share of images that each cluster has, in nats.

    .. math:: -\sum_c \frac{b_c}{n} \ln \frac{b_c}{n}

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.

    Returns
    -------
    float
        From 0, of one cluster, to the logarithm of the number of clusters used, where
        all have as many. Its exponential is the effective number of clusters.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or none.

    Notes
    -----
    Of hard assignments, unlike `marginal_entropy`, which uniform rows of probabilities
    raise to its most.

    References
    ----------
    Vinh, Epps and Bailey, JMLR 11, 2010, equation 3.

    Examples
    --------
    >>> assignment_entropy(np.array([0, 0, 1, 1])), assignment_entropy(np.zeros(4, int))
    (0.69314718056, 0.0)
    """
    check_predicted(predicted)
    return entropy(np.unique(predicted, return_counts=True)[1])


def largest_cluster(predicted: Classes) -> float:
    r"""Return the share of images that the largest cluster has.

    .. math:: \frac1n \max_c b_c

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.

    Returns
    -------
    float
        In (0, 1]: 1 of one cluster, 1/c of c clusters of one size.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or none.

    References
    ----------
    Amrani et al., ECCV 2022, arXiv:2103.10994, on degenerate solutions.

    Examples
    --------
    >>> largest_cluster(np.array([0, 0, 0, 1]))
    0.75
    """
    check_predicted(predicted)
    sizes = np.unique(predicted, return_counts=True)[1]
    return float(sizes.max() / len(predicted))


def is_collapsed(entropy_in_nats: float) -> bool:
    """Whether an assignment with this entropy has one cluster as good as alone.

    Its effective number of clusters, the exponential, is below 1.1: the largest cluster
    has 98 % of the images or more.

    Examples
    --------
    >>> is_collapsed(assignment_entropy(np.array([0] * 99 + [1])))
    True
    >>> is_collapsed(assignment_entropy(np.array([0] * 9 + [1])))
    False
    """
    return float(np.exp(entropy_in_nats)) < COLLAPSED


_SYMMETRIES = frozenset(
    {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
)

CLUSTERS_USED = Metric(
    fn=clusters_used,
    inputs=(Input.PREDICTED,),
    bounds=(1.0, float("inf")),
    trend=Trend.NONE,
    source="Amrani et al. 2022, arXiv:2103.10994: degenerate solutions",
    invariants=_SYMMETRIES,
    on_request=True,
    depends_on_n=True,
)
ASSIGNMENT_ENTROPY = Metric(
    fn=assignment_entropy,
    inputs=(Input.PREDICTED,),
    bounds=(0.0, float("inf")),
    trend=Trend.RISES,
    source="Vinh et al. 2010, JMLR 11, equation 3, of the clusters",
    invariants=_SYMMETRIES,
    on_request=True,
)
LARGEST_CLUSTER = Metric(
    fn=largest_cluster,
    inputs=(Input.PREDICTED,),
    bounds=(0.0, 1.0),
    trend=Trend.FALLS,
    source="Amrani et al. 2022, arXiv:2103.10994: degenerate solutions",
    invariants=_SYMMETRIES,
    on_request=True,
)
