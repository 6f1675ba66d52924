"""EL2N: how far what networks say of an image early on is from its label."""

from __future__ import annotations

import numpy as np

from harness.arrays import Array, Classes
from harness.metrics.numerics.checks import check_labels, check_view_probs


def el2n(probs: Array, labels: Classes) -> Array:
    r"""Return the mean over networks of the length of the error vector.

    .. math:: \frac1m \sum_j \lVert p_j - e_y \rVert_2

    Parameters
    ----------
    probs : (m, n, k) array
        Softmax outputs of each network at one epoch, early in training.
    labels : (n,) integer array
        What was trained on.

    Returns
    -------
    (n,) array
        In [0, sqrt(2)], the higher the harder.

    Raises
    ------
    TypeError, ValueError
        If they are no probabilities and labels of the same images.

    References
    ----------
    Paul, Ganguli and Dziugaite, "Deep Learning on a Data Diet", NeurIPS 2021,
    arXiv:2107.07075, definition 2.

    Examples
    --------
    >>> el2n(np.array([[[1.0, 0.0], [0.6, 0.4]]]), np.array([1, 0]))
    array([1.41421356, 0.56568542])
    """
    check_view_probs(probs, name="probs")
    _, n, k = probs.shape
    check_labels(labels, n, k)
    error = np.asarray(probs, dtype=np.float64) - np.eye(k)[labels]
    return np.asarray(np.sqrt((error**2).sum(axis=2)).mean(axis=0))
