"""Effective invariance: the same answer, as surely, when the image is transformed."""

import numpy as np

from harness.arrays import Array, Probs
from harness.measurement import Axes
from harness.metrics.numerics.checks import check_probs, check_view_probs
from harness.metrics.spec import Input, Invariant, Metric, Trend


def effective_invariance(probs: Probs, view_probs: Probs) -> Array:
    r"""Return every image's invariance to every view.

    .. math:: \mathbb 1[\hat y = \hat y_t] \sqrt{\hat p \, \hat p_t}

    with the predicted class and its probability on the image and on its view t.
    Symmetric in the two. Of tied classes the first is the prediction.

    Parameters
    ----------
    probs : (n, k) array
        Softmax outputs on the images.
    view_probs : (v, n, k) array
        Softmax outputs on v transformed copies of each; the identity is not among
        them, since it would add the confidence itself to the mean.

    Returns
    -------
    (v, n) array
        In [0, 1].

    Raises
    ------
    ValueError
        If `probs` is not a matrix of distributions, or `view_probs` not a stack of
        matrices of its shape.

    References
    ----------
    Deng, Gould, Zheng, "On the Strong Correlation Between Model Invariance and
    Generalization", NeurIPS 2022, arXiv:2207.07065.

    Examples
    --------
    >>> probs = np.array([[0.81, 0.19]])
    >>> views = np.array([[[0.64, 0.36]], [[0.25, 0.75]]])  # agrees; disagrees
    >>> effective_invariance(probs, views).round(6).tolist()
    [[0.72], [0.0]]
    """
    check_probs(probs)
    check_view_probs(view_probs, *probs.shape)
    same = view_probs.argmax(axis=-1) == probs.argmax(axis=-1)
    confidence = probs.max(axis=-1).astype(np.float64)
    view_confidence = view_probs.max(axis=-1).astype(np.float64)
    # Rows may sum to 1 + 1e-4 (see `check_probs`); the bound is exact.
    return np.asarray(same * np.minimum(1.0, np.sqrt(confidence * view_confidence)))


def pretext_invariance(probs: Probs, view_probs: Probs) -> float:
    r"""Return the mean effective invariance to the views of a pretext task.

    .. math:: \frac1{vn} \sum_t \sum_i
        \mathbb 1[\hat y_i = \hat y_{ti}] \sqrt{\hat p_i \, \hat p_{ti}}

    Parameters
    ----------
    probs : (n, k) array
        Softmax outputs on the images.
    view_probs : (v, n, k) array
        Softmax outputs on the images under every view of the task that changes them.

    Returns
    -------
    float
        In [0, 1], higher is better. 1 when every view gets the same one-hot answer, 0
        when no view gets the image's class. A constant predictor gets its confidence.

    Raises
    ------
    ValueError
        If `probs` is not a matrix of distributions, or `view_probs` not a stack of
        matrices of its shape.

    Notes
    -----
    The axis `task` says which pretext task it is. Two have names of their own:
    `rotation_invariance` and `jigsaw_invariance`.

    References
    ----------
    Deng, Gould, Zheng, "On the Strong Correlation Between Model Invariance and
    Generalization", NeurIPS 2022, arXiv:2207.07065.

    Examples
    --------
    >>> probs = np.array([[0.81, 0.19]])
    >>> views = np.array([[[0.64, 0.36]], [[0.25, 0.75]]])  # agrees; disagrees
    >>> round(pretext_invariance(probs, views), 6)  # (0.72 + 0) / 2
    0.36
    """
    return float(effective_invariance(probs, view_probs).mean())


def rotation_invariance(probs: Probs, view_probs: Probs) -> float:
    r"""Return the mean effective invariance to quarter turns.

    .. math:: \frac1{vn} \sum_t \sum_i
        \mathbb 1[\hat y_i = \hat y_{ti}] \sqrt{\hat p_i \, \hat p_{ti}}

    Parameters
    ----------
    probs : (n, k) array
        Softmax outputs on the images.
    view_probs : (v, n, k) array
        Softmax outputs on the images turned by 90, 180 and 270 degrees; not by 0.

    Returns
    -------
    float
        In [0, 1], higher is better. 1 when every view gets the same one-hot answer, 0
        when no view gets the image's class. A constant predictor gets its confidence.

    Raises
    ------
    ValueError
        If `probs` is not a matrix of distributions, or `view_probs` not a stack of
        matrices of its shape.

    Notes
    -----
    The paper reports lines both over models on one set and over sets for one model; on
    small images the second has not always been found again (Koh 2023, see
    `jigsaw_invariance`). It is a mean over images and may be averaged over batches.

    References
    ----------
    Deng, Gould, Zheng, "On the Strong Correlation Between Model Invariance and
    Generalization", NeurIPS 2022, arXiv:2207.07065.

    Examples
    --------
    >>> probs = np.array([[0.81, 0.19], [0.0, 1.0]])
    >>> turned = np.array([[[0.64, 0.36], [0.0, 1.0]], [[0.25, 0.75], [0.75, 0.25]]])
    >>> round(rotation_invariance(probs, turned), 6)  # (0.72 + 1 + 0 + 0) / 4
    0.43
    >>> rotation_invariance(probs[1:], probs[None, 1:])
    1.0
    """
    return float(effective_invariance(probs, view_probs).mean())


def jigsaw_invariance(probs: Probs, view_probs: Probs) -> float:
    r"""Return the mean effective invariance to permuted tiles.

    .. math:: \frac1{vn} \sum_t \sum_i
        \mathbb 1[\hat y_i = \hat y_{ti}] \sqrt{\hat p_i \, \hat p_{ti}}

    Parameters
    ----------
    probs : (n, k) array
        Softmax outputs on the images.
    view_probs : (v, n, k) array
        Softmax outputs on the images with the tiles of a grid permuted; the identity
        permutation is not among them.

    Returns
    -------
    float
        In [0, 1], higher is better. 1 when every view gets the same one-hot answer, 0
        when no view gets the image's class. A constant predictor gets its confidence.

    Raises
    ------
    ValueError
        If `probs` is not a matrix of distributions, or `view_probs` not a stack of
        matrices of its shape.

    Notes
    -----
    How strong a view is depends on which tiles it moves, so numbers compare only for
    the same permutations. It is a mean over images and may be averaged over batches.

    References
    ----------
    The invariance: Deng, Gould, Zheng, NeurIPS 2022, arXiv:2207.07065. With jigsaw
    views: Koh, "Can Effective Invariance Metrics Predict Classifier Accuracy on a
    Data-Centric View?", 2023, github.com/u7122029/autoeval_baselines.

    Examples
    --------
    >>> probs = np.array([[0.81, 0.19]])
    >>> shuffled = np.array([[[0.64, 0.36]], [[0.25, 0.75]]])
    >>> round(jigsaw_invariance(probs, shuffled), 6)  # (0.72 + 0) / 2
    0.36
    >>> constant = np.full((1, 4), 0.25)  # a tie is class 0, everywhere
    >>> jigsaw_invariance(constant, constant[None])
    0.25
    """
    return float(effective_invariance(probs, view_probs).mean())


_INVARIANTS = frozenset(
    {
        Invariant.IMAGE_ORDER,
        Invariant.CLASS_ORDER,
        Invariant.VIEW_ORDER,
        Invariant.DUPLICATION,
        Invariant.LOGIT_SHIFT,
    }
)

PRETEXT_INVARIANCE = Metric(
    fn=pretext_invariance,
    inputs=(Input.PROBS, Input.VIEW_PROBS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="after Deng, Gould, Zheng 2022, arXiv:2207.07065, for any pretext task",
    invariants=_INVARIANTS,
)

ROTATION_INVARIANCE = Metric(
    fn=rotation_invariance,
    inputs=(Input.PROBS, Input.VIEW_PROBS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Deng, Gould, Zheng 2022, arXiv:2207.07065",
    invariants=_INVARIANTS,
    stands_for=(pretext_invariance.__name__, Axes.of({"task": "rotation"})),
)

JIGSAW_INVARIANCE = Metric(
    fn=jigsaw_invariance,
    inputs=(Input.PROBS, Input.VIEW_PROBS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Koh 2023, github.com/u7122029/autoeval_baselines, after arXiv:2207.07065",
    invariants=_INVARIANTS,
    stands_for=(pretext_invariance.__name__, Axes.of({"task": "jigsaw"})),
)
