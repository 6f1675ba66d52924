"""Corruptions that add noise to every value by itself."""

from __future__ import annotations

import numpy as np
import torch

from harness.datasets.made.corruptions.pixels import like, truncated


def gaussian_noise(
    images: torch.Tensor, rng: np.random.Generator, *, sigma: float
) -> torch.Tensor:
    """Add normal noise of standard deviation `sigma`, in shares of full brightness."""
    return truncated(_unit(images) + sigma * _normal(images, rng))


def shot_noise(
    images: torch.Tensor, rng: np.random.Generator, *, photons: float
) -> torch.Tensor:
    """Replace each value by a Poisson count of it times `photons`, over `photons`.

    Fewer photons are noisier.
    """
    counts = rng.poisson(_unit(images).cpu().numpy() * photons).astype(np.float32)
    return truncated(like(counts, images) / photons)


def impulse_noise(
    images: torch.Tensor, rng: np.random.Generator, *, amount: float
) -> torch.Tensor:
    """Set a share `amount` of all values, channel by channel, to 0 or 255 evenly."""
    drawn = like(rng.random(tuple(images.shape), dtype=np.float32), images)
    salted = torch.where(drawn < amount / 2, torch.full_like(images, 255), images)
    pepper = (drawn >= amount / 2) & (drawn < amount)
    return torch.where(pepper, torch.zeros_like(images), salted)


def speckle_noise(
    images: torch.Tensor, rng: np.random.Generator, *, sigma: float
) -> torch.Tensor:
    """Add normal noise of standard deviation `sigma` times the value: none on black."""
    values = _unit(images)
    return truncated(values + values * sigma * _normal(images, rng))


def _unit(images: torch.Tensor) -> torch.Tensor:
    # Single precision: no two implementations draw the same noise anyway.
    return images.float() / 255


def _normal(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    return like(rng.standard_normal(tuple(images.shape), dtype=np.float32), images)
