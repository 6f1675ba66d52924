"""Jigsaw: in which of some orders do the tiles of the image stand?

Shown: the image with the tiles of a grid in each order of a chosen set. Asked: which
order. Scored: the share of right answers over all images and orders, one over their
number by chance; in reports its name is `jigsaw_prediction`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.models.pretext.permutations import distant_permutations
from harness.tasks.frozen import FrozenTask, Pixels, ask_views
from harness.tasks.task import PretextTask, Task
from harness.views import Fit, all_jigsaws, jigsaw_view, jigsaws

if TYPE_CHECKING:
    from harness.settings import Settings


def jigsaw(grid: int = 2, permutations: int = 4, *, fit: Fit = "") -> Task:
    """Evenly spaced permutations of a grid's tiles; see `harness.views.jigsaws`.

    Examples
    --------
    >>> [view.name for view in jigsaw().views][:2]
    ['identity', 'jigsaw-2x2-1023']
    >>> jigsaw(2, 24).chance == 1 / 24
    True
    """
    return Task(
        name=f"jigsaw-{grid}x{grid}-{permutations}",
        views=jigsaws(grid, permutations, fit=fit),
    )


def every_jigsaw(grid: int = 2, *, fit: Fit = "") -> Task:
    """All (grid*grid)! permutations, for 2 x 2: a 3 x 3 grid has 362880 of them.

    Raises
    ------
    ValueError
        If `grid` is not 2, since a head with so many classes cannot be trained.

    Examples
    --------
    >>> every_jigsaw().classes
    24
    """
    if grid != 2:
        raise ValueError(
            f"`grid` must be 2 for every permutation, got {grid}; choose some with "
            "jigsaw or distant_jigsaws"
        )
    return Task(name="jigsaw-2x2-all", views=all_jigsaws(grid, fit=fit))


def distant_jigsaws(
    grid: int = 3,
    permutations: int = 64,
    *,
    rule: str = "max-min",
    seed: int = 0,
    fit: Fit = "",
) -> Task:
    """Permutations far from one another in Hamming distance, for a 2 or 3 grid.

    Examples
    --------
    >>> distant_jigsaws(2, 4).chance
    0.25
    """
    views = tuple(
        jigsaw_view(tiles, fit=fit)
        for tiles in distant_permutations(
            grid * grid, permutations, rule=rule, seed=seed
        )
    )
    word = "distant" if rule == "max-min" else f"distant-{rule}"
    return Task(name=f"jigsaw-{grid}x{grid}-{word}-{permutations}", views=views)


def chosen_jigsaw(
    kind: str,
    grid: int,
    permutations: int | None,
    *,
    fit: str,
    size: tuple[int, int],
) -> Task:
    """The task that the options ask for, on images of a size.

    Parameters
    ----------
    kind
        "spaced", "all", "distant" or "distant-mean".
    grid
        Tiles along one side.
    permutations
        How many; None for 4 spaced, 64 distant (24 on 2 x 2), or all.
    fit
        "refuse", or "crop" or "resize" for sides that the grid does not divide; where
        it divides them nothing is fitted.
    size
        Height and width of the images.

    Raises
    ------
    ValueError
        If there is no such set, or the images cannot be cut.

    Examples
    --------
    >>> chosen_jigsaw("distant", 3, None, fit="crop", size=(32, 32)).name
    'jigsaw-3x3-distant-64'
    >>> chosen_jigsaw("spaced", 3, 8, fit="crop", size=(27, 27)).views[0].name
    'identity'
    """
    if fit not in _FITS:
        raise ValueError(f"`fit` must be one of {', '.join(_FITS)}, got {fit!r}")
    if grid > min(size):
        raise ValueError(
            f"`grid` must be at most {min(size)}, a tile for each pixel of a side, got "
            f"{grid}; lower --harness-jigsaw-grid"
        )
    divides = not any(side % grid for side in size)
    how: Fit = "" if divides else _FITS[fit]
    if kind == "all":
        task = every_jigsaw(grid, fit=how)
        if permutations not in (None, task.classes):
            raise ValueError(
                f"all permutations of a {grid}x{grid} grid are {task.classes}, got "
                f"{permutations}; leave --harness-jigsaw-permutations out, or choose "
                "--harness-jigsaw-set spaced or distant"
            )
    elif kind in _DISTANT:
        count = permutations or (24 if grid == 2 else 64)
        task = distant_jigsaws(grid, count, rule=_DISTANT[kind], fit=how)
    elif kind == "spaced":
        task = jigsaw(grid, permutations or 4, fit=how)
    else:
        raise ValueError(
            f"`kind` must be spaced, all, distant or distant-mean, got {kind!r}"
        )
    for view in task.views:
        view.check_size(*size)
    return task


_DISTANT = {"distant": "max-min", "distant-mean": "mean"}
_FITS: dict[str, Fit] = {"refuse": "", "crop": "crop", "resize": "resize"}


def _choose(settings: Settings, size: tuple[int, int]) -> Task:
    return chosen_jigsaw(
        settings.jigsaw_set,
        settings.jigsaw_grid,
        settings.jigsaw_permutations,
        fit=settings.jigsaw_fit,
        size=size,
    )


TASK = PretextTask(
    name="jigsaw",
    choose=_choose,
    source="Noroozi, Favaro, ECCV 2016, arXiv:1603.09246",
)


def frozen(task: Task) -> FrozenTask:
    """A jigsaw of whole images for heads on frozen features.

    Given away by: mean and deviation of the tiles, where they stand.
    """
    return FrozenTask(
        name="jigsaw",
        ask=lambda pixels, encode, setting: ask_views(pixels, encode, task),
        chance=task.chance,
        leak=partial(tile_means, grid=task.views[-1].grid),
        leaked="mean and deviation of tiles",
        source=TASK.source,
    )


def tile_means(pixels: Pixels, grid: int) -> NDArray[np.float64]:
    """(n, g*g*2*c) mean and deviation of each tile, row by row."""
    n, height, width, channels = pixels.shape
    high, wide = height // grid, width // grid
    kept = pixels[:, : high * grid, : wide * grid].astype(np.float64)
    tiles = kept.reshape(n, grid, high, grid, wide, channels)
    both = tiles.mean(axis=(2, 4)), tiles.std(axis=(2, 4))
    return np.stack(both, axis=-1).reshape(n, -1)
