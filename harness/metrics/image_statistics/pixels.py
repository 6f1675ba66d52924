"""Pixels: what statistics of images take, and the grey that most are made of.

Axis letters: n images, h rows, w columns, c channels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array
from harness.errors import UndefinedMetricError

Pixels = NDArray[np.uint8]
WEIGHTS = (0.2989, 0.5870, 0.1140)  # of red, green and blue; they sum to 0.9999
BLOCK = 1 << 19  # pixels that are worked on at a time


def check_pixels(images: Pixels, *, side: int = 1) -> None:
    """Refuse anything but (n, h, w, 1 or 3) uint8 images of such a side at least.

    Raises
    ------
    TypeError, ValueError
        With what was got.
    UndefinedMetricError
        If they are smaller.
    """
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        kind = getattr(images, "dtype", type(images).__name__)
        raise TypeError(
            f"`images` must be a uint8 array from 0 to 255, got {kind}; statistics are "
            "of pixels as they are stored"
        )
    if images.ndim != 4 or not images.size or images.shape[3] not in (1, 3):
        raise ValueError(
            f"`images` must have shape (n, h, w, 1 or 3), got {images.shape}"
        )
    if min(images.shape[1:3]) < side:
        raise UndefinedMetricError(
            f"`images` must have {side} rows and columns at least, got "
            f"{images.shape[1]} by {images.shape[2]}"
        )


def grey(images: Pixels) -> Array:
    """(n, h, w) weighted sum of red, green and blue in [0, 254.9745], not rounded.

    The products are added from red to blue, so that two colours have the same grey or
    not on every machine. A single channel counts as three equal ones.

    Examples
    --------
    >>> grey(np.full((1, 1, 1, 3), 128, dtype=np.uint8))
    array([[[127.9872]]])
    """
    check_pixels(images)
    channels = images.astype(np.float64)
    red, green, blue = (channels[..., i % images.shape[3]] for i in range(3))
    return np.asarray(WEIGHTS[0] * red + WEIGHTS[1] * green + WEIGHTS[2] * blue)


def blocks(images: Pixels, cost: int = 1) -> Iterator[Pixels]:
    """The images in parts, so that what is made of them stays small.

    Parameters
    ----------
    cost
        Numbers that are made of a pixel.
    """
    each = max(1, BLOCK // (images.shape[1] * images.shape[2] * cost))
    for start in range(0, len(images), each):
        yield images[start : start + each]
