"""Further transformations that change each pixel's value by itself.

Sources as in `harness.datasets.made.transformations.tone`.
"""

from __future__ import annotations

import numpy as np
import torch

from harness.datasets.made.transformations.pixels import Bounds, column


def enhance_brightness(
    images: torch.Tensor, rng: np.random.Generator, *, factor: Bounds
) -> torch.Tensor:
    """Multiply by a factor and cut to whole levels, as PIL's ImageEnhance.Brightness.

    Unlike `harness.datasets.made.transformations.tone.multiply`, which rounds.
    """
    factors = column(rng.uniform(*factor, size=len(images)), images)
    return (images * factors).clamp(0, 255).to(torch.uint8)


def invert(
    images: torch.Tensor, rng: np.random.Generator, *, probability: float
) -> torch.Tensor:
    """Invert a share of all channels, each drawn by itself."""
    chosen = rng.uniform(size=tuple(images.shape[:2])) < probability
    return torch.where(column(chosen, images) > 0, 255 - images, images)


def equalize(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Spread each channel's values so that all levels are about as frequent.

    The same bytes as PIL's ImageOps.equalize; nothing is drawn. A channel whose pixels
    below the brightest level are fewer than 255 stays as it is: so do all images of
    that few pixels.
    """
    b, c, h, w = images.shape
    flat = images.flatten(2).long()
    counts = torch.zeros(b, c, 256, dtype=torch.int64, device=images.device)
    counts.scatter_add_(2, flat, torch.ones_like(flat))
    brightest = counts.gather(2, flat.amax(2, keepdim=True))
    step = (h * w - brightest) // 255
    before = counts.cumsum(2) - counts
    levels = (step // 2 + before) // step.clamp(min=1)
    spread = levels.clamp(max=255).gather(2, flat)
    return torch.where(step > 0, spread, flat).to(torch.uint8).view(b, c, h, w)
