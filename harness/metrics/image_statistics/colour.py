"""Colour: how colourful and how saturated an image is."""

from __future__ import annotations

import numpy as np

from harness.arrays import Array
from harness.metrics.image_statistics.pixels import Pixels, blocks, check_pixels


def colourfulness(images: Pixels) -> Array:
    r"""Return Hasler and Süsstrunk's measure of colourfulness.

    .. math:: \sqrt{\sigma_{rg}^2 + \sigma_{yb}^2} +
        0.3 \sqrt{\mu_{rg}^2 + \mu_{yb}^2}

    with rg = R - G and yb = (R + G) / 2 - B, channels from 0 to 255.

    Parameters
    ----------
    images : (n, h, w, 1 or 3) uint8 array

    Returns
    -------
    (n,) array
        From 0, of images without colour, the higher the more colourful.

    Raises
    ------
    TypeError, ValueError
        If they are no such images.

    References
    ----------
    Hasler and Süsstrunk, "Measuring colourfulness in natural images", Human Vision and
    Electronic Imaging VIII, 2003.

    Examples
    --------
    >>> red = np.zeros((1, 2, 2, 3), dtype=np.uint8)
    >>> red[..., 0] = 200  # rg 200, yb 100, without spread
    >>> colourfulness(red)
    array([67.08203932])
    """
    check_pixels(images)
    if images.shape[3] == 1:
        return np.zeros(len(images))
    parts = []
    for block in blocks(images, cost=4):
        red, green, blue = np.moveaxis(block.astype(np.float64), 3, 0)
        rg, yb = red - green, (red + green) / 2 - blue
        spread = np.sqrt(rg.var(axis=(1, 2)) + yb.var(axis=(1, 2)))
        middle = np.sqrt(rg.mean(axis=(1, 2)) ** 2 + yb.mean(axis=(1, 2)) ** 2)
        parts.append(spread + 0.3 * middle)
    return np.concatenate(parts)


def saturation(images: Pixels) -> Array:
    """Return the mean of (largest - least) / largest channel, 0 of black pixels.

    Parameters, Raises
        As `colourfulness`.

    Returns
    -------
    (n,) array
        In [0, 1]: 0 of greys, 1 of pure colours.

    Examples
    --------
    >>> pixels = np.array([[200, 100, 150], [0, 0, 0]], dtype=np.uint8)
    >>> saturation(pixels.reshape(1, 1, 2, 3)).tolist()
    [0.25]
    """
    check_pixels(images)
    parts = []
    for block in blocks(images, cost=2):
        most, least = (fn(block, axis=3).astype(np.float64) for fn in (np.max, np.min))
        share = np.zeros(most.shape)
        np.divide(most - least, most, out=share, where=most > 0)
        parts.append(share.mean(axis=(1, 2)))
    return np.concatenate(parts)
