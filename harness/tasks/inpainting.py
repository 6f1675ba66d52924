"""Inpainting: what is in the middle of the image?

Shown: the image with its middle, half as high and wide, filled with the mean colour of
the training images. Asked: the pixels of the middle. Scored: R² of a linear head
(ridge) against the mean of the training images' middles, 0 by chance.

Given away by: the mean colour of what is shown around it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.models.pretext.geometry import middle
from harness.tasks.frozen import Asked, Encode, FrozenTask, Pixels, Setting


def ask(pixels: Pixels, encode: Encode, setting: Setting) -> Asked:
    """(n, d) features of what is shown, and (n, q) values of the middle in 0..1."""
    inside = hidden(pixels.shape[1], pixels.shape[2])
    shown = np.array(pixels)
    shown[:, inside] = np.round(setting.mean_colour).astype(np.uint8)
    answers = pixels[:, inside].reshape(len(pixels), -1) / 255
    return Asked(features=encode(shown), answers=answers, images=np.arange(len(pixels)))


def hidden(height: int, width: int) -> NDArray[np.bool_]:
    """(h, w): the middle, half as high and wide as the image.

    Examples
    --------
    >>> hidden(4, 4).astype(int).tolist()
    [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    found = np.zeros((height, width), dtype=np.bool_)
    high, wide = middle(height), middle(width)
    top, left = (height - high) // 2, (width - wide) // 2
    found[top : top + high, left : left + wide] = True
    return found


def colour_around(pixels: Pixels) -> NDArray[np.float64]:
    """(n, c) mean colour of what is shown."""
    shown = pixels[:, ~hidden(pixels.shape[1], pixels.shape[2])]
    found: NDArray[np.float64] = shown.mean(axis=1, dtype=np.float64)
    return found


TASK = FrozenTask(
    name="inpainting",
    ask=ask,
    chance=0.0,
    leak=colour_around,
    leaked="mean colour around",
    source="Pathak et al., CVPR 2016, arXiv:1604.07379",
)
