"""Small fixed filters: PIL's blur and sharpness, and embossing.

Sources as in `harness.datasets.made.transformations.tone`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from harness.datasets.made.transformations.pixels import (
    Bounds,
    check_sides,
    column,
    rounded,
)


def filter_blur(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Give each pixel the mean of the 16 around its 3x3 pixels, as PIL's BLUR.

    Like PIL's it leaves two pixels at the edges as they are; nothing is drawn.
    """
    kernel = torch.ones(5, 5)
    kernel[1:4, 1:4] = 0
    return rounded(_inner(images, kernel))


def enhance_sharpness(
    images: torch.Tensor, rng: np.random.Generator, *, factor: Bounds
) -> torch.Tensor:
    """Blend between a smoothed image (factor 0) and beyond the image itself (1).

    As PIL's ImageEnhance.Sharpness: smoothed with a 3x3 kernel of 1 around 5, the
    outermost pixels as they are.
    """
    factors = column(rng.uniform(*factor, size=len(images)), images)
    kernel = torch.ones(3, 3)
    kernel[1, 1] = 5
    smooth = rounded(_inner(images, kernel)).float()
    # PIL's blend truncates.
    return (smooth + factors * (images - smooth)).clamp(0, 255).to(torch.uint8)


def emboss(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    alpha: tuple[float, float],
    strength: tuple[float, float],
) -> torch.Tensor:
    """Blend with an image lit from the lower right.

    Its 3x3 kernel is the identity, plus the pixel below to the right minus that above
    to the left, plus `strength` times those two and their four neighbours likewise.
    Outside is the mirror image that does not repeat the last pixel.
    """
    check_sides(images, "emboss")
    b, c, h, w = images.shape
    alphas = column(rng.uniform(*alpha, size=b), images)
    strengths = column(rng.uniform(*strength, size=b), images)
    corners = torch.zeros(3, 3)
    corners[0, 0], corners[2, 2] = -1, 1
    sides = corners.clone()
    sides[0, 1] = sides[1, 0] = -1
    sides[1, 2] = sides[2, 1] = 1
    kernels = torch.stack([corners, sides])[:, None].to(images.device)
    padded = F.pad(images.float(), (1, 1, 1, 1), mode="reflect")
    relief = F.conv2d(padded.reshape(b * c, 1, h + 2, w + 2), kernels).view(
        b, c, 2, h, w
    )
    return rounded(images + alphas * (relief[:, :, 0] + strengths * relief[:, :, 1]))


def _inner(images: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Floats: the normalised filter where it fits, the pixels themselves elsewhere."""
    b, c, h, w = images.shape
    reach = len(kernel) // 2
    pixels = images.float()
    if min(h, w) <= 2 * reach:
        return pixels
    weights = kernel[None, None].to(images.device)
    # Sums of whole numbers first: exact, whatever the device.
    sums = F.conv2d(pixels.reshape(b * c, 1, h, w), weights) / float(kernel.sum())
    pixels[..., reach : h - reach, reach : w - reach] = sums.view(
        b, c, h - 2 * reach, w - 2 * reach
    )
    return pixels
