"""Linear filters of one axis as matrices: they take a whole batch at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from harness.datasets.made.corruptions.pixels import like

Matrix = NDArray[np.float64]
Edge = Literal["edge", "symmetric", "reflect"]


def along_both(
    values: torch.Tensor, rows: Matrix, columns: Matrix | None = None
) -> torch.Tensor:
    """(b, c, h, w) floats with `rows` (h', h) and `columns` (w', w) applied."""
    right = like(rows if columns is None else columns, values).to(values.dtype)
    return like(rows, values).to(values.dtype) @ values @ right.T


def correlating(side: int, taps: Sequence[float] | Matrix, edge: Edge) -> Matrix:
    """(side, side) correlation with an odd number of taps about each pixel.

    Parameters
    ----------
    edge
        What lies outside, as numpy.pad calls it: the last pixel ("edge"), or a mirror
        image that repeats it ("symmetric") or does not ("reflect").

    Examples
    --------
    >>> correlating(3, [1, 2, 4], "edge")
    array([[3., 4., 0.],
           [1., 2., 4.],
           [0., 1., 6.]])
    >>> correlating(3, [1, 2, 4], "reflect")
    array([[2., 5., 0.],
           [1., 2., 4.],
           [0., 5., 2.]])
    """
    # Column of the pixel that each tap of each row falls on.
    source = np.pad(np.arange(side), len(taps) // 2, mode=edge)
    matrix = np.zeros((side, side))
    rows = np.arange(side)
    for offset, tap in enumerate(taps):
        matrix[rows, source[rows + offset]] += tap
    return matrix


def smoothing(
    side: int, sigma: float, *, truncate: float = 4.0, edge: Edge = "edge"
) -> Matrix:
    """(side, side) Gaussian filter, as scipy.ndimage.gaussian_filter1d.

    Parameters
    ----------
    sigma
        In pixels; 0 changes nothing.
    truncate
        Where the tails end, in sigmas.
    edge
        As of `correlating`; scipy calls them "nearest", "reflect" and "mirror".

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
    return correlating(side, taps / taps.sum(), edge)


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
