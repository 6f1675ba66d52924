"""Arithmetic shared by transformations: bytes to floats and back, draws to tensors."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike


def column(values: ArrayLike, like: torch.Tensor) -> torch.Tensor:
    """(b,) or (b, c) draws as float32 (b, 1 or c, 1, 1) on the images' device."""
    drawn = torch.as_tensor(np.asarray(values), dtype=torch.float32, device=like.device)
    drawn = drawn if drawn.ndim == 2 else drawn[:, None]
    return drawn[:, :, None, None]


def rounded(values: torch.Tensor) -> torch.Tensor:
    """Floats in grey levels to uint8: clipped to 0..255, rounded half up."""
    return values.clamp(0, 255).add(0.5).floor().to(torch.uint8)


def luma(images: torch.Tensor) -> torch.Tensor:
    """(b, 1, h, w) float32 grey levels, as PIL's mode L; grey images are their own."""
    if images.shape[1] == 1:
        return images.float()
    # PIL works with 16-bit fixed-point weights and rounds.
    weights = torch.tensor([19595, 38470, 7471], dtype=torch.int64)
    weights = weights.to(images.device).view(1, 3, 1, 1)
    return ((images.long() * weights).sum(1, keepdim=True) + 0x8000 >> 16).float()
