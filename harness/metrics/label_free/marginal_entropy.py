"""Marginal entropy: how evenly the predictions spread over the classes."""

import numpy as np

from harness.arrays import Probs
from harness.metrics.numerics.checks import check_probs
from harness.metrics.spec import Input, Invariant, Metric, Trend


def marginal_entropy(probs: Probs) -> float:
    r"""Return the entropy of the mean prediction, in nats.

    .. math:: -\sum_j \bar p_j \log \bar p_j, \quad \bar p = \frac1n \sum_i p_i

    Parameters
    ----------
    probs : (n, k) array
        Softmax outputs, one row per image.

    Returns
    -------
    float
        In [0, log k], higher is better where the true classes are balanced. 0 when all
        predictions are one class for sure, log k when they are even on average.

    Raises
    ------
    ValueError
        If `probs` is not a matrix of distributions.

    Notes
    -----
    A control: it sees the predicted label marginal alone, which is all the same for a
    perfect model and one that guesses evenly. The dispersity half of the nuclear norm.

    References
    ----------
    Shannon, "A Mathematical Theory of Communication", 1948.

    Examples
    --------
    >>> marginal_entropy(np.eye(2)[[0, 0]])
    0.0
    >>> round(marginal_entropy(np.eye(2)[[0, 1]]), 6)  # log 2
    0.693147
    >>> round(marginal_entropy(np.eye(2)[[0, 0, 0, 1]]), 6)
    0.562335
    """
    check_probs(probs)
    mean = probs.mean(axis=0, dtype=np.float64)
    mean = mean[mean > 0] / mean.sum()
    return float((mean * -np.log(mean)).sum())


MARGINAL_ENTROPY = Metric(
    fn=marginal_entropy,
    inputs=(Input.PROBS,),
    bounds=(0.0, float("inf")),
    trend=Trend.RISES,
    source="Shannon 1948",
    invariants=frozenset(
        {
            Invariant.IMAGE_ORDER,
            Invariant.CLASS_ORDER,
            Invariant.DUPLICATION,
            Invariant.LOGIT_SHIFT,
        }
    ),
)
