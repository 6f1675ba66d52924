"""Corruptions of tone and of storage: contrast, colour, coarse pixels, JPEG."""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from harness.datasets.made.corruptions.pixels import like, truncated, unit


def brightness(
    images: torch.Tensor, rng: np.random.Generator, *, amount: float
) -> torch.Tensor:
    """Raise the V of HSV, the largest channel, by `amount` of full brightness.

    Hue and saturation stay: the channels grow by one factor, and black turns grey.
    """
    values = unit(images)
    top = values.amax(1, keepdim=True)
    raised = (top + amount).clamp(0, 1)
    lit = top > 0
    factor = raised / torch.where(lit, top, torch.ones_like(top))
    return truncated(torch.where(lit, values * factor, raised))


def contrast(
    images: torch.Tensor, rng: np.random.Generator, *, factor: float
) -> torch.Tensor:
    """Shrink the distance to the channel's own mean over the image to `factor`."""
    values = unit(images)
    means = values.mean((2, 3), keepdim=True)
    return truncated((values - means) * factor + means)


def saturate(
    images: torch.Tensor, rng: np.random.Generator, *, factor: float, offset: float
) -> torch.Tensor:
    """Change the S of HSV to S * `factor` + `offset`, within [0, 1].

    A factor below 1 takes colour away. Grey pixels have hue 0, so an offset reddens
    them, as in the published images.

    Raises
    ------
    ValueError
        For images of one channel, which have no saturation.
    """
    if images.shape[1] != 3:
        raise ValueError(
            f"`images` must be RGB to be saturated, got {images.shape[1]} channel; "
            "choose another corruption for grey images"
        )
    values = unit(images)
    top = values.amax(1, keepdim=True)
    span = top - values.amin(1, keepdim=True)
    coloured = span > 0
    # A channel is top * (1 - saturation * depth): its hue alone decides its depth.
    red = torch.tensor([0.0, 1.0, 1.0], dtype=values.dtype, device=values.device)
    depth = torch.where(
        coloured,
        (top - values) / torch.where(coloured, span, torch.ones_like(span)),
        red.view(1, 3, 1, 1),
    )
    saturation = span / torch.where(top > 0, top, torch.ones_like(top))
    changed = (saturation * factor + offset).clamp(0, 1)
    return truncated(top * (1 - changed * depth))


def jpeg_compression(
    images: torch.Tensor, rng: np.random.Generator, *, quality: int
) -> torch.Tensor:
    """Write each image as a JPEG of this quality with PIL, and read it again."""
    pixels = images.permute(0, 2, 3, 1).cpu().numpy()
    decoded = np.empty_like(pixels)
    # Image by image, since no codec takes a batch and gives PIL's bytes.
    for one, result in zip(pixels, decoded, strict=True):
        file = io.BytesIO()
        Image.fromarray(one.squeeze(2) if one.shape[2] == 1 else one).save(
            file, "JPEG", quality=quality
        )
        result[:] = np.asarray(Image.open(file)).reshape(one.shape)
    return like(decoded, images).permute(0, 3, 1, 2)


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
        weights = like(_box(side, to), images)
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
