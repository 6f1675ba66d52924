"""Transformations that change each pixel's value by itself.

Parameters follow the meta-set of Deng and Zheng (CVPR 2021, arXiv:2007.02915) with the
semantics of the library that its authors used, imgaug 0.4; each image draws its own.
"""

from __future__ import annotations

import numpy as np
import torch

from harness.datasets.made.transformations.pixels import Bounds, column, luma, rounded


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
    # Each channel of each image has a table of 256 levels: first of counts, then of
    # what becomes of a level.
    first = torch.arange(b * c, device=images.device, dtype=torch.int32) * 256
    entries = (images.flatten(2).int() + first.view(b, c, 1)).flatten()
    counts = torch.bincount(entries, minlength=b * c * 256).view(b, c, 256)
    low = _first_beyond(counts, remove).double()
    high = 255 - _first_beyond(counts.flip(2), remove).double()
    levels = torch.arange(256, device=images.device, dtype=torch.float64)
    span = high - low
    flat = span <= 0
    # Not `255 / span`, which torch works out as 255 times the rounded reciprocal.
    full = torch.full_like(span, 255.0)
    scale = full / torch.where(flat, torch.ones_like(span), span)
    # PIL truncates to whole numbers, then clips.
    stretched = (levels * scale - low * scale).trunc().clamp(0, 255)
    table = torch.where(flat, levels, stretched).to(torch.uint8)
    return table.flatten().index_select(0, entries).view(b, c, h, w)


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
    return rounded(images * column(factors, images))


def enhance_color(
    images: torch.Tensor, rng: np.random.Generator, *, factor: Bounds
) -> torch.Tensor:
    """Blend between the grey image (factor 0) and beyond the image itself (1).

    As PIL's ImageEnhance.Color. Does nothing to grey images.
    """
    factors = column(rng.uniform(*factor, size=len(images)), images)
    grey = luma(images)
    # PIL's blend truncates.
    blend = (images - grey).mul_(factors).add_(grey)
    return blend.clamp_(0, 255).to(torch.uint8)


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
    thresholds = np.ceil(rng.uniform(*threshold, size=b))  # the same on whole levels
    never = np.where(chosen, thresholds, 256)
    return torch.where(images >= column(never, images).short(), 255 - images, images)


def linear_contrast(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    alpha: tuple[float, float],
    per_channel: float,
) -> torch.Tensor:
    """Scale the distance to 127 by alpha, one for all channels or one for each."""
    alphas = column(_maybe_per_channel(images, rng, alpha, per_channel), images)
    return rounded((images.float() - 127).mul_(alphas).add_(127))


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
