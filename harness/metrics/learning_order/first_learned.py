"""First learned and learned for good: the epochs at which an image is got right."""

from __future__ import annotations

import numpy as np

from harness.arrays import Array
from harness.metrics.numerics.cubes import Right, check_right


def first_learned(right: Right) -> Array:
    """Return the first epoch after which each image is got right.

    Parameters
    ----------
    right : (e, n) or (m, e, n) bool array

    Returns
    -------
    (n,) or (m, n) array
        Epochs from 1, the lower the easier; nan of what is never learned. `censored`
        gives these a rank.

    Raises
    ------
    TypeError, ValueError
        If it is no such array.

    Examples
    --------
    >>> right = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], dtype=bool)
    >>> first_learned(right).tolist()
    [1.0, 2.0, nan]
    >>> learned_for_good(right).tolist()
    [3.0, 2.0, nan]
    """
    check_right(right, 2, 3)
    first = right.argmax(axis=-2) + 1.0
    return np.where(right.any(axis=-2), first, np.nan)


def learned_for_good(right: Right) -> Array:
    """Return the first epoch from which each image stays right to the end.

    The "learning view" of difficulty of Baldock, Maennel and Neyshabur, "Deep Learning
    Through the Lens of Example Difficulty", NeurIPS 2021, arXiv:2106.09647.

    Parameters, Returns, Raises
        As `first_learned`; nan of what is wrong after the last epoch.
    """
    check_right(right, 2, 3)
    epochs = right.shape[-2]
    wrong = ~right[..., ::-1, :]
    last = epochs - wrong.argmax(axis=-2)  # the last epoch after which it is wrong
    found = np.where(wrong.any(axis=-2), last, 0) + 1.0
    return np.where(right[..., -1, :], found, np.nan)


def censored(learned: Array, epochs: int) -> Array:
    """Return epochs with those of images never learned put at one after the last.

    For ranks: they are no less hard than what is learned last, and tied.

    Parameters
    ----------
    learned : array
        Of `first_learned` or `learned_for_good`.
    epochs
        How many there were.

    Raises
    ------
    ValueError
        If an epoch is none of these.

    Examples
    --------
    >>> censored(np.array([2.0, np.nan]), 4).tolist()
    [2.0, 5.0]
    """
    known = learned[~np.isnan(learned)]
    if epochs < 1 or not ((known >= 1) & (known <= epochs)).all():
        raise ValueError(
            f"`learned` must be epochs from 1 to `epochs`, which is {epochs}, or nan, "
            f"got {known.min() if known.size else 'none'} to "
            f"{known.max() if known.size else 'none'}"
        )
    return np.where(np.isnan(learned), epochs + 1.0, learned)
