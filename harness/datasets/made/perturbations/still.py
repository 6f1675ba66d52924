"""Perturbations that leave everything in its place: noise, blur, weather, brightness.

Each is a `harness.datasets.made.perturbations.catalogue.Perturb`.
"""

from __future__ import annotations

import numpy as np
import torch

from harness.datasets.made.corruptions import digital, noise
from harness.datasets.made.corruptions.blur import smear
from harness.datasets.made.corruptions.matrices import along_both, smoothing
from harness.datasets.made.corruptions.pixels import like, unit
from harness.datasets.made.corruptions.spatter import watered
from harness.datasets.made.corruptions.weather import flakes, snowed

Size = tuple[int, int]


def middle(image: torch.Tensor, size: Size) -> torch.Tensor:
    """(1, c, h, w) of the middle of a (c, H, W) image; halves are rounded to even."""
    (height, width), (h, w) = image.shape[1:], size
    top, left = round((height - h) / 2), round((width - w) / 2)
    return image[None, :, top : top + h, left : left + w]


def gaussian_noise(
    image: torch.Tensor,
    size: Size,
    rng: np.random.Generator,
    *,
    frames: int,
    sigma: float,
) -> torch.Tensor:
    """The image, then itself with normal noise of `sigma` of full brightness."""
    first = middle(image, size)
    made = noise.gaussian_noise(first.expand(frames - 1, -1, -1, -1), rng, sigma=sigma)
    return torch.cat([first, made])


def shot_noise(
    image: torch.Tensor,
    size: Size,
    rng: np.random.Generator,
    *,
    frames: int,
    photons: float,
) -> torch.Tensor:
    """The image, then itself with Poisson noise of `photons` for white."""
    first = middle(image, size)
    made = noise.shot_noise(first.expand(frames - 1, -1, -1, -1), rng, photons=photons)
    return torch.cat([first, made])


def motion_blur(
    image: torch.Tensor,
    size: Size,
    rng: np.random.Generator,
    *,
    frames: int,
    radius: int,
    sigma: float,
    turn: float,
) -> torch.Tensor:
    """Smeared in a direction that turns by `turn` degrees a frame, up to 0."""
    angles = np.array([(i - (frames - 1)) * turn for i in range(frames)])
    first = middle(image, size).expand(frames, -1, -1, -1)
    return smear(first, angles, radius=radius, sigma=sigma)


def snow(
    image: torch.Tensor,
    size: Size,
    rng: np.random.Generator,
    *,
    frames: int,
    mean: float,
    spread: float,
    zoom: float,
    threshold: float,
    radius: int,
    sigma: float,
    keep: float,
    start: float,
    turn: float,
) -> torch.Tensor:
    """The same flakes, whose fall turns from `start` on by `turn` degrees a frame.

    Parameters
    ----------
    mean, spread, zoom, threshold, radius, sigma, keep
        As of `harness.datasets.made.corruptions.weather.snow`.
    """
    drawn = rng.standard_normal((1, 1, *size)) * spread + mean
    fallen = flakes(like(drawn, image), zoom, threshold).expand(frames, -1, -1, -1)
    angles = np.array([start + turn * i for i in range(frames)])
    layer = unit(smear(fallen, angles, radius=radius, sigma=sigma))
    return snowed(unit(middle(image, size)), layer, keep)


def brightness(
    image: torch.Tensor,
    size: Size,
    rng: np.random.Generator,
    *,
    frames: int,
    step: float,
) -> torch.Tensor:
    """Raised by `step` of full brightness a frame; in the middle it is the image."""
    first = middle(image, size)
    amounts = [step * (i - frames // 2) for i in range(frames)]
    return torch.cat([digital.brightness(first, rng, amount=a) for a in amounts])


def spatter(
    image: torch.Tensor,
    size: Size,
    rng: np.random.Generator,
    *,
    frames: int,
    mean: float,
    spread: float,
    sigma: float,
    threshold: float,
    amount: float,
    stays: float,
) -> torch.Tensor:
    """Drops of water that run down.

    Parameters
    ----------
    mean, spread, sigma, threshold, amount
        As of `harness.datasets.made.corruptions.spatter.spatter`; the threshold is of
        the first frame.
    stays
        Share of the water at a pixel that is there in the next frame too; the rest is a
        pixel further down.
    """
    drawn = like(rng.standard_normal((1, 1, *size)) * spread + mean, image)
    height = along_both(drawn, smoothing(size[0], sigma), smoothing(size[1], sigma))
    water = torch.where(height < threshold, 0.0, height)
    layers = []
    for _ in range(frames):
        layers.append(water)
        above = torch.nn.functional.pad(water, (0, 0, 1, 0))[:, :, :-1]
        water = stays * water + (1 - stays) * above
    return watered(unit(middle(image, size)), torch.cat(layers), amount)
