"""Linear filters of one axis as matrices: they take a whole batch at once."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from harness.datasets.corruptions.pixels import like

Matrix = NDArray[np.float64]


def along_both(
    values: torch.Tensor, rows: Matrix, columns: Matrix | None = None
) -> torch.Tensor:
    """(b, c, h, w) floats with `rows` (h', h) and `columns` (w', w) applied."""
    right = like(rows if columns is None else columns, values).to(values.dtype)
    return like(rows, values).to(values.dtype) @ values @ right.T


def smoothing(
    side: int,
    sigma: float,
    *,
    truncate: float = 4.0,
    edge: Literal["edge", "symmetric"] = "edge",
) -> Matrix:
    """(side, side) Gaussian filter, as scipy.ndimage.gaussian_filter1d.

    Parameters
    ----------
    sigma
        In pixels; 0 changes nothing.
    truncate
        Where the tails end, in sigmas.
    edge
        What lies outside: the last pixel ("nearest" in scipy) or a mirror image that
        repeats it ("reflect" in scipy).

    Examples
    --------
    >>> smoothing(3, 0.4).round(3)
    array([[0.96 , 0.04 , 0.   ],
           [0.04 , 0.919, 0.04 ],
           [0.   , 0.04 , 0.96 ]])
    >>> smoothing(2, 0.0)
    array([[1., 0.],
           [0., 1.]])
    """
    reach = int(truncate * sigma + 0.5)
    if reach == 0:
        return np.eye(side)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    taps /= taps.sum()
    # Column of the pixel that each tap of each row falls on.
    source = np.pad(np.arange(side), reach, mode=edge)
    matrix = np.zeros((side, side))
    rows = np.arange(side)
    for offset, tap in enumerate(taps):
        np.add.at(matrix, (rows, source[rows + offset]), tap)
    return matrix


def zooming(side: int, factor: float) -> Matrix:
    """(side, side): the middle of the axis enlarged by `factor` >= 1, linearly.

    The cut-out has ceil(side / factor) pixels; its first and last pixel stay first and
    last, as scipy.ndimage.zoom has it; what is too much is trimmed on both sides.

    Examples
    --------
    >>> zooming(4, 2.0).round(2)
    array([[0.  , 1.  , 0.  , 0.  ],
           [0.  , 0.67, 0.33, 0.  ],
           [0.  , 0.33, 0.67, 0.  ],
           [0.  , 0.  , 1.  , 0.  ]])
    """
    cut = math.ceil(side / factor)
    first = (side - cut) // 2
    large = round(cut * factor)
    trim = (large - side) // 2
    rows = np.arange(side)
    place = (rows + trim) * ((cut - 1) / max(large - 1, 1))
    low = np.minimum(place.astype(int), max(cut - 2, 0))
    matrix = np.zeros((side, side))
    matrix[rows, first + low] = 1 - (place - low)
    # `+=`, for the last pixel of the image has no next one: its share is 0 there.
    matrix[rows, np.minimum(first + low + 1, side - 1)] += place - low
    return matrix
