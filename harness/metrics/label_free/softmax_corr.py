"""SoftmaxCorr: how close the classes' joint predictions are to keeping apart."""

import numpy as np

from harness.arrays import Probs
from harness.metrics.numerics.checks import check_probs
from harness.metrics.spec import Input, Invariant, Metric, Trend


def softmax_corr(probs: Probs) -> float:
    r"""Return the cosine between the class-class matrix and the identity.

    .. math:: \frac{\mathrm{tr}\, C}{\sqrt k \, \|C\|_F},
        \quad C = \frac1n P^\top P

    Parameters
    ----------
    probs : (n, k) array
        Softmax outputs, one row per image.

    Returns
    -------
    float
        In [1/sqrt(k), 1], higher is better. 1 when the rows are one-hot and spread
        evenly over the classes, 1/sqrt(k) when all rows are equal.

    Raises
    ------
    ValueError
        If `probs` is not a matrix of distributions.

    Notes
    -----
    Like the nuclear norm it falls when predictions are unsure and when they are uneven,
    so it also falls when the set itself holds few classes. It was proposed to rank
    models on one set. C may be averaged over batches, the cosine may not.

    References
    ----------
    Tu, Deng, Zheng, Gedeon, "What Does Softmax Probability Tell Us about Classifiers
    Ranking Across Diverse Test Conditions?", TMLR 2024, arXiv:2406.09908.

    Examples
    --------
    >>> round(softmax_corr(np.eye(3)), 6)
    1.0
    >>> round(softmax_corr(np.full((8, 4), 0.25)), 6)
    0.5
    >>> round(softmax_corr(np.eye(4)[[0, 0]]), 6)  # collapsed onto one class
    0.5
    >>> round(softmax_corr(np.eye(2)[[0, 0, 0, 1]]), 6)  # (3 + 1) / sqrt(2 (9 + 1))
    0.894427
    """
    check_probs(probs)
    probs = np.asarray(probs, dtype=np.float64)
    joint = probs.T @ probs
    cosine = np.trace(joint) / np.sqrt(len(joint) * (joint**2).sum())
    return min(1.0, float(cosine))  # rounding


SOFTMAX_CORR = Metric(
    fn=softmax_corr,
    inputs=(Input.PROBS,),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Tu et al. 2024, arXiv:2406.09908",
    invariants=frozenset(
        {
            Invariant.IMAGE_ORDER,
            Invariant.CLASS_ORDER,
            Invariant.DUPLICATION,
            Invariant.LOGIT_SHIFT,
        }
    ),
)
