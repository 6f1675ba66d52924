"""Arithmetic shared by transformations: bytes to floats and back, draws to tensors."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

# Between which a number is drawn: the same of all images, or (b,) of each.
Bounds = tuple[float | NDArray[np.float64], float | NDArray[np.float64]]


def column(values: ArrayLike, like: torch.Tensor) -> torch.Tensor:
    """(b,) or (b, c) draws as float32 (b, 1 or c, 1, 1) on the images' device."""
    drawn = torch.as_tensor(np.asarray(values), dtype=torch.float32, device=like.device)
    drawn = drawn if drawn.ndim == 2 else drawn[:, None]
    return drawn[:, :, None, None]


def rounded(values: torch.Tensor) -> torch.Tensor:
    """Floats in grey levels to uint8: clipped to 0..255, rounded half up."""
    return values.clamp(0, 255).add_(0.5).to(torch.uint8)  # which truncates


def luma(images: torch.Tensor) -> torch.Tensor:
    """(b, 1, h, w) float32 grey levels, as PIL's mode L; grey images are their own."""
    if images.shape[1] == 1:
        return images.float()
    # PIL works with 16-bit fixed-point weights and rounds; float32 holds the sums, all
    # below 2**24, exactly.
    pixels = images.float()
    total = pixels[:, :1] * 19595
    total += pixels[:, 1:2] * 38470
    total += pixels[:, 2:] * 7471
    return ((total + 0x8000) * 2**-16).floor()


def check_sides(images: torch.Tensor, what: str) -> None:
    """Refuse (b, c, h, w) images with a side of one pixel, which has no neighbours.

    Raises
    ------
    ValueError
        With the sides, and what is to be done to the images.
    """
    h, w = images.shape[2:]
    if min(h, w) < 2:
        raise ValueError(
            f"`images` must have sides of at least 2 pixels to {what} them, got "
            f"{h}x{w}; choose other families for so small images"
        )
