"""Pretext prediction: how well a head on frozen features names what it is shown."""

import numpy as np

from harness.arrays import Logits
from harness.measurement import Axes
from harness.metrics.numerics.checks import check_head_logits
from harness.metrics.spec import Input, Invariant, Metric, Trend


def pretext_prediction(head_logits: Logits) -> float:
    r"""Return the share of views that a linear head names, over all images.

    .. math:: \frac{1}{tn} \sum_{v=1}^{t} \sum_{i=1}^{n}
              \mathbb 1[\arg\max_j h_{vij} = v]

    Parameters
    ----------
    head_logits : (t, n, t) array
        Row v holds what the head says about all n images under view v of the task, in
        the order of the head's classes.

    Returns
    -------
    float
        In [0, 1], higher is better; 1/t for t views is chance, and exact where the head
        answers every view of an image alike.

    Raises
    ------
    ValueError
        If `head_logits` is not finite, or has not one class per view.

    Notes
    -----
    The axis `task` says which pretext task it is. Two have names of their own:
    `rotation_prediction` and `jigsaw_prediction`. A score says something of the
    network's training only beside that of the same network with random weights.

    References
    ----------
    Deng, Gould, Zheng, "What Does Rotation Prediction Tell Us about Classifier
    Accuracy under Varying Testing Environments?", ICML 2021, arXiv:2106.05961, for the
    first of them.

    Examples
    --------
    >>> pretext_prediction(np.eye(3)[:, None].repeat(2, axis=1))
    1.0
    >>> pretext_prediction(np.zeros((5, 3, 5)))  # tied: always the first class
    0.2
    """
    return _accuracy(head_logits)


def rotation_prediction(head_logits: Logits) -> float:
    r"""Return the share of rotated images whose rotation a linear head names.

    .. math:: \frac{1}{tn} \sum_{v=1}^{t} \sum_{i=1}^{n}
              \mathbb 1[\arg\max_j h_{vij} = v]

    Parameters
    ----------
    head_logits : (t, n, t) array
        Row v holds what the head says about all n images under view v, in the order of
        the head's classes: 0, 90, 180 and 270 degrees.

    Returns
    -------
    float
        In [0, 1], higher is better; 1/t, so 1/4 with four rotations, is chance, and
        exact where the head answers every view of an image alike.

    Raises
    ------
    ValueError
        If `head_logits` is not finite, or has not one class per view.

    Notes
    -----
    It is an accuracy, over every image and every class of the task, the identity
    counted; one README of the field writes it as an error rate. Of classes tied for the
    largest logit the first is the answer, as `numpy.argmax` has it. The head is trained
    on the features of training images by a frozen network.

    References
    ----------
    Deng, Gould, Zheng, "What Does Rotation Prediction Tell Us about Classifier
    Accuracy under Varying Testing Environments?", ICML 2021, arXiv:2106.05961.

    Examples
    --------
    >>> right = np.eye(4)[:, None].repeat(3, axis=1)  # three images, four rotations
    >>> rotation_prediction(right)
    1.0
    >>> rotation_prediction(np.zeros((4, 3, 4)))  # tied: always the first class
    0.25
    >>> rotation_prediction(right[[1, 0, 2, 3]])  # takes 0 for 90 degrees, 90 for 0
    0.5
    """
    return _accuracy(head_logits)


def jigsaw_prediction(head_logits: Logits) -> float:
    r"""Return the share of shuffled images whose permutation a linear head names.

    .. math:: \frac{1}{tn} \sum_{v=1}^{t} \sum_{i=1}^{n}
              \mathbb 1[\arg\max_j h_{vij} = v]

    Parameters
    ----------
    head_logits : (t, n, t) array
        Row v holds what the head says about all n images under permutation v, in the
        order of the head's classes.

    Returns
    -------
    float
        In [0, 1], higher is better; 1/t for t permutations is chance, and exact where
        the head answers every view of an image alike.

    Raises
    ------
    ValueError
        If `head_logits` is not finite, or has not one class per view.

    Notes
    -----
    As `rotation_prediction`, with permutations of the tiles of a grid for rotations; a
    g x g grid has (g*g)! of them, so values of runs with unequal numbers of
    permutations cannot be compared.

    References
    ----------
    Noroozi, Favaro, "Unsupervised Learning of Visual Representations by Solving Jigsaw
    Puzzles", ECCV 2016, arXiv:1603.09246, for the task.

    Examples
    --------
    >>> jigsaw_prediction(np.eye(3)[:, None].repeat(2, axis=1))
    1.0
    >>> half = np.array([[[2.0, 1.0], [0.0, 3.0]], [[0.0, 1.0], [4.0, 3.0]]])
    >>> jigsaw_prediction(half)  # of two images, each right under one of two views
    0.5
    """
    return _accuracy(head_logits)


def _chance(head_logits: Logits) -> float:
    return 1 / len(head_logits)


def _accuracy(head_logits: Logits) -> float:
    check_head_logits(head_logits)
    labels = np.arange(len(head_logits))[:, None]
    return float((head_logits.argmax(axis=2) == labels).mean())


_INVARIANTS = frozenset({Invariant.IMAGE_ORDER, Invariant.DUPLICATION})

PRETEXT_PREDICTION = Metric(
    fn=pretext_prediction,
    inputs=(Input.HEAD_LOGITS,),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="after Deng, Gould, Zheng 2021, arXiv:2106.05961, for any pretext task",
    invariants=_INVARIANTS,
    chance=_chance,
)

ROTATION_PREDICTION = Metric(
    fn=rotation_prediction,
    inputs=(Input.HEAD_LOGITS,),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Deng, Gould, Zheng 2021, arXiv:2106.05961",
    invariants=_INVARIANTS,
    chance=_chance,
    stands_for=(pretext_prediction.__name__, Axes.of({"task": "rotation"})),
)

JIGSAW_PREDICTION = Metric(
    fn=jigsaw_prediction,
    inputs=(Input.HEAD_LOGITS,),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="task of Noroozi, Favaro 2016, arXiv:1603.09246; accuracy of its head",
    invariants=_INVARIANTS,
    chance=_chance,
    stands_for=(pretext_prediction.__name__, Axes.of({"task": "jigsaw"})),
)
