"""JPEG's lattice: how far rotation is given away by how images were saved.

A decoder's blocks of 8 x 8 pixels have coefficients near whole multiples of a table
that is not symmetric. Turned by a quarter they are near those of its transpose, so that
two of the four turns are told from the others without looking at any content.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.errors import UndefinedMetricError
from harness.models.pretext.colours import LUMA

BLOCK = 8
#: ISO/IEC 10918-1, table K.1: luminance, for quality 50.
_LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=np.int64,
)


def table(quality: int = 75) -> NDArray[np.float64]:
    """(8, 8) steps of the luminance, as the Independent JPEG Group scales them.

    Parameters
    ----------
    quality
        1 to 100.

    Examples
    --------
    >>> table(75)[0].astype(int).tolist()
    [8, 6, 5, 8, 12, 20, 26, 31]
    """
    if not 1 <= quality <= 100:
        raise ValueError(f"`quality` must be in 1..100, got {quality}")
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((_LUMINANCE * scale + 50) // 100, 1, 255).astype(np.float64)


def lattice_distances(
    pixels: NDArray[np.uint8], quality: int = 75
) -> NDArray[np.float64]:
    """(n, 2): mean distance of coefficients to the table's multiples, and transposed.

    The first is the smaller one of a JPEG of that quality that stands upright or is
    upside down, the second of one that lies on a side. Only coefficients count whose
    steps differ between the two.

    Parameters
    ----------
    pixels
        (n, h, w, c) uint8, at least 8 pixels high and wide; what blocks do not fill is
        left out at the lower right.
    quality
        That images were saved with.

    Raises
    ------
    UndefinedMetricError
        If an image has no block.
    """
    from scipy.fft import dctn

    n, height, width, channels = pixels.shape
    rows, columns = height // BLOCK, width // BLOCK
    if not rows or not columns:
        raise UndefinedMetricError(
            f"`pixels` must have sides of at least {BLOCK}, got {height}x{width}"
        )
    values = pixels[:, : rows * BLOCK, : columns * BLOCK].astype(np.float64)
    grey = values[..., 0] if channels == 1 else values @ np.array(LUMA)
    blocks = grey.reshape(n, rows, BLOCK, columns, BLOCK).swapaxes(2, 3) - 128
    found = dctn(blocks, axes=(-2, -1), norm="ortho")
    steps = table(quality)
    differ = steps != steps.T
    distances = [
        np.abs(found - step * np.round(found / step))[..., differ].mean(axis=(1, 2, 3))
        for step in (steps, steps.T)
    ]
    return np.stack(distances, axis=1)


def told_by_jpeg(pixels: NDArray[np.uint8], quality: int = 75) -> NDArray[np.bool_]:
    """(n,): whether the lattice tells an image's every turn's pair from the other pair.

    Its mean over images is 1 where rotation's label is half given away, so that a head
    on the leak alone is right on half of the turns and not on a quarter. Of images that
    were never JPEGs, or were resized since, half are told by accident: then the two
    distances say nothing, and a quarter turn of whole blocks swaps them.

    Parameters
    ----------
    pixels
        (n, s, s, c) uint8, upright.
    quality
        That images were saved with.
    """
    told = np.ones(len(pixels), dtype=np.bool_)
    for turns in range(4):
        turned = np.rot90(pixels, turns, axes=(1, 2))
        upright, aside = lattice_distances(turned, quality).T
        told &= (aside < upright) if turns % 2 else (upright < aside)
    return told
