"""Colorization: which colours has an image that is shown in grey?

Shown: the luma of the image, as three equal channels. Asked: the mean a
and b (CIE Lab) of each quarter of the image. Scored: R² of a linear head (ridge)
against the mean of the training images, 0 by chance.

Given away by: the brightness of the quarters. Of a picture that was saved as a JPEG the
colours that are asked for are blurred.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.models.pretext import colours
from harness.tasks.frozen import Asked, Encode, FrozenTask, Pixels, Setting

CELLS = 2  # along a side
_AT_ONCE = 500  # images that are brought to Lab together


def ask(pixels: Pixels, encode: Encode, setting: Setting) -> Asked:
    """(n, d) features of the grey images, and (n, 8): a and b of four quarters.

    Raises
    ------
    ValueError
        If the images have no colour.
    """
    if pixels.shape[3] != 3 or not _has_colour(pixels):
        raise ValueError(
            "colorization must have images in colour, got grey ones: nothing is asked"
        )
    grey = np.round(pixels @ np.array(colours.LUMA)).astype(np.uint8)
    shown = np.repeat(grey[..., None], 3, axis=3)
    return Asked(
        features=encode(shown), answers=mean_ab(pixels), images=np.arange(len(pixels))
    )


def _has_colour(pixels: Pixels) -> bool:
    return bool((pixels != pixels[..., :1]).any())


def mean_ab(pixels: Pixels, cells: int = CELLS) -> NDArray[np.float64]:
    """(n, cells * cells * 2) mean a and b of each cell, row by row."""
    import torch

    found = []
    for start in range(0, len(pixels), _AT_ONCE):
        rgb = torch.from_numpy(np.array(pixels[start : start + _AT_ONCE])).double()
        ab = colours.lab(rgb / 255)[..., 1:].numpy()
        found.append(_means(ab, cells))
    return np.concatenate(found)


def _means(values: NDArray[np.float64], cells: int) -> NDArray[np.float64]:
    """(n, cells * cells * c) mean of each cell of (n, h, w, c)."""
    n, height, width, channels = values.shape
    high, wide = height // cells, width // cells
    kept = values[:, : high * cells, : wide * cells]
    grid = kept.reshape(n, cells, high, cells, wide, channels)
    found: NDArray[np.float64] = grid.mean(axis=(2, 4), dtype=np.float64).reshape(n, -1)
    return found


def brightness(pixels: Pixels) -> NDArray[np.float64]:
    """(n, 4) mean brightness of the quarters."""
    return _means(pixels[..., :1].astype(np.float64), CELLS)


TASK = FrozenTask(
    name="colorization",
    ask=ask,
    chance=0.0,
    leak=brightness,
    leaked="brightness of quarters",
    source="Zhang, Isola, Efros, ECCV 2016, arXiv:1603.08511",
)
