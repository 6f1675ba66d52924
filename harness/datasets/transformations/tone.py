"""Transformations that change each pixel's value by itself.

Parameters follow the meta-set of Deng and Zheng (CVPR 2021, arXiv:2007.02915) with the
semantics of the library that its authors used, imgaug 0.4; each image draws its own.
"""

from __future__ import annotations

import numpy as np
import torch

from harness.datasets.transformations.pixels import column, luma, rounded


def autocontrast(
    images: torch.Tensor, rng: np.random.Generator, *, cutoff: tuple[int, int]
) -> torch.Tensor:
    """Stretch each channel to 0..255 after cutting a share of pixels off both ends.

    The same bytes as PIL's ImageOps.autocontrast.

    Parameters
    ----------
    cutoff
        Lowest and highest share, whole percents; drawn uniformly.
    """
    b, c, h, w = images.shape
    cut = torch.as_tensor(rng.integers(cutoff[0], cutoff[1] + 1, size=b))
    remove = (h * w * cut.to(images.device) // 100)[:, None, None].expand(b, c, 1)
    counts = torch.zeros(b, c, 256, dtype=torch.int64, device=images.device)
    flat = images.flatten(2).long()
    counts.scatter_add_(2, flat, torch.ones_like(flat))
    low = _first_beyond(counts, remove)
    high = 255 - _first_beyond(counts.flip(2), remove)
    span = (high - low).double()
    flat_channel = span <= 0
    # Not `255 / span`, which torch works out as 255 times the rounded reciprocal.
    full = torch.full_like(span, 255.0)
    scale = full / torch.where(flat_channel, torch.ones_like(span), span)
    offset = -low.double() * scale
    # PIL truncates to whole numbers, then clips.
    stretched = (flat.double() * scale + offset).trunc().clamp(0, 255)
    result = torch.where(flat_channel, flat.double(), stretched)
    return result.to(torch.uint8).view(b, c, h, w)


def _first_beyond(counts: torch.Tensor, remove: torch.Tensor) -> torch.Tensor:
    """(b, c, 1): the first level by which more than `remove` pixels have passed."""
    return (counts.cumsum(2) > remove).long().argmax(2, keepdim=True)


def multiply(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    factor: tuple[float, float],
    per_channel: float,
) -> torch.Tensor:
    """Multiply by a factor; with probability `per_channel` one for each channel."""
    factors = _maybe_per_channel(images, rng, factor, per_channel)
    return rounded(images.float() * column(factors, images))


def enhance_color(
    images: torch.Tensor, rng: np.random.Generator, *, factor: tuple[float, float]
) -> torch.Tensor:
    """Blend between the grey image (factor 0) and beyond the image itself (1).

    As PIL's ImageEnhance.Color. Does nothing to grey images.
    """
    factors = column(rng.uniform(*factor, size=len(images)), images)
    grey = luma(images)
    # PIL's blend truncates.
    return (grey + factors * (images - grey)).clamp(0, 255).to(torch.uint8)


def solarize(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    probability: float,
    threshold: tuple[float, float],
) -> torch.Tensor:
    """Invert values at or above a threshold, in a share of the images."""
    b = len(images)
    chosen = rng.uniform(size=b) < probability
    thresholds = column(rng.uniform(*threshold, size=b), images)
    inverted = torch.where(images >= thresholds, 255 - images, images)
    return torch.where(column(chosen, images) > 0, inverted, images)


def linear_contrast(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    alpha: tuple[float, float],
    per_channel: float,
) -> torch.Tensor:
    """Scale the distance to 127 by alpha, one for all channels or one for each."""
    alphas = column(_maybe_per_channel(images, rng, alpha, per_channel), images)
    return rounded(127 + alphas * (images.float() - 127))


def _maybe_per_channel(
    images: torch.Tensor,
    rng: np.random.Generator,
    bounds: tuple[float, float],
    probability: float,
) -> np.ndarray:
    """(b, c) draws: the same for all channels, but for a share of the images."""
    b, c = images.shape[:2]
    apart = rng.uniform(size=(b, 1)) < probability
    draws = rng.uniform(*bounds, size=(b, c))
    return np.where(apart, draws, draws[:, :1])
