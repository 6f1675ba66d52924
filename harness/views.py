"""Views: transformations of a whole batch whose label is known.

A view is a permutation of pixels, so it works on any dtype, loses nothing and has an
exact inverse.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A rotation by quarter turns, or a permutation of the tiles of a g x g grid.

    Attributes
    ----------
    name
        Short and unique: ``identity``, ``rotation-90``, ``jigsaw-2x2-1023``.
    turns
        Quarter turns counter-clockwise, as `numpy.rot90` counts them.
    tiles
        Tile i of the result is tile ``tiles[i]`` of the image, counted row by row;
        empty for no jigsaw.
    """

    name: str
    turns: int = 0
    tiles: tuple[int, ...] = ()

    @property
    def grid(self) -> int:
        """Tiles along one side; 1 without a jigsaw."""
        return math.isqrt(len(self.tiles)) or 1

    def check_size(self, height: int, width: int) -> None:
        """Refuse image sizes that this view cannot act on.

        Raises
        ------
        ValueError
            If a quarter turn meets an image that is not square, or the grid does not
            divide the image.
        """
        if self.turns % 2 and height != width:
            raise ValueError(
                f"view {self.name} needs square images, got {height}x{width}; "
                "crop or resize them first"
            )
        if height % self.grid or width % self.grid:
            raise ValueError(
                f"view {self.name} needs sides divisible by {self.grid}, "
                f"got {height}x{width}; crop or resize the images, or choose another "
                "--harness-jigsaw-grid"
            )

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) of any dtype to the same shape and dtype, on its device."""
        height, width = images.shape[-2:]
        self.check_size(height, width)
        if self.turns % 4:
            images = images.rot90(self.turns, dims=(-2, -1))
        if self.tiles:
            g = self.grid
            grid = images.reshape(*images.shape[:-2], g, height // g, g, width // g)
            # (..., row, y, column, x) -> (..., tile, y, x)
            tiles = grid.transpose(-3, -2).flatten(-4, -3)[..., list(self.tiles), :, :]
            grid = tiles.reshape(grid.transpose(-3, -2).shape).transpose(-3, -2)
            images = grid.reshape(images.shape)
        return images

    def inverse(self) -> View:
        """The view that undoes this one."""
        back = sorted(range(len(self.tiles)), key=self.tiles.__getitem__)
        return View(
            name=f"inverse of {self.name}", turns=-self.turns % 4, tiles=tuple(back)
        )


IDENTITY = View(name="identity")
ROTATIONS = tuple(View(name=f"rotation-{90 * k}", turns=k) for k in (1, 2, 3))


def jigsaws(grid: int = 2, permutations: int = 4) -> tuple[View, ...]:
    """Evenly spaced permutations of a grid's tiles, the identity among them.

    All (grid*grid)! permutations stand in lexicographic order; every
    ``total // permutations``-th is taken, from the identity on. With 2 and 4 these
    are numbers 0, 6, 12 and 18 of 24, as in the study of invariance metrics that this
    metric comes from.

    Parameters
    ----------
    grid
        Tiles along one side, at least 2.
    permutations
        How many views, the identity counted: 2 to (grid*grid)!.

    Raises
    ------
    ValueError
        If either is out of range.
    """
    if grid < 2:
        raise ValueError(f"`grid` must be at least 2, got {grid}")
    total = math.factorial(grid * grid)
    if not 2 <= permutations <= total:
        raise ValueError(
            f"`permutations` must be in 2..{total} for a {grid}x{grid} grid, "
            f"got {permutations}"
        )
    step = total // permutations
    return tuple(
        _jigsaw(grid, _permutation(grid * grid, step * i)) for i in range(permutations)
    )


def _jigsaw(grid: int, tiles: tuple[int, ...]) -> View:
    if tiles == tuple(range(grid * grid)):
        return IDENTITY
    joint = "" if len(tiles) <= 10 else "-"
    name = f"jigsaw-{grid}x{grid}-" + joint.join(map(str, tiles))
    return View(name=name, tiles=tiles)


def _permutation(size: int, index: int) -> tuple[int, ...]:
    """The permutation of `size` things at `index` in lexicographic order."""
    rest = list(range(size))
    chosen = []
    for place in range(size, 0, -1):
        which, index = divmod(index, math.factorial(place - 1))
        chosen.append(rest.pop(which))
    return tuple(chosen)


def all_jigsaws(grid: int = 2) -> tuple[View, ...]:
    """Every permutation of the grid in lexicographic order, the identity first."""
    return tuple(
        _jigsaw(grid, tiles) for tiles in itertools.permutations(range(grid * grid))
    )
