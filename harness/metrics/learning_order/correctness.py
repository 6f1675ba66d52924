"""Correctness: the share of networks and epochs that get an image right."""

from __future__ import annotations

import numpy as np

from harness.arrays import Array
from harness.metrics.numerics.cubes import Right, check_right


def correctness_score(right: Right) -> Array:
    """Return the share of networks, and of epochs, that are right on each image.

    On images held out it is a cheap stand-in for the consistency score.

    Parameters
    ----------
    right : (m, n) or (m, e, n) bool array

    Returns
    -------
    (n,) array
        In [0, 1], the higher the easier.

    Raises
    ------
    TypeError, ValueError
        If it is no such array.

    Examples
    --------
    >>> correctness_score(np.array([[[1, 0], [1, 1]]], dtype=bool)).tolist()
    [1.0, 0.5]
    """
    check_right(right, 2, 3)
    axes = tuple(range(right.ndim - 1))
    return np.asarray(right.mean(axis=axes, dtype=np.float64))
