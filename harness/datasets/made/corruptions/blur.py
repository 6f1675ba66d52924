"""Corruptions that mix a pixel with its neighbours: five kinds of blur."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from harness.datasets.made.corruptions.matrices import (
    Matrix,
    along_both,
    correlating,
    smoothing,
    zooming,
)
from harness.datasets.made.corruptions.pixels import check_side, like, truncated, unit


def gaussian_blur(
    images: torch.Tensor, rng: np.random.Generator, *, sigma: float
) -> torch.Tensor:
    """Blur with a Gaussian of `sigma` pixels; the last pixel goes on outside."""
    check_side(images)
    return truncated(_smooth(unit(images), sigma))


def defocus_blur(
    images: torch.Tensor, rng: np.random.Generator, *, radius: float, alias: float
) -> torch.Tensor:
    """Average over a disk of `radius` pixels, whose rim is itself blurred a little.

    The rim's blur is a Gaussian of `alias` pixels on 3x3 pixels, on 5x5 where the disk
    has more than 8. Outside is the mirror image that does not repeat the last pixel.
    """
    check_side(images, int(radius) + 2)
    return truncated(_correlated(unit(images), _disk(radius, alias)))


def glass_blur(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    sigma: float,
    rounds: int,
    reach: int = 1,
) -> torch.Tensor:
    """Blur, let pixels be seen up to `reach` away, and blur again.

    In each of the `rounds` every pixel, but for those near the edges, becomes one that
    is `reach` above to `reach` - 1 below, and as far to the left and right; of a reach
    of 1 one of four: itself, its neighbour above, to the left, or above to the left.
    The published generator means to swap the two, but assigns through views, so that
    nothing goes back. It goes from the last pixel to the first: what lies behind has
    been changed when it is read, and what lies ahead has not.
    """
    check_side(images, 2 * reach + 2)
    b, c, h, w = images.shape
    pixels = truncated(_smooth(unit(images), sigma)).flatten(2)
    for _ in range(rounds):
        seen = _shuffled(rng, b, h, w, reach)
        index = like(seen.reshape(b, 1, h * w), images)
        pixels = pixels.gather(2, index.expand(b, c, h * w))
    return truncated(_smooth(unit(pixels.view(b, c, h, w)), sigma))


def _shuffled(
    rng: np.random.Generator, b: int, h: int, w: int, reach: int
) -> NDArray[np.int64]:
    """(b, h * w) number of the pixel that is seen in place of each, after one round."""
    here = np.arange(h * w)
    places = np.broadcast_to(here.reshape(h, w), (b, h, w)).copy()
    size = (2, b, h - 2 * reach, w - 2 * reach)
    down, right = reach - 1 - rng.integers(0, 2 * reach, size=size)
    changed = slice(reach + 1, h - reach + 1), slice(reach + 1, w - reach + 1)
    places[:, *changed] += down * w + right
    seen: NDArray[np.int64] = places.reshape(b, h * w)
    # A pixel behind shows by now what it was changed to, and so on from there.
    moved = np.zeros((h, w), dtype=bool)
    moved[changed] = True
    behind = moved.ravel()[seen] & (seen > here)
    while behind.any():
        beyond = np.take_along_axis(seen, seen, axis=1)
        further = np.take_along_axis(behind, seen, axis=1)
        seen, behind = np.where(behind, beyond, seen), behind & further
    return seen


def motion_blur(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    radius: int,
    sigma: float,
    angle: tuple[float, float],
) -> torch.Tensor:
    """Smear each image along a direction of its own.

    See `smear`. ImageMagick, which made the published images, differs by one level in
    less than one value of a hundred.

    Parameters
    ----------
    angle
        Bounds of the direction in degrees; 0 is to the right, 90 down.
    """
    check_side(images)
    angles = rng.uniform(*angle, size=len(images))
    return smear(images, angles, radius=radius, sigma=sigma)


def smear(
    images: torch.Tensor, angles: NDArray[np.float64], *, radius: int, sigma: float
) -> torch.Tensor:
    """Give each pixel a weighted mean of itself and those ahead in a direction.

    The weights of the 2 `radius` + 1 whole steps are one half of a Gaussian of `sigma`
    pixels; each step goes to the nearest pixel, and beyond the edge is the last pixel.

    Parameters
    ----------
    angles : (b,) array
        Directions in degrees.

    Returns
    -------
    (b, c, h, w) uint8 tensor
        Cut to bytes, not rounded.
    """
    h, w = images.shape[-2:]
    steps = np.arange(2 * radius + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    weights /= weights.sum()
    radians = np.deg2rad(angles)[:, None]
    down = np.ceil(steps * np.sin(radians) - 0.5).astype(int)  # (b, steps)
    right = np.ceil(steps * np.cos(radians) - 0.5).astype(int)
    rows = like((down[:, :, None] + np.arange(h)).clip(0, h - 1), images)
    columns = like((right[:, :, None] + np.arange(w)).clip(0, w - 1), images)
    one = torch.arange(len(images), device=images.device)[:, None, None]
    pixels = images.double().permute(0, 2, 3, 1)
    total = torch.zeros_like(pixels)
    for step, weight in enumerate(weights):
        seen = pixels[one, rows[:, step, :, None], columns[:, step, None, :]]
        total += float(weight) * seen
    # Weights add up to 1 within 1e-15; a flat image must not lose a level by that.
    return (total + 1e-9).to(torch.uint8).permute(0, 3, 1, 2).contiguous()


def zoom_blur(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    stop: float,
    step: float = 0.01,
) -> torch.Tensor:
    """Average the image with itself enlarged from 1 to `stop` by `step` at a time."""
    check_side(images)
    h, w = images.shape[-2:]
    values = unit(images)
    # Whether `stop` itself is taken is up to rounding, here as in the published images.
    factors = np.arange(1, stop, step)
    total = values.clone()
    for factor in factors:
        total += along_both(values, zooming(h, factor), zooming(w, factor))
    return truncated(total / (len(factors) + 1))


def _smooth(values: torch.Tensor, sigma: float) -> torch.Tensor:
    h, w = values.shape[-2:]
    return along_both(values, smoothing(h, sigma), smoothing(w, sigma))


_GRID = 8  # pixels from the middle of a small disk to the end of its grid


def _disk(radius: float, alias: float) -> Matrix:
    """(2r + 3, 2r + 3) weights, r the whole part of the radius.

    Of a radius of 8 and more (2r + 1, 2r + 1): the published grid ends there, and the
    rim that lies beyond is mirrored into it.
    """
    whole = math.floor(radius)
    grid, reach = max(whole, _GRID), min(whole + 1, max(whole, _GRID))
    squares = np.arange(-grid, grid + 1) ** 2
    disk = (squares[:, None] + squares <= radius**2).astype(float)
    side = 1 if radius <= _GRID else 2
    taps = np.exp(-0.5 * (np.arange(-side, side + 1) / alias) ** 2)
    blur = correlating(2 * grid + 1, taps / taps.sum(), "reflect")
    blurred: Matrix = blur @ (disk / disk.sum()) @ blur.T
    kept = slice(grid - reach, grid + reach + 1)
    return blurred[kept, kept]


def _correlated(values: torch.Tensor, kernel: Matrix) -> torch.Tensor:
    """(b, c, h, w) floats correlated with an odd square kernel, mirrored outside.

    By Fourier transforms: a disk is no product of a column and a row.
    """
    h, w = values.shape[-2:]
    reach = len(kernel) // 2
    padded = F.pad(values, (reach,) * 4, mode="reflect")
    size = padded.shape[-2:]
    spectrum = torch.fft.rfft2(like(kernel, values), s=size).conj()
    whole: torch.Tensor = torch.fft.irfft2(torch.fft.rfft2(padded) * spectrum, s=size)
    return whole[..., :h, :w]
