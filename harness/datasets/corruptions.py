"""Corruptions of Hendrycks and Dietterich: noise and pixelation.

Images are scaled to [0, 1], corrupted, clipped and truncated to bytes (not rounded), as
the published generator does.

References
----------
Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions
and Perturbations", ICLR 2019, arXiv:1903.12261.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray


def gaussian_noise(
    images: torch.Tensor, rng: np.random.Generator, *, sigma: float
) -> torch.Tensor:
    """Add normal noise of standard deviation `sigma`, in shares of full brightness."""
    noise = rng.standard_normal(tuple(images.shape), dtype=np.float32)
    return _truncated(_unit(images) + sigma * _like(noise, images))


def shot_noise(
    images: torch.Tensor, rng: np.random.Generator, *, photons: float
) -> torch.Tensor:
    """Replace each value by a Poisson count of it times `photons`, over `photons`.

    Fewer photons are noisier.
    """
    counts = rng.poisson(_unit(images).cpu().numpy() * photons).astype(np.float32)
    return _truncated(_like(counts, images) / photons)


def impulse_noise(
    images: torch.Tensor, rng: np.random.Generator, *, amount: float
) -> torch.Tensor:
    """Set a share `amount` of all values, channel by channel, to 0 or 255 evenly."""
    drawn = _like(rng.random(tuple(images.shape), dtype=np.float32), images)
    salted = torch.where(drawn < amount / 2, torch.full_like(images, 255), images)
    pepper = (drawn >= amount / 2) & (drawn < amount)
    return torch.where(pepper, torch.zeros_like(images), salted)


def pixelate(
    images: torch.Tensor, rng: np.random.Generator, *, scale: float
) -> torch.Tensor:
    """Shrink to int(scale * side) pixels and back, both as PIL's BOX filter does.

    Like PIL it goes axis by axis and rounds to bytes after each of the four passes.
    """
    height, width = images.shape[-2:]
    small = max(1, int(scale * height)), max(1, int(scale * width))
    pixels = images.double()
    for axis, side, to in (
        (-1, width, small[1]),
        (-2, height, small[0]),
        (-1, small[1], width),
        (-2, small[0], height),
    ):
        weights = torch.as_tensor(_box(side, to), device=images.device)
        pixels = (pixels.transpose(axis, -1) @ weights.T).transpose(axis, -1)
        pixels = (pixels + 0.5).floor().clamp(0, 255)
    return pixels.to(torch.uint8)


def _box(side: int, to: int) -> NDArray[np.float64]:
    """(to, side) weights of PIL's BOX: the mean of the pixels whose centres fall in."""
    scale = side / to
    reach = max(scale, 1.0) / 2
    centres = ((np.arange(to) + 0.5) * scale)[:, None]
    pixel = np.arange(side)
    # PIL cuts a window before it applies the filter; at ties only the window decides.
    low = (centres - reach + 0.5).astype(int)
    high = (centres + reach + 0.5).astype(int)
    distance = (pixel - centres + 0.5) / (2 * reach)
    window = (pixel >= low) & (pixel < high)
    inside: NDArray[np.float64] = (
        window & (distance > -0.5) & (distance <= 0.5)
    ).astype(np.float64)
    inside /= inside.sum(1, keepdims=True)
    return inside


def _unit(images: torch.Tensor) -> torch.Tensor:
    return images.float() / 255


def _like(array: NDArray[np.float32], images: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(array).to(images.device)


def _truncated(values: torch.Tensor) -> torch.Tensor:
    return (values.clamp(0, 1) * 255).to(torch.uint8)
