"""Samples of images: the same rows for every model, view, metric and label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sampled_rows(n: int, limit: int | None) -> NDArray[np.intp]:
    """All of n row numbers, or `limit`: one of each of as many equal stretches.

    Folders are often sorted by class, so the first rows would be the first classes; and
    every k-th row of images that take turns would be one class. From each stretch one
    is drawn, by a generator that depends on nothing.

    Examples
    --------
    >>> sampled_rows(3, None).tolist(), sampled_rows(3, 5).tolist()
    ([0, 1, 2], [0, 1, 2])
    >>> by_class = np.repeat([0, 1, 2], 20)
    >>> np.bincount(by_class[sampled_rows(60, 6)]).tolist()
    [2, 2, 2]
    """
    if limit is None or limit >= n:
        return np.arange(n)
    edges = np.arange(limit + 1) * n // limit
    drawn = np.random.Generator(np.random.Philox(0)).random(limit)
    return edges[:-1] + np.floor(drawn * np.diff(edges)).astype(np.intp)
