"""Directions: features as points on the sphere."""

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError


def directions(features: Array) -> Array:
    """Features divided by their lengths.

    Parameters
    ----------
    features : (..., d) finite array

    Returns
    -------
    (..., d) array
        Of length 1.

    Raises
    ------
    UndefinedMetricError
        If a vector is 0 throughout, which has no direction.

    Examples
    --------
    >>> directions(np.array([[3.0, 4.0], [0.0, -2.0]])).tolist()
    [[0.6, 0.8], [0.0, -1.0]]
    """
    rows = np.asarray(features, dtype=np.float64)
    largest = np.abs(rows).max(axis=-1, keepdims=True)
    if not largest.all():
        where = np.argwhere(largest[..., 0] == 0)[0]
        image = ", ".join(str(int(i)) for i in where)
        raise UndefinedMetricError(
            f"features of length 0 have no direction, got some at [{image}]"
        )
    rows = rows / largest  # lest squares of very small numbers be 0
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))
