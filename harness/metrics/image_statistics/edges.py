"""Edges: the sum of Sobel's gradient, in place of a published strength of edges."""

from __future__ import annotations

import numpy as np

from harness.arrays import Array
from harness.metrics.image_statistics.pixels import Pixels, blocks, check_pixels, grey


def edge_sobel_sum(images: Pixels) -> Array:
    r"""Return the sum over pixels of the gradient of grey / 255.

    .. math:: \sum_{ij} \sqrt{\tfrac12 (g_x^2 + g_y^2)_{ij}}

    with kernels [1 2 1] / 4 by [1 0 -1] and a border that mirrors half a pixel out.

    Parameters
    ----------
    images : (n, h, w, 1 or 3) uint8 array

    Returns
    -------
    (n,) array
        From 0, the higher the more edges; it grows with the size of the images. It
        does not see a checkerboard of period 2 but for its border.

    Raises
    ------
    TypeError, ValueError
        If they are no such images.

    Notes
    -----
    The published statistic, edge strength by crisp boundaries, weighs pairs of pixels
    by how unusual they are in the image itself, and has no faithful port: this is a
    substitute, and called otherwise.

    References
    ----------
    As ``skimage.filters.sobel``.

    Examples
    --------
    >>> half = np.zeros((1, 4, 4, 1), dtype=np.uint8)
    >>> half[0, :, 2:] = 255
    >>> edge_sobel_sum(half)  # 8 pixels with a step of 0.9999 beside them
    array([5.6562886])
    """
    check_pixels(images)
    parts = []
    for block in blocks(images, cost=4):
        wide = np.pad(grey(block) / 255, ((0, 0), (1, 1), (1, 1)), mode="symmetric")
        across = wide[:, :, 2:] - wide[:, :, :-2]
        down = wide[:, 2:] - wide[:, :-2]
        x = (across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]) / 4
        y = (down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]) / 4
        parts.append(np.sqrt((x**2 + y**2) / 2).sum(axis=(1, 2)))
    return np.concatenate(parts)
