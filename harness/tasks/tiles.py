"""Tiles: in which order do the tiles of an image stand, seen one by one?

Shown: each tile of a grid by itself, with gaps between them, brought to the image's
size by repeating pixels, or bilinearly where that is no whole factor. Asked: in which
of some orders, far from one another, they stand; four are drawn for each image. Scored:
the share of right answers of a linear head on the features of all tiles in their order,
by chance one over the orders.

Given away by: mean and deviation of each tile. Unlike a jigsaw of the whole image no
seams are to be seen.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from harness.models.pretext.cutting import brought, cut_tiles
from harness.models.pretext.options import Jigsaw
from harness.tasks.frozen import Asked, Encode, FrozenTask, Pixels, Setting

DRAWN = 4  # orders of each image


def ask(pixels: Pixels, encode: Encode, setting: Setting, *, grid: int) -> Asked:
    """Some orders of each image: (4 n, g*g*d) features and (4 n,) orders.

    Raises
    ------
    ValueError
        If the images are not square, or too small.
    """
    import torch

    n, side, _, _ = pixels.shape
    options = Jigsaw(grid=grid)
    options.check((side, pixels.shape[2], pixels.shape[3]))
    layout, orders = options.tiles(side), np.array(options.orders(side))
    images = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2)
    pieces = cut_tiles(images, layout, jitter=False, channel_shift=0, generator=None)
    large = brought(pieces.flatten(0, 1).float(), side).round().to(torch.uint8)
    shown = np.ascontiguousarray(large.permute(0, 2, 3, 1).numpy())
    features = encode(shown).reshape(n, layout.count, -1)
    random = np.random.default_rng(setting.seed)
    labels = random.integers(len(orders), size=(n, DRAWN))
    about = np.arange(n)[:, None, None]
    ordered = features[about, orders[labels]]  # (n, drawn, tiles, d)
    return Asked(
        features=ordered.reshape(n * DRAWN, -1),
        answers=labels.reshape(-1),
        images=np.repeat(np.arange(n), DRAWN),
    )


def mean_and_deviation(pixels: Pixels) -> NDArray[np.float64]:
    """(n, 2c) of (n, h, w, c)."""
    values = pixels.astype(np.float64)
    return np.concatenate([values.mean(axis=(1, 2)), values.std(axis=(1, 2))], axis=1)


def frozen(grid: int, side: int) -> FrozenTask:
    """The task on a grid of images of a side.

    Raises
    ------
    ValueError
        If such images have no such grid.
    """
    orders = Jigsaw(grid=grid).orders(side)
    return FrozenTask(
        name="tiles",
        ask=partial(ask, grid=grid),
        chance=1 / len(orders),
        leak=mean_and_deviation,
        leaked="mean and deviation of tiles",
        source="Noroozi, Favaro, ECCV 2016, arXiv:1603.09246",
    )
