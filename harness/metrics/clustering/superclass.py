"""Superclass accuracy: do the mistakes of clusters stay inside a kind of classes?"""

from dataclasses import dataclass

import numpy as np

from harness.arrays import Classes
from harness.errors import UndefinedMetricError
from harness.metrics.clustering.acc import ACC_MAJORITY, acc_majority
from harness.metrics.numerics.checks import check_predicted
from harness.metrics.numerics.matching import NO_CLASS, Rule, matched
from harness.metrics.numerics.uncertainty import share_interval
from harness.metrics.outcomes.chance import prevalence
from harness.metrics.spec import Input, Invariant, Metric, Trend


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What two ways to judge superclasses are computed from; m images are covered.

    Attributes
    ----------
    clusters
        (m,) as they are: for clusters matched to superclasses anew.
    predicted
        (m,) superclass of the class that each image's cluster stands for; one more than
        the largest number where it stands for none that is covered.
    labels
        (m,) superclass of each image.
    """

    clusters: Classes
    predicted: Classes
    labels: Classes


def superclass_answers(
    predicted: Classes,
    labels: Classes,
    superclass_of: Classes,
    *,
    rule: Rule = Rule.HYBRID,
) -> Answers:
    """Match clusters to classes, on the images whose class is in a superclass.

    Parameters
    ----------
    predicted, labels : (n,) integer arrays
        Cluster and class of each image.
    superclass_of : (k,) integer array
        Superclass of each class, numbers from 0; -1 where it is in none.
    rule
        How clusters are matched to classes.

    Raises
    ------
    UndefinedMetricError
        If no image's class is in a superclass.
    ValueError
        If a class has no entry.

    Notes
    -----
    The evaluation of Self-Classifier matches clusters to the covered classes first and
    maps these to superclasses; classes that are not covered are left out of the
    matching there too.

    Examples
    --------
    >>> labels = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    >>> clusters = np.array([0, 1, 0, 1, 2, 3, 2, 2])
    >>> found = superclass_answers(clusters, labels, np.array([0, 0, 1, 1]))
    >>> found.predicted.tolist() == found.labels.tolist()  # and 5 of 8 classes right
    True
    """
    check_predicted(predicted)
    check_predicted(labels, len(predicted), name="labels")
    if labels.max() >= len(superclass_of):
        raise ValueError(
            f"`superclass_of` must have an entry for each class, got "
            f"{len(superclass_of)} for class {labels.max()}"
        )
    covered = superclass_of[labels] >= 0
    if not covered.any():
        raise UndefinedMetricError("no image's class is in a superclass")
    predicted, labels = predicted[covered], labels[covered]
    classes = matched(predicted, labels, rule=rule)
    answers = np.where(
        classes == NO_CLASS, superclass_of.max() + 1, superclass_of[classes]
    )
    return Answers(clusters=predicted, predicted=answers, labels=superclass_of[labels])


def superclass_accuracy(predicted: Classes, labels: Classes) -> float:
    r"""Return the share of images whose cluster's class is in their superclass.

    .. math:: \frac1n \sum_i \mathbb 1[s(\sigma(\hat y_i)) = s(y_i)]

    with the matching σ of clusters to classes, and the superclass s of a class.

    Parameters
    ----------
    predicted : (n,) integer array
        Superclass of the class that each image's cluster stands for, as
        superclass_answers finds it.
    labels : (n,) integer array
        Superclass of each image.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n, at least the accuracy of the classes.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    Clusters are matched to classes first: nothing is clustered anew, and a mistake
    counts if it leaves the superclass. Superclasses differ in size, so its chance level
    is the share of the most common one, not one over their number.

    References
    ----------
    Amrani et al., "Self-Supervised Classification Network", ECCV 2022,
    arXiv:2103.10994, table 5.

    Examples
    --------
    >>> superclass_accuracy(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]))
    0.75
    """
    check_predicted(predicted)
    check_predicted(labels, len(predicted), name="labels")
    return float((predicted == labels).mean())


def superclass_accuracy_reclustered(predicted: Classes, labels: Classes) -> float:
    r"""Return the share of images of the most common superclass of their cluster.

    .. math:: \frac1n \sum_c \max_s M_{sc}

    with the counts M of superclass s in cluster c.

    Parameters
    ----------
    predicted : (n,) integer array
        Cluster of each image, any numbers from 0.
    labels : (n,) integer array
        Superclass of each image.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n, at least the share of the most common superclass.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Notes
    -----
    Clusters are matched to superclasses and to no class: another number than
    `superclass_accuracy`, never below it, and one that rises with the number of
    clusters. Its chance level is the mean over 20 permutations, by the same rule.

    References
    ----------
    Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008,
    equation 16.1 (purity), of superclasses.

    Examples
    --------
    >>> superclass_accuracy_reclustered(np.array([5, 5, 2, 2]), np.array([0, 0, 0, 1]))
    0.75
    """
    return acc_majority(predicted, labels)


def _interval(predicted: Classes, labels: Classes) -> tuple[float, float]:
    return share_interval(predicted == labels)


def _chance(predicted: Classes, labels: Classes) -> float:
    """Always to name the most common superclass."""
    return prevalence(labels)


_SYMMETRIES = frozenset(
    {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
)

SUPERCLASS_ACCURACY = Metric(
    fn=superclass_accuracy,
    inputs=(Input.PREDICTED, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Amrani et al. 2022, arXiv:2103.10994, table 5: classes matched first",
    invariants=_SYMMETRIES,
    interval=_interval,
    chance=_chance,
)
SUPERCLASS_ACCURACY_RECLUSTERED = Metric(
    fn=superclass_accuracy_reclustered,
    inputs=(Input.PREDICTED, Input.LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Manning et al. 2008, equation 16.1, of superclasses",
    invariants=_SYMMETRIES,
    depends_on_n=True,
    interval=ACC_MAJORITY.interval,
    chance=ACC_MAJORITY.chance,
)
