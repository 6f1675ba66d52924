"""Frequency: how many coefficients of a cosine transform nearly make the image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.arrays import Array
from harness.metrics.image_statistics.pixels import Pixels, blocks, check_pixels, grey

SHARE = 0.9998


def dct_share(images: Pixels) -> Array:
    r"""Return the share of cosine coefficients that hold 99.98 % of the norm.

    .. math:: \frac{100}{hw} \left( \min\left\{k : \frac{\lVert c_{1..k} \rVert}
        {\lVert c \rVert} \geq 0.9998 \right\} - 1 \right)

    of the orthonormal two-dimensional DCT-II of grey / 255, the largest absolute
    coefficients first. 99.98 % of the norm are 99.96 % of the energy.

    Parameters
    ----------
    images : (n, h, w, 1 or 3) uint8 array

    Returns
    -------
    (n,) array
        In [0, 100), the higher the busier; 0 of a flat or black image.

    Raises
    ------
    TypeError, ValueError
        If they are no such images.

    Notes
    -----
    In float64: float32 moves it by up to 0.2.

    References
    ----------
    ccc-frankfurt/intrinsic_ordering_nn_training, there ``freq_coeff_percentage``.

    Examples
    --------
    >>> flat = np.full((1, 4, 4, 3), 128, dtype=np.uint8)
    >>> dct_share(flat).tolist(), np.round(dct_largest(flat), 4).tolist()
    ([0.0], [2.0076])
    """
    return _by_block(images, lambda sizes: _share(sizes, np.sqrt))


def dct_share_energy(images: Pixels) -> Array:
    """Return the same of 99.98 % of the energy, the squared norm.

    It is what the comment beside the published code says.

    Parameters, Returns, Raises
        As `dct_share`.

    Examples
    --------
    >>> dct_share_energy(np.full((1, 4, 4, 3), 128, dtype=np.uint8)).tolist()
    [0.0]
    """
    return _by_block(images, lambda sizes: _share(sizes, np.asarray))


def dct_largest(images: Pixels) -> Array:
    """Return the largest absolute coefficient: in practice the mean grey, times a side.

    Parameters, Raises
        As `dct_share`.

    Returns
    -------
    (n,) array
        From 0; there ``freq_biggest_coeff``.
    """
    return _by_block(images, lambda sizes: sizes.max(axis=1))


def _by_block(images: Pixels, of: Callable[[Array], Array]) -> Array:
    from scipy.fft import dctn

    check_pixels(images)
    parts = []
    for block in blocks(images):
        found = dctn(grey(block) / 255, type=2, norm="ortho", axes=(1, 2))
        parts.append(of(np.abs(found).reshape(len(block), -1)))
    return np.concatenate(parts)


def _share(sizes: Array, scale: Callable[[Array], Array]) -> Array:
    ordered = np.sort(sizes, axis=1)[:, ::-1]
    energy = (ordered**2).cumsum(axis=1)
    whole = energy[:, -1:]
    held = np.ones(energy.shape)
    np.divide(energy, whole, out=held, where=whole > 0)
    return np.asarray((scale(held) >= SHARE).argmax(axis=1) / sizes.shape[1] * 100)
