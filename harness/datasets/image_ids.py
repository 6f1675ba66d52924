"""Names of images made of their pixels, by which records and tables are joined."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
from numpy.typing import NDArray


def image_ids(pixels: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Name images by what they show, so that the same image has one name everywhere.

    Parameters
    ----------
    pixels : (n, h, w, c) uint8 array
        Before anything is done to them.

    Returns
    -------
    (n,) array of texts
        16 hexadecimal digits of sha256 over shape and pixels; of images that are equal
        the second and later ones are numbered: -2, -3.

    Raises
    ------
    TypeError, ValueError
        If it is no such array.

    Examples
    --------
    >>> image_ids(np.zeros((2, 1, 1, 1), dtype=np.uint8)).tolist()
    ['946c8a5ce245ef67', '946c8a5ce245ef67-2']
    """
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
        found = getattr(pixels, "dtype", type(pixels).__name__)
        raise TypeError(f"`pixels` must be uint8, as images are read, got {found}")
    if pixels.ndim != 4 or not pixels.size:
        raise ValueError(f"`pixels` must have shape (n, h, w, c), got {pixels.shape}")
    seen: Counter[str] = Counter()
    found = []
    shape = repr(pixels.shape[1:]).encode()
    for image in pixels:
        name = hashlib.sha256(shape + image.tobytes()).hexdigest()[:16]
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return np.array(found)
