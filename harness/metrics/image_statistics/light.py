"""Light: how bright an image is, and how much its brightness varies."""

from __future__ import annotations

import numpy as np

from harness.arrays import Array
from harness.metrics.image_statistics.pixels import Pixels, blocks, check_pixels, grey


def luminance(images: Pixels) -> Array:
    """Return the mean of grey / 255.

    Parameters
    ----------
    images : (n, h, w, 1 or 3) uint8 array

    Returns
    -------
    (n,) array
        In [0, 0.9999], the higher the brighter.

    Raises
    ------
    TypeError, ValueError
        If they are no such images.

    Examples
    --------
    >>> luminance(np.full((1, 2, 2, 3), 255, dtype=np.uint8))
    array([0.9999])
    """
    check_pixels(images)
    means = [grey(block).mean(axis=(1, 2)) / 255 for block in blocks(images)]
    return np.concatenate(means)


def rms_contrast(images: Pixels) -> Array:
    """Return the population standard deviation of grey / 255.

    Parameters, Raises
        As `luminance`.

    Returns
    -------
    (n,) array
        In [0, 0.5], the higher the more contrast.

    References
    ----------
    Peli, "Contrast in complex images", Journal of the Optical Society of America A 7,
    1990.

    Examples
    --------
    >>> half = np.array([0, 255], dtype=np.uint8).reshape(1, 1, 2, 1)
    >>> rms_contrast(half)
    array([0.49995])
    """
    check_pixels(images)
    return np.concatenate([(grey(b) / 255).std(axis=(1, 2)) for b in blocks(images)])
