"""Entropy: how unsure the model is, over all classes."""

import numpy as np

from harness.arrays import Logits, log_softmax
from harness.metrics.numerics.checks import check_logits
from harness.metrics.numerics.temperature import tempered
from harness.metrics.spec import Input, Invariant, Metric, Trend


def entropy(logits: Logits, *, temperature: float = 1.0) -> float:
    r"""Return the mean entropy of the predictions, in nats.

    .. math:: -\frac1n \sum_i \sum_j p_{ij} \log p_{ij},
        \quad p_i = \mathrm{softmax}(f_i / T)

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    temperature
        T.

    Returns
    -------
    float
        In [0, log k], lower is better. 0 when every row is one-hot, log k when every
        row is uniform.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix or `temperature` is not positive.

    Notes
    -----
    Some tables print it in bits or divided by log k: a constant factor, so that
    correlations are the same. It is a mean over images and may be averaged over
    batches. Like confidence, it falls under a shift that makes a network surely wrong.

    References
    ----------
    Shannon, "A Mathematical Theory of Communication", 1948; as an estimator of accuracy
    Guillory et al., "Predicting with Confidence on Unseen Distributions", ICCV 2021,
    arXiv:2107.03315 (difference of entropies).

    Examples
    --------
    >>> round(entropy(np.zeros((3, 4))), 6)  # log 4
    1.386294
    >>> round(entropy(np.log([[0.75, 0.25], [0.5, 0.5]])), 6)  # (0.562335+0.693147)/2
    0.627741
    >>> entropy(np.array([[1e4, 0.0]]))  # 0 log 0 counts as 0
    0.0
    >>> round(entropy(np.log([[9.0, 1.0]]), temperature=2.0), 6)  # odds 3:1
    0.562335
    """
    check_logits(logits)
    log_probs = log_softmax(tempered(logits, temperature))
    return float((np.exp(log_probs) * -log_probs).sum(axis=1).mean())


ENTROPY = Metric(
    fn=entropy,
    inputs=(Input.LOGITS,),
    bounds=(0.0, float("inf")),
    trend=Trend.FALLS,
    source="Shannon 1948; Guillory et al. 2021, arXiv:2107.03315",
    calibratable=True,
    invariants=frozenset(
        {
            Invariant.IMAGE_ORDER,
            Invariant.CLASS_ORDER,
            Invariant.DUPLICATION,
            Invariant.LOGIT_SHIFT,
        }
    ),
)
