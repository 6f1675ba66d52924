"""Transformations of colour: how much of it there is, which, and in what light.

Sources as in `tone`, beside this. The library that the authors used
goes through 8-bit HSV, with 180 hues; hue and saturation are exact here.
"""

from __future__ import annotations

import numpy as np
import torch

from harness.datasets.made.transformations.pixels import column, luma, rounded

# Green and blue (red is 255) of black bodies at 1000, 1100, ..., 5000 kelvin, as imgaug
# 0.4 tables them.
_FIRST, _STEP = 1000.0, 100.0
# fmt: off
_GREEN = (
    56, 71, 83, 93, 101, 109, 115, 121, 126, 131, 137, 142, 147, 152, 157, 161, 165,
    169, 173, 177, 180, 184, 187, 190, 193, 196, 199, 201, 204, 206, 209, 211, 213, 215,
    217, 219, 221, 223, 225, 227, 228,
)
_BLUE = (
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 18, 33, 44, 54, 63, 72, 79, 87, 94, 101, 107, 114,
    120, 126, 132, 137, 143, 148, 153, 159, 163, 168, 173, 177, 182, 186, 190, 194, 198,
    202, 206,
)
# fmt: on


def grayscale(
    images: torch.Tensor, rng: np.random.Generator, *, alpha: tuple[float, float]
) -> torch.Tensor:
    """Blend with the grey image, of which `alpha` is the share."""
    _check_colour(images)
    alphas = column(rng.uniform(*alpha, size=len(images)), images)
    return rounded((1 - alphas) * images + alphas * luma(images))


def multiply_hue(
    images: torch.Tensor, rng: np.random.Generator, *, factor: tuple[float, float]
) -> torch.Tensor:
    """Multiply the hue, a share of the circle from red to red, and wrap it around."""
    _check_colour(images)
    factors = column(rng.uniform(*factor, size=len(images)), images)
    hue, saturation, value = _to_hsv(images)
    return _from_hsv(hue * factors % 1, saturation, value)


def add_to_saturation(
    images: torch.Tensor, rng: np.random.Generator, *, amount: tuple[int, int]
) -> torch.Tensor:
    """Add a whole number of levels (of 255) to the S of HSV.

    Grey pixels have hue 0: more saturation reddens them.
    """
    _check_colour(images)
    drawn = rng.integers(amount[0], amount[1] + 1, size=len(images))
    hue, saturation, value = _to_hsv(images)
    changed = (saturation + column(drawn, images) / 255).clamp(0, 1)
    return _from_hsv(hue, changed, value)


def change_temperature(
    images: torch.Tensor, rng: np.random.Generator, *, kelvin: tuple[float, float]
) -> torch.Tensor:
    """Light the image with a black body of a drawn temperature, 1000 to 5000 kelvin.

    Each channel is multiplied by that light's, as a share of 255, linear between the
    hundreds.

    Raises
    ------
    ValueError
        If a bound is not in 1000..5000.
    """
    _check_colour(images)
    last = _FIRST + _STEP * (len(_GREEN) - 1)
    if not _FIRST <= kelvin[0] <= kelvin[1] <= last:
        raise ValueError(
            f"`kelvin` must be two rising numbers in 1000..5000, got {list(kelvin)}"
        )
    drawn = rng.uniform(*kelvin, size=len(images))
    tabled = np.linspace(_FIRST, last, len(_GREEN))
    green, blue = (np.interp(drawn, tabled, levels) for levels in (_GREEN, _BLUE))
    light = np.stack([np.full_like(drawn, 255), green, blue], 1) / 255
    return rounded(images * column(light, images))


def _to_hsv(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Hue in [0, 1), saturation in [0, 1] and value in grey levels, (b, 1, h, w)."""
    pixels = images.float()
    value, top = pixels.max(1, keepdim=True)
    span = value - pixels.amin(1, keepdim=True)
    # Around the circle from the largest channel: the next one's lead over the third.
    lead = pixels.roll(-1, 1) - pixels.roll(-2, 1)
    sector = 2 * top + lead.gather(1, top) / span.clamp(min=1)
    hue = torch.where(span > 0, sector / 6 % 1, torch.zeros_like(span))
    return hue, span / value.clamp(min=1), value


def _from_hsv(
    hue: torch.Tensor, saturation: torch.Tensor, value: torch.Tensor
) -> torch.Tensor:
    """The uint8 images of what `_to_hsv` gives."""
    starts = torch.tensor([5.0, 3.0, 1.0], device=hue.device).view(1, 3, 1, 1)
    place = (starts + 6 * hue) % 6
    depth = torch.minimum(place, 4 - place).clamp(0, 1)
    return rounded(value * (1 - saturation * depth))


def _check_colour(images: torch.Tensor) -> None:
    if images.shape[1] != 3:
        raise ValueError(
            f"`images` must be RGB to change their colour, got {images.shape[1]} "
            "channel; choose another transformation for grey images"
        )
