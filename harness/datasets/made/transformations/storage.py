"""Transformations by what sensors and files do to images: noise and JPEG.

Sources as in `harness.datasets.made.transformations.tone`.
"""

from __future__ import annotations

import numpy as np
import torch

from harness.datasets.made.corruptions.digital import jpeg_compression
from harness.datasets.made.corruptions.pixels import like
from harness.datasets.made.transformations.pixels import column, rounded


def additive_noise(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    sigma: tuple[float, float],
    per_channel: float,
) -> torch.Tensor:
    """Add normal noise of a drawn standard deviation, in grey levels.

    With probability `per_channel` an image's channels get noise each of its own, else
    the same.
    """
    b = len(images)
    sigmas = column(rng.uniform(*sigma, size=b), images)
    apart = column(rng.uniform(size=b) < per_channel, images) > 0
    noise = like(rng.standard_normal(tuple(images.shape), dtype=np.float32), images)
    return rounded(images + sigmas * torch.where(apart, noise, noise[:, :1]))


def jpeg(
    images: torch.Tensor, rng: np.random.Generator, *, compression: tuple[float, float]
) -> torch.Tensor:
    """Write each image as a JPEG of a drawn quality, and read it again.

    Parameters
    ----------
    compression
        Bounds of the strength c in 0..100; PIL's quality is 1 + 99 (1 - c / 101),
        rounded, as imgaug has it: strengths of 70 to 99 are qualities of 31 to 3.
    """
    drawn = rng.uniform(*compression, size=len(images))
    qualities = np.rint(1 + 99 * (1 - drawn / 101)).astype(int)
    result = images.clone()
    for quality in np.unique(qualities):
        chosen = like(qualities == quality, images)
        result[chosen] = jpeg_compression(images[chosen], rng, quality=int(quality))
    return result
