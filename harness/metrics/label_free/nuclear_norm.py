"""Nuclear norm: confident and varied predictions give a large one."""

import numpy as np

from harness.arrays import Probs
from harness.metrics.numerics.checks import check_probs
from harness.metrics.spec import Input, Invariant, Metric, Trend


def nuclear_norm(probs: Probs) -> float:
    r"""Return the scaled nuclear norm of the prediction matrix.

    .. math:: \|P\|_* / \sqrt{n \min(n, k)}

    Parameters
    ----------
    probs : (n, k) array
        Softmax outputs, one row per image.

    Returns
    -------
    float
        In (0, 1], higher is better. 1 when the rows are one-hot and spread evenly
        over the classes; 1/k when n >= k and every row is uniform; 1/sqrt(k) when
        n >= k and all rows are the same one-hot.

    Raises
    ------
    ValueError
        If `probs` is not a matrix of distributions.

    Notes
    -----
    Unlike mean confidence, it falls when a model collapses onto few classes, so it
    also falls when the set itself holds few classes. It needs the whole matrix: it
    cannot be averaged over batches. The scaling is that of the paper; dividing by
    ``n sqrt(min(n, k))``, as one widely read README does, would make it depend on n.

    References
    ----------
    Deng, Suh, Gould, Zheng, "Confidence and Dispersity Speak: Characterising
    Prediction Matrix for Unsupervised Accuracy Estimation", ICML 2023,
    arXiv:2302.01094, section 3.

    Examples
    --------
    >>> nuclear_norm(np.eye(3))
    1.0
    >>> nuclear_norm(np.eye(3)[:2])  # fewer images than classes
    1.0
    >>> nuclear_norm(np.full((8, 4), 0.25))
    0.25
    >>> nuclear_norm(np.eye(4)[[0, 0, 0, 0]])  # collapsed onto one class
    0.5
    """
    check_probs(probs)
    n, k = probs.shape
    singular_values = np.linalg.svd(probs, compute_uv=False)
    # Rows may sum to 1 + 1e-4 (see `check_probs`); the bound is exact.
    return min(1.0, float(singular_values.sum() / np.sqrt(n * min(n, k))))


NUCLEAR_NORM = Metric(
    fn=nuclear_norm,
    inputs=(Input.PROBS,),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Deng et al. 2023, arXiv:2302.01094, section 3",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.LOGIT_SHIFT}
    ),
)
