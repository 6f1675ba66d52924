"""Ranks with ties, and the correlation of ranks."""

import numpy as np

from harness.arrays import Array


def average_ranks(values: Array) -> Array:
    """Return the rank of each value, 1 for the smallest; ties share their mean rank.

    Parameters
    ----------
    values : (n,) array
        Finite numbers.

    Returns
    -------
    (n,) array
        Ranks in [1, n] that sum to n (n + 1) / 2.

    Examples
    --------
    >>> average_ranks(np.array([0.3, 0.1, 0.2])).tolist()
    [3.0, 1.0, 2.0]
    >>> average_ranks(np.array([5.0, 7.0, 5.0])).tolist()  # a tie for 1 and 2
    [1.5, 3.0, 1.5]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], dtype=np.float64)


def spearman(x: Array, y: Array) -> float | None:
    """Return Spearman's rank correlation, with its sign.

    Parameters
    ----------
    x, y : (n,) arrays
        Finite numbers.

    Returns
    -------
    float or None
        In [-1, 1]: Pearson's correlation of the average ranks. 1 where y rises
        wherever x does. None if all of `x` or all of `y` are equal (or n < 2), where
        it is not defined.

    References
    ----------
    Spearman, "The proof and measurement of association between two things",
    American Journal of Psychology 15, 1904; ties as in Kendall, "The treatment of
    ties in ranking problems", Biometrika 33, 1945.

    Examples
    --------
    >>> spearman(np.array([1.0, 2.0, 9.0]), np.array([0.1, 0.2, 0.3]))
    1.0
    >>> spearman(np.array([1.0, 2.0, 9.0]), np.array([0.3, 0.2, 0.1]))
    -1.0
    >>> round(spearman(np.array([1.0, 1.0, 2.0]), np.array([0.1, 0.2, 0.3])), 4)
    0.866
    >>> spearman(np.array([1.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.3])) is None
    True
    """
    u, v = average_ranks(x), average_ranks(y)
    u, v = u - (len(u) + 1) / 2, v - (len(v) + 1) / 2  # the mean rank, exactly
    scale = float(u @ u) * float(v @ v)
    if scale == 0:
        return None
    return float(np.clip((u @ v) / np.sqrt(scale), -1, 1))
