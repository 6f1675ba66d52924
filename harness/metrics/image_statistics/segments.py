"""Segments: into how many regions an image falls."""

from __future__ import annotations

import numpy as np

from harness.arrays import Array
from harness.errors import HarnessError
from harness.extras import install
from harness.metrics.image_statistics.pixels import Pixels, check_pixels

SIGMA, SCALE, LEAST = 0.5, 500.0, 20


def segments(images: Pixels) -> Array:
    """Return the number of segments that Felzenszwalb and Huttenlocher's cut makes.

    With sigma 0.5, scale 500 and 20 pixels at least, as published; by scikit-image,
    which gives the published program's count.

    Parameters
    ----------
    images : (n, h, w, 1 or 3) uint8 array
        As uint8: floats in [0, 255] would be taken for another scale.

    Returns
    -------
    (n,) array
        Whole numbers from 1. Noise is one segment: it does not rise with busyness.

    Raises
    ------
    HarnessError
        If scikit-image is not installed.
    TypeError, ValueError
        If they are no such images.

    References
    ----------
    Felzenszwalb and Huttenlocher, "Efficient graph-based image segmentation",
    International Journal of Computer Vision 59, 2004.
    """
    check_pixels(images)
    try:
        from skimage.segmentation import felzenszwalb
    except ImportError as error:
        raise HarnessError(
            "the number of segments needs scikit-image; install it with "
            f"`{install('segments')}`, or leave segments out"
        ) from error
    colour = np.broadcast_to(images, (*images.shape[:3], 3))
    return np.array(
        [
            felzenszwalb(
                np.ascontiguousarray(image), scale=SCALE, sigma=SIGMA, min_size=LEAST
            ).max()
            + 1.0
            for image in colour
        ]
    )
