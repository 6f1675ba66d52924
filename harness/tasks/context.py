"""Context: which of the eight neighbours of a patch is another?

Shown: the centre of a 3 x 3 layout of patches and one of its neighbours, each brought
to the image's size by repeating pixels, or bilinearly where that is no whole factor.
Asked: which neighbour, row by row. Scored: the share of right answers of a linear head
on the features of both and their products, 1/8 by chance. Without the products a linear
head cannot compare the two.

Given away by: the mean colours of the two, since skies are blue and above.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.models.pretext.cutting import CENTRE, NEIGHBOURS, brought, cut_patches
from harness.models.pretext.geometry import patches
from harness.tasks.frozen import Asked, Encode, FrozenTask, Pixels, Setting


def ask(pixels: Pixels, encode: Encode, setting: Setting) -> Asked:
    """All eight pairs of each image: (8 n, 3 d) features and (8 n,) neighbours.

    Raises
    ------
    ValueError
        If the images are not square, or too small for nine patches.
    """
    import torch

    n, height, width, _ = pixels.shape
    if height != width:
        raise ValueError(f"context must have square images, got {height}x{width}")
    images = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2)
    generator = torch.Generator().manual_seed(setting.seed)
    pieces = cut_patches(images, patches(height), generator=generator)
    large = brought(pieces.flatten(0, 1).float(), height).round().to(torch.uint8)
    shown = np.ascontiguousarray(large.permute(0, 2, 3, 1).numpy())
    features = encode(shown).reshape(n, 9, -1)
    return pairs(features)


def pairs(features: NDArray[np.float64]) -> Asked:
    """Centre, neighbour and their products, of (n, 9, d) features of patches."""
    n, _, d = features.shape
    places = [3 * row + column for row, column in NEIGHBOURS]
    others = features[:, places]  # (n, 8, d)
    centre = np.broadcast_to(features[:, CENTRE, None], others.shape)
    joined = np.concatenate([centre, others, centre * others], axis=2)
    labels = np.tile(np.arange(len(places)), n)
    return Asked(
        features=joined.reshape(n * len(places), 3 * d),
        answers=labels,
        images=np.repeat(np.arange(n), len(places)),
    )


def mean_colours(pixels: Pixels) -> NDArray[np.float64]:
    """(n, c) of (n, h, w, c)."""
    found: NDArray[np.float64] = pixels.mean(axis=(1, 2), dtype=np.float64)
    return found


TASK = FrozenTask(
    name="context",
    ask=ask,
    chance=1 / 8,
    leak=mean_colours,
    leaked="mean colours",
    source="Doersch, Gupta, Efros, ICCV 2015, arXiv:1505.05192",
)
