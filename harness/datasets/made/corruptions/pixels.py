"""Arithmetic shared by corruptions: bytes to shares of brightness and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

# Weights of red, green and blue in grey (ITU-R BT.601).
GREY = (0.299, 0.587, 0.114)
LEAST_SIDE = 8  # what reaches over several pixels makes no sense on smaller images


def unit(images: torch.Tensor) -> torch.Tensor:
    """uint8 to float64 in [0, 1]; cutting to bytes later shows float32's rounding."""
    return images.double() / 255


def truncated(values: torch.Tensor) -> torch.Tensor:
    """Floats around [0, 1] to uint8: clipped, then cut, not rounded."""
    return (values.clamp(0, 1) * 255).to(torch.uint8)


def like(array: NDArray[Any], images: torch.Tensor) -> torch.Tensor:
    """An array on the images' device."""
    return torch.from_numpy(np.ascontiguousarray(array)).to(images.device)


def grey(values: torch.Tensor) -> torch.Tensor:
    """(b, 1, h, w) weighted mean of the channels; grey images are their own."""
    if values.shape[1] == 1:
        return values
    weights = torch.tensor(GREY, dtype=values.dtype, device=values.device)
    return (values * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)


def check_side(images: torch.Tensor, least: int = LEAST_SIDE) -> None:
    """Refuse images with fewer than `least` rows or columns, and never less than 8."""
    least = max(least, LEAST_SIDE)
    h, w = images.shape[-2:]
    if min(h, w) < least:
        raise ValueError(
            f"`images` must be at least {least} pixels high and wide, got {h} by {w}; "
            "choose another corruption for images this small"
        )
