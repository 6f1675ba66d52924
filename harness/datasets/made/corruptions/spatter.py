"""Spatter: drops of water or splashes of mud in front of the image."""

from __future__ import annotations

import numpy as np
import torch

from harness.datasets.made.corruptions.drops import relief
from harness.datasets.made.corruptions.matrices import along_both, smoothing
from harness.datasets.made.corruptions.pixels import (
    check_side,
    grey,
    like,
    truncated,
    unit,
)

WATER = (175, 238, 238)  # pale turquoise
MUD = (63, 42, 20)
THICK = 0.8  # mud that covers less of a pixel than this is not there


def spatter(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    liquid: str,
    mean: float,
    spread: float,
    sigma: float,
    threshold: float,
    amount: float,
) -> torch.Tensor:
    """Wet or soil each image where a smooth noise of its own is high.

    An image without any drop stays as it is, where the published generator divides by
    zero; and heights above 1, which there overflow a byte, count as 1.

    Parameters
    ----------
    liquid
        "water", whose drops add light, or "mud", which covers.
    mean, spread, sigma
        Of the normal noise, and over how many pixels it is smoothed.
    threshold
        Height from which there is liquid.
    amount
        Water: light that the brightest place adds; mud: how many pixels its rim is
        smoothed over.
    """
    check_side(images)
    if liquid not in ("water", "mud"):
        raise ValueError(f"`liquid` must be 'water' or 'mud', got {liquid!r}")
    b, _, h, w = images.shape
    noise = like(rng.standard_normal((b, 1, h, w)) * spread + mean, images)
    height = along_both(noise, smoothing(h, sigma), smoothing(w, sigma))
    values = unit(images)
    if liquid == "water":
        return watered(values, torch.where(height < threshold, 0.0, height), amount)
    wet = (height > threshold).double()
    cover = along_both(wet, smoothing(h, amount), smoothing(w, amount))
    cover = torch.where(cover < THICK, 0.0, cover)
    return truncated(values * (1 - cover) + cover * _colour(MUD, values))


def watered(values: torch.Tensor, height: torch.Tensor, amount: float) -> torch.Tensor:
    """uint8 images of floats behind drops of (b, 1, h, w) heights; see `spatter`."""
    return truncated(values + amount * _light(height) * _colour(WATER, values))


def _light(height: torch.Tensor) -> torch.Tensor:
    """(b, 1, h, w) heights of drops to what they add of their light, at most 1."""
    layers = truncated(height)[:, 0]
    light = layers * relief(layers)
    most = light.amax((1, 2), keepdim=True)
    return (light / torch.where(most > 0, most, 1.0))[:, None]


def _colour(rgb: tuple[int, int, int], values: torch.Tensor) -> torch.Tensor:
    """(1, c, 1, 1) of a colour; its grey for grey images."""
    colour = torch.tensor(rgb, dtype=values.dtype, device=values.device) / 255
    colour = colour.view(1, 3, 1, 1)
    return grey(colour) if values.shape[1] == 1 else colour
