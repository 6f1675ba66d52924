"""Error consistency: whether two networks are wrong on the same images."""

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.uncertainty import mean_interval


def error_consistency(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    r"""Return Cohen's kappa of two networks' being right, image by image.

    .. math:: \kappa = \frac{c - e}{1 - e}, \qquad
        c = \frac1n \sum_i \mathbb 1[r_i = r'_i], \quad
        e = \bar r \bar r' + (1 - \bar r)(1 - \bar r')

    Parameters
    ----------
    first, second : (n,) bool arrays
        Whether each network is right on each image, the same images in one order.

    Returns
    -------
    float
        In [-1, 1]: 1 where they are right on the same images, 0 where as often as two
        that are so accurate would be by chance, below where one is right where the
        other is wrong.

    Raises
    ------
    TypeError, ValueError
        If they are not bool arrays of the same n images.
    UndefinedMetricError
        If both are right on all images, or wrong on all: chance explains everything.

    References
    ----------
    Geirhos, Meding and Wichmann, "Beyond accuracy: quantifying trial-by-trial behaviour
    of CNNs and humans by measuring error consistency", NeurIPS 2020, arXiv:2006.16736,
    section 2.

    Examples
    --------
    >>> a = np.array([True, True, True, False])
    >>> b = np.array([True, True, False, False])
    >>> error_consistency(a, b)  # the same on 3 of 4, and 1/2 by chance
    0.5
    >>> error_consistency(a, a), error_consistency(b, ~b)
    (1.0, -1.0)
    """
    _check(first, "first", 1)
    _check(second, "second", 1)
    if len(first) != len(second):
        raise ValueError(
            f"`second` must be of the {len(first)} images of `first`, got {len(second)}"
        )
    return float(error_consistencies(np.stack([first, second]))[0, 1])


def error_consistencies(right: NDArray[np.bool_]) -> Array:
    """(m, m) error consistency of every pair of m networks.

    Parameters
    ----------
    right : (m, n) bool array
        A row each network, m >= 2.

    Raises
    ------
    TypeError, ValueError
        If it is no such array.
    UndefinedMetricError
        If two networks are right on all images, or wrong on all.

    Examples
    --------
    >>> error_consistencies(np.array([[True, False], [False, True]])).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    _check(right, "right", 2)
    n = right.shape[1]
    whole = right.astype(np.float64)
    means = whole.mean(axis=1)
    both = whole @ whole.T / n
    observed = 1 - means[:, None] - means + 2 * both
    chance = np.outer(means, means) + np.outer(1 - means, 1 - means)
    sure = np.isin(means, (0.0, 1.0))
    same = np.triu(sure[:, None] & sure & (means[:, None] == means), k=1)
    if same.any():
        i, j = np.argwhere(same)[0]
        which = "right" if means[i] == 1 else "wrong"
        raise UndefinedMetricError(
            f"networks {i} and {j} are both {which} on all {n} images: chance explains "
            "it, and there is no error consistency"
        )
    np.fill_diagonal(chance, 0.0)
    np.fill_diagonal(observed, 1.0)
    return np.asarray((observed - chance) / (1 - chance))


def error_consistency_interval(
    first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> tuple[float, float]:
    """Return how far `error_consistency` would move with other images, at 95 %.

    Student's interval of the influence values: c and both accuracies move.

    Raises
    ------
    TypeError, ValueError, UndefinedMetricError
        As `error_consistency`; also for one image alone.

    Examples
    --------
    >>> a = np.array([True, True, True, False] * 100)
    >>> b = np.array([True, True, False, False] * 100)
    >>> low, high = error_consistency_interval(a, b)
    >>> round(low, 2), round(high, 2)
    (0.43, 0.57)
    """
    kappa = error_consistency(first, second)
    p, q = float(first.mean()), float(second.mean())
    alike = first == second
    observed, left = float(alike.mean()), 1 - (p * q + (1 - p) * (1 - q))
    expected = (2 * q - 1) * (first - p) + (2 * p - 1) * (second - q)
    moved = (alike - observed) / left - expected * (1 - observed) / left**2
    return mean_interval(kappa + moved, bounds=(-1.0, 1.0))


def _check(right: NDArray[np.bool_], name: str, ndim: int) -> None:
    if not isinstance(right, np.ndarray) or right.dtype != np.bool_:
        found = right.dtype if isinstance(right, np.ndarray) else type(right).__name__
        raise TypeError(
            f"`{name}` must be a bool array of what is right, got {found}; compare "
            "predictions with labels first"
        )
    if right.ndim != ndim or right.size == 0 or (ndim == 2 and len(right) < 2):
        shape = "(n,)" if ndim == 1 else "(m, n) of at least 2 networks"
        raise ValueError(f"`{name}` must have shape {shape}, got {right.shape}")
