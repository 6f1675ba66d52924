"""Neighbours: copies of an image under augmentations that should not change its class.

The four augmentations of neighbourhood invariance, as Ng, Hulkund, Cho, Ghassemi,
"Predicting Out-of-Domain Generalization with Neighborhood Invariance", TMLR 2023,
arXiv:2207.02093, are run in the field's comparisons: RandAugment of three operations at
half its strength, translation by up to a tenth, random erasing, and a flipped random
crop. There a copy of the whole set gets one of them; here each image draws its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from harness.datasets.made.transformations.filters import enhance_sharpness
from harness.datasets.made.transformations.levels import enhance_brightness, equalize
from harness.datasets.made.transformations.pixels import Bounds, column, luma
from harness.datasets.made.transformations.space import affine, resampled
from harness.datasets.made.transformations.tone import (
    autocontrast,
    enhance_color,
    solarize,
)

Operation = Callable[[torch.Tensor, np.random.Generator], torch.Tensor]


def neighbour(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Each image under one of the four augmentations, drawn with equal chances."""
    return _one_of(images, rng, (rand_augment, _translated, erase, crop_and_flip))


def rand_augment(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Three operations one after the other, each drawn from fourteen by each image.

    Magnitude 15 of 30, with the ranges of torchvision's RandAugment; nearest where it
    says nothing else, here bilinear; black comes in from outside. Colours of grey
    images stay as they are.

    References
    ----------
    Cubuk, Zoph, Shlens, Le, "RandAugment: Practical automated data augmentation with a
    reduced search space", NeurIPS 2020, arXiv:1909.13719.
    """
    for _ in range(3):
        images = _one_of(images, rng, _OPERATIONS)
    return images


def erase(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Black out a rectangle of 2 to 33 % of the area, its sides at most 3.3 to 1.

    A rectangle that is longer than the image is cut, where the original draws again.

    References
    ----------
    Zhong, Zheng, Kang, Li, Yang, "Random Erasing Data Augmentation", AAAI 2020,
    arXiv:1708.04896.
    """
    b, _, h, w = images.shape
    area = rng.uniform(0.02, 0.33, size=b) * h * w
    ratio = np.exp(rng.uniform(np.log(0.3), np.log(3.3), size=b))
    high = np.clip(np.rint(np.sqrt(area * ratio)), 1, h)
    wide = np.clip(np.rint(np.sqrt(area / ratio)), 1, w)
    top = np.floor(rng.uniform(size=b) * (h - high + 1))
    left = np.floor(rng.uniform(size=b) * (w - wide + 1))
    rows = torch.arange(h, device=images.device).view(1, 1, h, 1)
    columns = torch.arange(w, device=images.device).view(1, 1, 1, w)
    inside = (rows >= column(top, images)) & (rows < column(top + high, images))
    across = (columns >= column(left, images)) & (columns < column(left + wide, images))
    return images.masked_fill(inside & across, 0)


def crop_and_flip(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Enlarge a rectangle of 8 to 100 % of the area, and mirror half of the images.

    Its sides are 3:4 to 4:3; one that is longer than the image is cut. Bilinear.
    """
    b, _, h, w = images.shape
    area = rng.uniform(0.08, 1.0, size=b)
    ratio = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3), size=b))
    # Shares of the sides, on an image that is as high as it is wide.
    high = np.minimum(np.sqrt(area * ratio), 1)
    wide = np.minimum(np.sqrt(area / ratio), 1)
    middle = np.stack(
        [
            (rng.uniform(size=b) - 0.5) * (1 - wide) * w,
            (rng.uniform(size=b) - 0.5) * (1 - high) * h,
        ],
        axis=1,
    )
    mirrored = np.where(rng.uniform(size=b) < 0.5, -1.0, 1.0)
    back = np.zeros((b, 2, 2))
    back[:, 0, 0], back[:, 1, 1] = wide * mirrored, high
    return resampled(images, back, middle)


def _one_of(
    images: torch.Tensor, rng: np.random.Generator, operations: tuple[Operation, ...]
) -> torch.Tensor:
    """Each image under the operation that it draws."""
    drawn = rng.integers(len(operations), size=len(images))
    # Images of one operation lie together while it runs: one gather and one scatter.
    order = torch.as_tensor(np.argsort(drawn, kind="stable"), device=images.device)
    shares = np.bincount(drawn, minlength=len(operations)).tolist()
    parts = [
        operation(part, rng) if share else part
        for operation, share, part in zip(
            operations,
            shares,
            torch.split(images.index_select(0, order), shares),
            strict=True,
        )
    ]
    return torch.empty_like(images).index_copy_(0, order, torch.cat(parts))


def _identity(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    return images


_translated: Operation = partial(
    affine,
    probability=1.0,
    scale=(1.0, 1.0),
    translate=(-0.1, 0.1),
    rotate=(0.0, 0.0),
)


def _signs(rng: np.random.Generator, b: int) -> np.ndarray:
    return np.where(rng.uniform(size=b) < 0.5, -1.0, 1.0)


def _sheared(
    images: torch.Tensor, rng: np.random.Generator, *, axis: int
) -> torch.Tensor:
    back = np.tile(np.eye(2), (len(images), 1, 1))
    back[:, axis, 1 - axis] = 0.15 * _signs(rng, len(images))
    return resampled(images, back, np.zeros((len(images), 2)))


def _moved(
    images: torch.Tensor, rng: np.random.Generator, *, axis: int
) -> torch.Tensor:
    b, _, h, w = images.shape
    offset = np.zeros((b, 2))
    offset[:, axis] = 75 / 331 * (w, h)[axis] * _signs(rng, b)
    return resampled(images, np.tile(np.eye(2), (b, 1, 1)), offset)


def _turned(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    angles = np.deg2rad(15) * _signs(rng, len(images))
    cos, sin = np.cos(angles), np.sin(angles)
    back = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], 1)
    return resampled(images, back, np.zeros((len(images), 2)))


def _either(enhance: Callable[..., torch.Tensor]) -> Operation:
    """Weaker by 0.45 or stronger by 0.45, as each image draws."""

    def operation(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        drawn = np.array([0.55, 1.45])[rng.integers(2, size=len(images))]
        return enhance(images, rng, factor=(drawn, drawn))

    return operation


def _enhance_contrast(
    images: torch.Tensor, rng: np.random.Generator, *, factor: Bounds
) -> torch.Tensor:
    """As PIL's ImageEnhance.Contrast: away from the image's mean grey level."""
    factors = column(rng.uniform(*factor, size=len(images)), images)
    mean = luma(images).mean((2, 3), keepdim=True).add(0.5).floor()
    return (mean + factors * (images - mean)).clamp(0, 255).to(torch.uint8)


def _posterize(images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Keep the six highest bits."""
    return images & 0b11111100


_OPERATIONS: tuple[Operation, ...] = (
    _identity,
    partial(_sheared, axis=0),
    partial(_sheared, axis=1),
    partial(_moved, axis=0),
    partial(_moved, axis=1),
    _turned,
    _either(enhance_brightness),
    _either(enhance_color),
    _either(_enhance_contrast),
    _either(enhance_sharpness),
    _posterize,
    partial(solarize, probability=1.0, threshold=(127.5, 127.5)),
    partial(autocontrast, cutoff=(0, 0)),
    equalize,
)
