"""Forgetting: how often an image that was right is wrong at the next epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.metrics.numerics.cubes import Right, check_right


def forgetting_events(right: Right) -> NDArray[np.int64]:
    """Return how often each image goes from right to wrong.

    Parameters
    ----------
    right : (e, n) or (m, e, n) bool array
        After every epoch. As published, events are of presentations during training;
        records after the epoch have fewer.

    Returns
    -------
    (n,) or (m, n) int64 array
        From 0 to e // 2, the more the harder. An image that is never learned has 0 too:
        see `forgetting_counts`, and `is_unforgettable`.

    Raises
    ------
    TypeError, ValueError
        If it is no such array.

    References
    ----------
    Toneva et al., "An Empirical Study of Example Forgetting during Deep Neural Network
    Learning", ICLR 2019, arXiv:1812.05159.

    Examples
    --------
    >>> right = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 0]], dtype=bool)
    >>> forgetting_events(right).tolist()
    [1, 0, 0]
    >>> is_unforgettable(right).tolist()
    [False, True, False]
    >>> forgetting_counts(right[None]).tolist()
    [1, 0, 3]
    """
    check_right(right, 2, 3)
    before, after = right[..., :-1, :], right[..., 1:, :]
    return np.asarray((before & ~after).sum(axis=-2), dtype=np.int64)


def is_unforgettable(right: Right) -> NDArray[np.bool_]:
    """(n,) or (m, n): whether an image is learned once and never forgotten after.

    What is never learned is not unforgettable: a category of its own.
    """
    return np.asarray((forgetting_events(right) == 0) & right.any(axis=-2))


def forgetting_counts(right: Right) -> NDArray[np.int64]:
    """Return forgetting events over networks, for sorting images by them.

    An image that a network never learns counts as many events as there are epochs,
    as in the published code.

    Parameters
    ----------
    right : (m, e, n) bool array

    Returns
    -------
    (n,) int64 array
        From 0 to m times e, the more the harder.

    Raises
    ------
    TypeError, ValueError
        If it is no such array.

    References
    ----------
    mtoneva/example_forgetting, ``order_examples_by_forgetting.py``.
    """
    check_right(right, 3)
    never = ~right.any(axis=1)
    each = np.where(never, right.shape[1], forgetting_events(right))
    return np.asarray(each.sum(axis=0), dtype=np.int64)
