"""Task: views in the order of their labels. A new pretext task is one more object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.views import IDENTITY, ROTATIONS, View, all_jigsaws, jigsaws


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a head learns to tell from the features of a frozen network.

    Attributes
    ----------
    name
        Short, for reports and caches.
    views
        View i is class i of the task.
    """

    name: str
    views: tuple[View, ...]

    def __post_init__(self) -> None:
        if len(self.views) < 2 or len(set(self.views)) < len(self.views):
            raise ValueError(
                f"`views` of task {self.name} must be at least two, all different, "
                f"got {[view.name for view in self.views]}"
            )

    @property
    def classes(self) -> int:
        """Number of views, t."""
        return len(self.views)

    @property
    def chance(self) -> float:
        """Accuracy of a head that knows nothing, 1/t.

        It is exact for features that are the same under every view, since all views
        of an image then get one answer.

        Examples
        --------
        >>> ROTATION.chance
        0.25
        """
        return 1 / self.classes

    def identity(self) -> list[dict[str, Any]]:
        """What a cache key says of the task: what the views do, in order."""
        return [{"turns": v.turns, "tiles": list(v.tiles)} for v in self.views]


ROTATION = Task(name="rotation", views=(IDENTITY, *ROTATIONS))


def jigsaw(grid: int = 2, permutations: int = 4) -> Task:
    """Evenly spaced permutations of a grid's tiles; see `harness.views.jigsaws`.

    Examples
    --------
    >>> [view.name for view in jigsaw().views][:2]
    ['identity', 'jigsaw-2x2-1023']
    >>> jigsaw(2, 24).chance == 1 / 24
    True
    """
    return Task(
        name=f"jigsaw-{grid}x{grid}-{permutations}", views=jigsaws(grid, permutations)
    )


def every_jigsaw(grid: int = 2) -> Task:
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
    return Task(name="jigsaw-2x2-all", views=all_jigsaws(grid))


def distant_permutations(
    size: int = 9, count: int = 64, *, seed: int = 0
) -> tuple[tuple[int, ...], ...]:
    """Permutations far from one another, chosen greedily from a seeded first one.

    Each next permutation is the one whose summed Hamming distance to those chosen is
    largest (of ties the first in lexicographic order). Permutations of nine things
    are few enough to look at them all.

    Parameters
    ----------
    size
        How many things are permuted, 2 to 9.
    count
        How many permutations, 2 to size!.
    seed
        Of the first permutation.

    Returns
    -------
    tuple of tuples
        In the order of choice; the identity is among them only by chance.

    Raises
    ------
    ValueError
        If either number is out of range.

    References
    ----------
    Noroozi, Favaro, "Unsupervised Learning of Visual Representations by Solving Jigsaw
    Puzzles", ECCV 2016, arXiv:1603.09246, whose permutation set is chosen for large
    Hamming distances.

    Examples
    --------
    >>> chosen = distant_permutations(3, 3)
    >>> sorted(len(set(place)) for place in zip(*chosen))  # no two agree anywhere
    [3, 3, 3]
    """
    if not 2 <= size <= 9:
        raise ValueError(f"`size` must be in 2..9, got {size}")
    everything = _all_permutations(size)
    if not 2 <= count <= len(everything):
        raise ValueError(f"`count` must be in 2..{len(everything)}, got {count}")
    chosen = [int(np.random.default_rng(seed).integers(len(everything)))]
    total = np.zeros(len(everything), dtype=np.int64)
    while len(chosen) < count:
        total += (everything != everything[chosen[-1]]).sum(axis=1)
        total[chosen[-1]] = -size * count  # below any other, whatever is added
        chosen.append(int(total.argmax()))
    return tuple(tuple(map(int, everything[i])) for i in chosen)


def distant_jigsaws(grid: int = 3, permutations: int = 64, *, seed: int = 0) -> Task:
    """Permutations far from one another in Hamming distance, for a 2 or 3 grid.

    Examples
    --------
    >>> distant_jigsaws(2, 4).chance
    0.25
    """
    joint = "" if grid * grid <= 10 else "-"
    views = tuple(
        IDENTITY
        if tiles == tuple(range(grid * grid))
        else View(
            name=f"jigsaw-{grid}x{grid}-{joint.join(map(str, tiles))}", tiles=tiles
        )
        for tiles in distant_permutations(grid * grid, permutations, seed=seed)
    )
    return Task(name=f"jigsaw-{grid}x{grid}-distant-{permutations}", views=views)


def _all_permutations(size: int) -> np.ndarray[Any, np.dtype[np.int8]]:
    """(size!, size), in lexicographic order."""
    table = np.zeros((1, 1), dtype=np.int8)
    for n in range(2, size + 1):
        first = np.repeat(np.arange(n, dtype=np.int8), len(table))
        rest = np.tile(table, (n, 1))
        rest = rest + (rest >= first[:, None])
        table = np.column_stack([first, rest]).astype(np.int8)
    return table
