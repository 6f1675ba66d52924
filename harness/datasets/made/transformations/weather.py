"""Fog and rain as imgaug 0.4 paints them, for the meta-set's other pools.

Sources as in `harness.datasets.made.transformations.tone`. They are unlike the fog of
`harness.datasets.made.corruptions.weather`: brighter and thicker.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from harness.datasets.made.transformations.pixels import check_sides, column

_GATE = 8  # rows and columns of the coarse maps that vary thickness over the image
_DROP = 240.0  # grey level of rain; imgaug's rule gives another to the thinnest rain


def fog(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    brightness: tuple[float, float],
    thickness: tuple[float, float],
    density: tuple[float, float],
) -> torch.Tensor:
    """Blend with a bright, slightly uneven layer that is thicker in places.

    Parameters
    ----------
    brightness
        Bounds of the layer's mean grey level; it varies by up to a fifth.
    thickness
        Bounds of the layer's share of the result where it is thinnest, before
        `density`; where it is thickest the share is 0.3 more.
    density
        Bounds of the factor of all shares.
    """
    b, _, h, w = images.shape
    means = rng.uniform(*brightness, size=(b, 1, 1, 1))
    least = rng.uniform(*thickness, size=(b, 1, 1, 1))
    factors = column(rng.uniform(*density, size=b), images)
    uneven = rng.normal(0, 2, size=(b, 1, _GATE, _GATE))
    fine = _clouds(rng, b, h, w, size=max(h, w), exponent=(-2.0, -1.5))
    # Coarseness is drawn per image: a map of each is made for all, and one is used.
    sizes = rng.integers(2, 9, size=(b, 1, 1, 1))
    coarse = torch.zeros(b, 1, h, w)
    for size in range(2, 9):
        clouds = _clouds(rng, b, h, w, size=size, exponent=(-4.0, -2.0))
        coarse = torch.where(torch.from_numpy(sizes == size), clouds, coarse)
    mean = torch.from_numpy(means).float()
    layer = mean + _enlarged(uneven, h, w) + mean * (2 * fine - 1) / 5
    layer = layer.clamp(0, 255).to(images.device)
    shares = torch.from_numpy(least).float() + 0.3 * coarse
    shares = (shares.to(images.device) ** 0.9 * factors).clamp(0, 1)
    return ((1 - shares) * images + shares * layer).clamp(0, 255).to(torch.uint8)


def rain(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    layers: tuple[int, int],
    density: tuple[float, float],
    uniformity: tuple[float, float],
    size: tuple[float, float],
    angle: tuple[float, float],
    speed: tuple[float, float],
) -> torch.Tensor:
    """Draw streaks of falling drops over the image, in one layer or several.

    Parameters
    ----------
    layers
        Fewest and most layers of an image; each draws all that follows anew.
    density
        Bounds of the share of places where a drop starts.
    uniformity
        Bounds of how even the rain is over the image, 0 to 1.
    size
        Bounds of the size of drops: 1 - size is the share of the sides on which drops
        are drawn before they are enlarged. Their middle is taken for all images: on up
        to 50 pixels it comes to the same.
    angle
        Bounds of the direction in degrees from the vertical.
    speed
        Bounds of the length of streaks, as a share of the longer side.
    """
    check_sides(images, "rain on")
    b, _, h, w = images.shape
    counts = column(rng.integers(layers[0], layers[1] + 1, size=b), images)
    down = 1 - sum(size) / 2
    small = max(1, int(h * down)), max(1, int(w * down))
    result = images
    for layer in range(layers[1]):
        starts = rng.uniform(size=(b, 1, *small)) < rng.uniform(
            *density, size=(b, 1, 1, 1)
        )
        # Brightness of drops: the upper half of an arc sine distribution on 0..1.
        light = 0.5 + np.abs(rng.beta(0.5, 0.5, size=starts.shape) - 0.5)
        # A beta distribution has no second parameter of 0, a uniformity of 1.
        uneven = np.maximum(1 - rng.uniform(*uniformity, size=(b, 1, 1, 1)), 1e-6)
        gate = _enlarged(rng.beta(1.0, uneven, size=(b, 1, _GATE, _GATE)), *small)
        drops = torch.from_numpy(starts * light).float() * gate.clamp(0, 1)
        drops = _enlarged(drops.numpy(), h, w).clamp(0, 1)
        kernels = _streaks(
            rng.uniform(*angle, size=b),
            (rng.uniform(*speed, size=b) * max(h, w)).astype(int),
            longest=int(speed[1] * max(h, w)),
        )
        reach = kernels.shape[-1] // 2
        drops = F.pad(drops.view(1, b, h, w), (reach,) * 4, mode="reflect")
        drops = F.conv2d(drops, kernels, groups=b).view(b, 1, h, w)
        shares = (1.3 * drops).clamp(0, 1).to(images.device)
        rained = ((1 - shares) * result + shares * _DROP).clamp(0, 255)
        result = torch.where(counts > layer, rained.to(torch.uint8), result)
    return result


def _streaks(
    angles: NDArray[np.float64], lengths: NDArray[np.int64], *, longest: int
) -> torch.Tensor:
    """(b, 1, k, k) float32 kernels: lines through the middle that fade downwards.

    They add up to 1. Lengths are made odd, and at least 3; up to 1 is no streak.
    """
    reach = np.maximum(lengths, 3) // 2
    size = 2 * (max(longest, 3) // 2) + 1
    step = np.arange(size) - size // 2
    fading = 0.5 - step / (2 * reach[:, None])
    fading[np.abs(step) > reach[:, None]] = 0
    fading[lengths <= 1] = step == 0
    lines = torch.zeros(len(angles), 1, size, size)
    lines[:, 0, :, size // 2] = torch.from_numpy(fading).float()
    turn = np.zeros((len(angles), 2, 3))
    radians = np.deg2rad(angles)
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(radians)
    turn[:, 0, 1], turn[:, 1, 0] = np.sin(radians), -np.sin(radians)
    grid = F.affine_grid(
        torch.from_numpy(turn).float(), list(lines.shape), align_corners=False
    )
    turned = F.grid_sample(lines, grid, align_corners=False)
    return turned / turned.sum((2, 3), keepdim=True)


def _clouds(
    rng: np.random.Generator,
    number: int,
    h: int,
    w: int,
    *,
    size: int,
    exponent: tuple[float, float],
) -> torch.Tensor:
    """(number, 1, h, w) float32 noise from 0 to about 1, coarser where `size` is less.

    Made on a grid whose longer side is `size`, at least 4 by 4, from frequencies
    weighted by a power of their distance from none; then cut to bytes and enlarged.
    """
    share = min(1.0, size / max(h, w))
    small_h, small_w = max(int(h * share), 4), max(int(w * share), 4)
    radius = rng.random((number, small_h, small_w)) * max(small_h, small_w) ** 2
    angle = rng.random((number, small_h, small_w)) * 2 * np.pi
    exponents = rng.uniform(*exponent, size=(number, 1, 1))
    y, x = np.arange(small_h)[:, None], np.arange(small_w)
    away = np.hypot(np.minimum(y, small_h - y), np.minimum(x, small_w - x))
    away[0, 0] = 1
    weights = away**exponents
    weights[:, 0, 0] = 0
    # As published: the imaginary part is made of the real one, not of the radius.
    real = radius * np.cos(angle)
    noise = np.fft.ifft2(weights * real * (1 + 1j * np.sin(angle))).real
    noise -= noise.min((1, 2), keepdims=True)
    noise /= noise.max((1, 2), keepdims=True)
    if (small_h, small_w) == (h, w):
        return torch.from_numpy(noise[:, None]).float()
    levels = np.floor(noise * 255)[:, None]
    return (_enlarged(levels, h, w).clamp(0, 255) / 255).float()


def _enlarged(maps: NDArray[np.floating], h: int, w: int) -> torch.Tensor:
    """(b, 1, h, w) float32: resized by cubic convolution."""
    small = torch.from_numpy(np.ascontiguousarray(maps)).float()
    return F.interpolate(small, (h, w), mode="bicubic", align_corners=False)
