"""Soft labels: how far people disagree about an image."""

from __future__ import annotations

import numpy as np

from harness.arrays import Array, Probs
from harness.metrics.numerics.checks import check_probs


def soft_label_entropy(probs: Probs) -> Array:
    r"""Return the entropy of each image's distribution of answers, in bits.

    .. math:: -\sum_k p_k \log_2 p_k

    Parameters
    ----------
    probs : (n, k) array
        Shares of answers, such as CIFAR-10H's, whose rows are in the original order of
        the test images. Where an image has no answers it has no row.

    Returns
    -------
    (n,) array
        In [0, log2 k], 0 where all agree, the higher the harder for people.

    Raises
    ------
    TypeError, ValueError
        If its rows are no distributions.

    References
    ----------
    Peterson, Battleday, Griffiths and Russakovsky, "Human uncertainty makes
    classification more robust", ICCV 2019, arXiv:1908.07086.

    Examples
    --------
    >>> soft_label_entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist()
    [0.0, 1.0]
    """
    check_probs(probs)
    # Sorted, so that images whose answers are shared out alike are ties to the bit.
    p = np.sort(np.asarray(probs, dtype=np.float64), axis=1)
    logs = np.log2(p, out=np.zeros(p.shape), where=p > 0)
    return np.asarray(np.maximum(0.0, -(p * logs).sum(axis=1)))
