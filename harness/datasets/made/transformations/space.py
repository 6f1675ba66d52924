"""Transformations that move pixels or mix neighbours.

Sources and semantics as in `harness.datasets.made.transformations.tone`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from harness.datasets.made.transformations.pixels import check_sides, column, rounded


def affine(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    probability: float,
    scale: tuple[float, float],
    translate: tuple[float, float],
    rotate: tuple[float, float],
) -> torch.Tensor:
    """Scale, turn and shift about the image centre, in a share of the images.

    Bilinear; what comes from outside is 0.

    Parameters
    ----------
    scale
        Bounds of the factors of width and height, drawn apart.
    translate
        Bounds of the shift as shares of width and height, drawn apart.
    rotate
        Bounds of the angle in degrees.
    """
    b, _, h, w = images.shape
    chosen = rng.uniform(size=b) < probability
    factors = rng.uniform(*scale, size=(b, 2))
    shifts = rng.uniform(*translate, size=(b, 2)) * np.array([w, h])
    angles = np.deg2rad(rng.uniform(*rotate, size=b))
    cos, sin = np.cos(angles), np.sin(angles)
    # Where each result pixel comes from: undo the shift, the turn, then the scaling.
    back = np.empty((b, 2, 2))
    back[:, 0] = np.stack([cos, sin], 1) / factors[:, :1]
    back[:, 1] = np.stack([-sin, cos], 1) / factors[:, 1:]
    offset = -(back @ shifts[:, :, None])[:, :, 0]
    those = torch.as_tensor(np.flatnonzero(chosen), device=images.device)
    if not len(those):
        return images
    result = images.clone()
    result[those] = resampled(images[those], back[chosen], offset[chosen])
    return result


def resampled(
    images: torch.Tensor, back: NDArray[np.float64], offset: NDArray[np.float64]
) -> torch.Tensor:
    """Each image where a linear map takes its pixels; bilinear, 0 from outside.

    Parameters
    ----------
    back, offset
        (b, 2, 2) and (b, 2), in pixels from the image's centre, x before y: the pixel
        at p comes from ``back @ p + offset``.
    """
    b, c, h, w = images.shape
    # `affine_grid` measures in halves of the sides.
    half = np.array([w, h]) / 2
    theta = np.concatenate(
        [back * half[None, None] / half[None, :, None], (offset / half)[:, :, None]], 2
    )
    grid = F.affine_grid(
        torch.as_tensor(theta, dtype=torch.float32, device=images.device),
        [b, c, h, w],
        align_corners=False,
    )
    return rounded(F.grid_sample(images.float(), grid, align_corners=False))


def sharpen(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    alpha: tuple[float, float],
    lightness: tuple[float, float],
) -> torch.Tensor:
    """Blend with a sharpened image: a 3x3 kernel of -1 around 8 + lightness.

    Outside is the mirror image that does not repeat the last pixel, so that sides need
    at least two.
    """
    check_sides(images, "sharpen")
    b = len(images)
    alphas = column(rng.uniform(*alpha, size=b), images)
    light = column(rng.uniform(*lightness, size=b), images)
    pixels = images.float()
    padded = F.pad(pixels, (1, 1, 1, 1), mode="reflect")
    rows = (padded[:, :, :-2] + padded[:, :, 1:-1]).add_(padded[:, :, 2:])
    square = (rows[..., :-2] + rows[..., 1:-1]).add_(rows[..., 2:])
    # (1 - alpha) pixels + alpha ((9 + light) pixels - square)
    blend = pixels.mul_(1 + alphas * (8 + light))
    return rounded(blend.sub_(square.mul_(alphas)))


def gaussian_blur(
    images: torch.Tensor, rng: np.random.Generator, *, sigma: tuple[float, float]
) -> torch.Tensor:
    """Blur each image with a Gaussian of a drawn width, in pixels."""
    b, c, h, w = images.shape
    sigmas = np.maximum(rng.uniform(*sigma, size=b), 1e-3)
    reach = min(int(np.ceil(3 * max(sigma))), min(h, w) - 1)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigmas[:, None]) ** 2)
    taps /= taps.sum(1, keepdims=True)
    kernel = torch.as_tensor(taps, dtype=torch.float32, device=images.device)
    kernel = kernel.repeat_interleave(c, 0)[:, None]
    # One group per image and channel, since each image has its own kernel.
    flat = images.float().reshape(1, b * c, h, w)
    flat = F.pad(flat, (reach, reach, reach, reach), mode="reflect")
    flat = F.conv2d(flat, kernel[:, :, None, :], groups=b * c)
    flat = F.conv2d(flat, kernel[:, :, :, None], groups=b * c)
    return rounded(flat.reshape(b, c, h, w))
