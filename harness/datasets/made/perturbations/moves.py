"""Perturbations that move the image: by torchvision and Pillow, as published.

Each is a `harness.datasets.made.perturbations.catalogue.Perturb`. All of the image that
is at hand is moved, and the middle is cut afterwards; what comes from outside is black.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F  # noqa: N812 - as its docs do

from harness.datasets.made.perturbations.still import Size, middle

_STILL = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}


def translate(
    image: torch.Tensor,
    size: Size,
    rng: np.random.Generator,
    *,
    frames: int,
    first: int,
) -> torch.Tensor:
    """By a pixel to the right a frame, from `first` on."""
    shifts = ({"translate": [first + i, 0]} for i in range(frames))
    return _moved(image, size, shifts, InterpolationMode.NEAREST)


def rotate(
    image: torch.Tensor, size: Size, rng: np.random.Generator, *, frames: int
) -> torch.Tensor:
    """By a degree clockwise a frame; in the middle it is the image."""
    return _moved(image, size, ({"angle": i - frames // 2} for i in range(frames)))


def scale(
    image: torch.Tensor,
    size: Size,
    rng: np.random.Generator,
    *,
    frames: int,
    first: float,
    step: float,
) -> torch.Tensor:
    """Enlarged about the middle from `first` on by `step` a frame, in percent."""
    # In the published order of operations: at the edges it is up to rounding.
    zooms = ((i * step + first) / 100 for i in range(frames))
    return _moved(image, size, ({"scale": zoom} for zoom in zooms))


def zoom_blur(
    image: torch.Tensor,
    size: Size,
    rng: np.random.Generator,
    *,
    frames: int,
    step: float,
) -> torch.Tensor:
    """The mean of the image and of what it is when it is enlarged by `step` a frame."""
    zooms = ({"scale": 1 + step * i} for i in range(1, frames))
    seen = torch.cat([middle(image, size), _moved(image, size, zooms)])
    counts = torch.arange(1, frames + 1).view(-1, 1, 1, 1)
    # Whole numbers, cut as the published frames are: a flat image loses no level.
    return (seen.int().cumsum(0) // counts).to(torch.uint8)


def tilt(
    image: torch.Tensor,
    size: Size,
    rng: np.random.Generator,
    *,
    frames: int,
    step: float,
) -> torch.Tensor:
    """Turned by `step` degrees a frame about both axes of its plane.

    Seen from one pixel further away than its diagonal is long, which shrinks it a
    little; in the middle it is not turned.
    """
    angles = (step * (i - frames // 2) for i in range(frames))
    picture = _picture(image)
    matrices = (_tilted(picture, angle) for angle in angles)
    return torch.cat(
        [
            _cut(
                picture.transform(
                    picture.size,
                    Image.Transform.PERSPECTIVE,
                    tuple(matrix.ravel()[:8]),
                    Image.Resampling.BILINEAR,
                ),
                size,
            )
            for matrix in matrices
        ]
    )


def _tilted(picture: Image.Image, degrees: float) -> NDArray[np.float64]:
    """(3, 3) from places of a frame to places of the image, from its corner.

    By the published matrices, whose places are numbers of pixels.
    """
    width, height = picture.size
    far = math.hypot(width, height)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    to_space = np.array(
        [[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1], [0, 0, 1]], dtype=float
    )
    about_x, about_y = np.eye(4), np.eye(4)
    about_x[1:3, 1:3] = [[cos, -sin], [sin, cos]]
    about_y[:3:2, :3:2] = [[cos, -sin], [sin, cos]]
    away = np.eye(4)
    away[2, 3] = far
    to_plane = np.array([[far, 0, width / 2, 0], [0, far, height / 2, 0], [0, 0, 1, 0]])
    seen = np.linalg.inv(to_plane @ away @ about_x @ about_y @ to_space)
    half = np.eye(3)  # pixel 0 lies half a pixel from the corner
    half[:2, 2] = 0.5
    found = half @ seen @ np.linalg.inv(half)
    matrix: NDArray[np.float64] = found / found[2, 2]
    return matrix


def _moved(
    image: torch.Tensor,
    size: Size,
    moves: Iterable[Mapping[str, Any]],
    how: InterpolationMode = InterpolationMode.BILINEAR,
) -> torch.Tensor:
    """(frames, c, h, w) of the middle of each frame.

    Parameters
    ----------
    moves
        What each is moved by, as torchvision's `affine` calls it.
    """
    picture = _picture(image)
    seen = (
        F.affine(picture, **{**_STILL, **move}, interpolation=how) for move in moves
    )
    return torch.cat([_cut(frame, size) for frame in seen])


def _picture(image: torch.Tensor) -> Image.Image:
    """Of a (c, H, W) image."""
    pixels = image.permute(1, 2, 0).numpy()
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _cut(picture: Image.Image, size: Size) -> torch.Tensor:
    """(1, c, h, w) of its middle."""
    array = np.array(picture)  # a copy: Pillow's own may not be written to
    array = array if array.ndim == 3 else array[:, :, None]
    return middle(torch.from_numpy(array).permute(2, 0, 1), size)
