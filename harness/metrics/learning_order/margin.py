"""Area under the margin: by how much the true class leads, over epochs."""

from __future__ import annotations

import numpy as np

from harness.arrays import Array, Classes
from harness.metrics.numerics.checks import check_labels, check_logits


def area_under_margin(logits: Array, labels: Classes) -> Array:
    r"""Return the mean over epochs of the true logit's lead over the largest other.

    .. math:: \frac1e \sum_t \left( z_{ty} - \max_{k \neq y} z_{tk} \right)

    Parameters
    ----------
    logits : (e, n, k) array
        Of each epoch, before the softmax, k >= 2.
    labels : (n,) integer array
        What was trained on, right or not.

    Returns
    -------
    (n,) array
        Any number, the higher the easier; negative where another class leads.

    Raises
    ------
    TypeError, ValueError
        If they are no logits and labels of the same images.

    References
    ----------
    Pleiss, Zhang, Elenberg and Weinberger, "Identifying Mislabeled Data using the Area
    Under the Margin Ranking", NeurIPS 2020, arXiv:2001.10528, equation 1.

    Examples
    --------
    >>> logits = np.array([[[3.0, 1.0, 0.0]], [[1.0, 5.0, 0.0]]])
    >>> area_under_margin(logits, np.array([0])).tolist()  # 2 and -4
    [-1.0]
    """
    z = np.asarray(logits, dtype=np.float64)
    if z.ndim != 3 or not z.size:
        raise ValueError(f"`logits` must have shape (epochs, n, k), got {z.shape}")
    e, n, k = z.shape
    check_logits(z.reshape(e * n, k))
    check_labels(labels, n, k)
    at = np.asarray(labels)[None, :, None]
    own = np.take_along_axis(z, at, axis=2)[..., 0]
    others = z.copy()
    np.put_along_axis(others, np.broadcast_to(at, (e, n, 1)), -np.inf, axis=2)
    return np.asarray((own - others.max(axis=2)).mean(axis=0))
