"""Jigsaw: in which of some orders do the tiles of the image stand?

Shown: the image with the tiles of a grid in each order of a chosen set. Asked: which
order. Scored: the share of right answers over all images and orders, one over their
number by chance; in reports its name is `jigsaw_prediction`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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


def distant_permutations(
    size: int = 9,
    count: int = 64,
    *,
    rule: str = "max-min",
    seed: int = 0,
    first: int | None = None,
) -> tuple[tuple[int, ...], ...]:
    """Permutations far from one another, chosen greedily from a first one.

    Each next permutation is the one whose least Hamming distance to those chosen is
    largest, of equals the one with the largest sum of distances, of those the first in
    lexicographic order. Permutations of nine things are few enough to look at them all.

    Parameters
    ----------
    size
        How many things are permuted, 2 to 9.
    count
        How many permutations, 2 to size!.
    rule
        "max-min", or "mean": the sum of distances alone, which takes near-duplicates
        (of 64 of nine things 59 pairs differ in two places; with "max-min" no pair in
        fewer than seven, and the mean distance is the same).
    seed
        Of the first permutation.
    first
        Its place in lexicographic order instead, 0 for the identity.

    Returns
    -------
    tuple of tuples
        In the order of choice; the identity is among them only by chance.

    Raises
    ------
    ValueError
        If a number is out of range, or the rule unknown.

    References
    ----------
    Noroozi, Favaro, "Unsupervised Learning of Visual Representations by Solving Jigsaw
    Puzzles", ECCV 2016, arXiv:1603.09246, Algorithm 1, which maximises distances; the
    sets that its authors released are larger than 64, and have near pairs as well.

    Examples
    --------
    >>> distant_permutations(4, 4, first=0)  # no two agree anywhere
    ((0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0))
    """
    if not 2 <= size <= 9:
        raise ValueError(f"`size` must be in 2..9, got {size}")
    if rule not in ("max-min", "mean"):
        raise ValueError(f"`rule` must be max-min or mean, got {rule!r}")
    everything = _all_permutations(size)
    if not 2 <= count <= len(everything):
        raise ValueError(f"`count` must be in 2..{len(everything)}, got {count}")
    if first is None:
        first = int(np.random.default_rng(seed).integers(len(everything)))
    if not 0 <= first < len(everything):
        raise ValueError(f"`first` must be in 0..{len(everything) - 1}, got {first}")
    chosen = [first]
    total = np.zeros(len(everything), dtype=np.int64)
    least = np.full(len(everything), size, dtype=np.int64)
    more = size * count + 1  # than any sum of distances
    while len(chosen) < count:
        distance = (everything != everything[chosen[-1]]).sum(axis=1)
        total += distance
        least = np.minimum(least, distance)
        score = total + more * least if rule == "max-min" else total.copy()
        score[chosen] = -1
        chosen.append(int(score.argmax()))
    return tuple(tuple(map(int, everything[i])) for i in chosen)


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


def _all_permutations(size: int) -> np.ndarray[Any, np.dtype[np.int8]]:
    """(size!, size), in lexicographic order."""
    table = np.zeros((1, 1), dtype=np.int8)
    for n in range(2, size + 1):
        first = np.repeat(np.arange(n, dtype=np.int8), len(table))
        rest = np.tile(table, (n, 1))
        rest = rest + (rest >= first[:, None])
        table = np.column_stack([first, rest]).astype(np.int8)
    return table


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
