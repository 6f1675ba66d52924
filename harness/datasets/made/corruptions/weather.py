"""Corruptions by weather: snow and fog; frost has a module of its own."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from harness.datasets.made.corruptions.blur import smear
from harness.datasets.made.corruptions.matrices import along_both, zooming
from harness.datasets.made.corruptions.pixels import (
    check_side,
    grey,
    like,
    truncated,
    unit,
)


def snow(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    mean: float,
    spread: float,
    zoom: float,
    threshold: float,
    radius: int,
    sigma: float,
    keep: float,
    angle: tuple[float, float],
) -> torch.Tensor:
    """Whiten, and add flakes that fall in a direction of their own in each image.

    Parameters
    ----------
    mean, spread
        Of the normal noise that the flakes are cut from.
    zoom
        How much larger than a pixel they are.
    threshold
        Noise below it is no flake.
    radius, sigma
        Of their motion, see `harness.datasets.made.corruptions.blur.smear`.
    keep
        Share of the image that is not whitened.
    angle
        Bounds of the direction in degrees.
    """
    check_side(images)
    b, _, h, w = images.shape
    noise = rng.standard_normal((b, 1, h, w)) * spread + mean
    angles = rng.uniform(*angle, size=b)
    cut = flakes(like(noise, images), zoom, threshold)
    fallen = smear(cut, angles, radius=radius, sigma=sigma)
    return snowed(unit(images), unit(fallen), keep)


def flakes(noise: torch.Tensor, zoom: float, threshold: float) -> torch.Tensor:
    """(b, 1, h, w) uint8 flakes, `zoom` times as large as the pixels of a noise."""
    h, w = noise.shape[-2:]
    found = along_both(noise, zooming(h, zoom), zooming(w, zoom))
    return truncated(torch.where(found < threshold, torch.zeros_like(found), found))


def snowed(values: torch.Tensor, layer: torch.Tensor, keep: float) -> torch.Tensor:
    """uint8 images of floats: whitened, under a layer of flakes and its half turn."""
    white = torch.maximum(values, grey(values) * 1.5 + 0.5)
    return truncated(keep * values + (1 - keep) * white + layer + layer.flip((2, 3)))


def fog(
    images: torch.Tensor, rng: np.random.Generator, *, strength: float, decay: float
) -> torch.Tensor:
    """Add clouds, then scale each image back to the brightness it had at most.

    Parameters
    ----------
    strength
        Of the thickest cloud.
    decay
        How much less they vary from one scale to the next finer one.
    """
    check_side(images)
    h, w = images.shape[-2:]
    clouds = like(plasma(rng, len(images), max(h, w), decay)[:, None, :h, :w], images)
    values = unit(images)
    top = values.amax((1, 2, 3), keepdim=True)
    return truncated((values + strength * clouds) * top / (top + strength))


def plasma(
    rng: np.random.Generator, number: int, side: int, decay: float
) -> NDArray[np.float64]:
    """(number, s, s) height maps by the diamond-square algorithm, each from 0 to 1.

    Parameters
    ----------
    side
        s is the next power of two. The maps wrap around.
    decay
        Heights vary by the square of 100 at the coarsest scale, and by a `decay`-th of
        that root at each finer one.
    """
    size = 1 << (side - 1).bit_length()
    maps = np.zeros((number, size, size))
    step, wobble = size, 100.0
    while step >= 2:
        half = step // 2
        cells = size // step
        draws = rng.uniform(-wobble, wobble, size=(3, number, cells, cells)) * wobble
        corner = maps[:, ::step, ::step]
        below, right = np.roll(corner, -1, axis=1), np.roll(corner, -1, axis=2)
        across = np.roll(below, -1, axis=2)
        middle = (corner + below + right + across) / 4 + draws[0]
        maps[:, half::step, half::step] = middle
        above = np.roll(middle, 1, axis=1)
        maps[:, ::step, half::step] = (corner + right + middle + above) / 4 + draws[1]
        left = np.roll(middle, 1, axis=2)
        maps[:, half::step, ::step] = (corner + below + middle + left) / 4 + draws[2]
        step, wobble = half, wobble / decay
    maps -= maps.min((1, 2), keepdims=True)
    highest: NDArray[np.float64] = maps.max((1, 2), keepdims=True)
    return maps / highest
