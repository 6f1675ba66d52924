"""Nearest neighbours among points, each without itself."""

import numpy as np

from harness.arrays import Array, Classes

_ROWS = 1000  # of a matrix of distances at once: 1000 x 10,000 are 80 MB
_SPARE = 2  # further candidates, for where fast distances are rounded


def nearest(points: Array, k: int) -> tuple[Classes, Array]:
    """Return the k nearest other points of each, by Euclidean distance.

    Parameters
    ----------
    points : (n, d) array
        Float64, n > k.
    k
        How many, at least 1.

    Returns
    -------
    neighbours : (n, k) integer array
        Their row numbers, the nearest first; of equally near ones the lowest.
    distances : (n, k) array
        From differences of coordinates, so that near points keep their digits.

    Notes
    -----
    Takes time in n² d. Among candidates that fast distances cannot tell apart beyond
    the k + 2 nearest, rounding decides.

    Examples
    --------
    >>> neighbours, distances = nearest(np.array([[0.0], [1.0], [3.0]]), 1)
    >>> neighbours.tolist(), distances.tolist()
    ([[1], [0], [1]], [[1.0], [1.0], [2.0]])
    """
    n = len(points)
    rows = points - points.mean(axis=0)  # lest large means eat the digits
    sizes = (rows**2).sum(axis=1)
    taken = min(k + _SPARE, n - 1)
    neighbours = np.empty((n, k), dtype=np.int64)
    distances = np.empty((n, k))
    for start in range(0, n, _ROWS):
        block = slice(start, min(start + _ROWS, n))
        own = np.arange(block.start, block.stop)
        squared = sizes[block, None] + sizes - 2 * rows[block] @ rows.T
        squared[np.arange(len(own)), own] = np.inf
        # Ties go to the lowest: candidates by their numbers, then sorted stably.
        found = np.sort(np.argpartition(squared, taken - 1, axis=1)[:, :taken], axis=1)
        exact = np.linalg.norm(points[own, None] - points[found], axis=2)
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        neighbours[block] = np.take_along_axis(found, order, axis=1)
        distances[block] = np.take_along_axis(exact, order, axis=1)
    return neighbours, distances
