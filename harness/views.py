"""Views: transformations of a whole batch whose label is known.

A view is a permutation of pixels, so it works on any dtype, loses nothing and has an
exact inverse; only one that first fits images to its grid (`View.fit`) changes values.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Fit = Literal["", "crop", "resize"]


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
    fit
        What to do first with sides that the grid does not divide: "" nothing (they are
        refused), "crop" to the largest that it divides, about the centre, which makes
        the images smaller, or "resize" to the nearest that it divides and, when the
        tiles have been moved, back.
    """

    name: str
    turns: int = 0
    tiles: tuple[int, ...] = ()
    fit: Fit = ""

    @property
    def grid(self) -> int:
        """Tiles along one side; 1 without a jigsaw."""
        return math.isqrt(len(self.tiles)) or 1

    @property
    def moves(self) -> bool:
        """Whether it turns anything or moves any tile."""
        return bool(self.turns % 4) or self.tiles != tuple(range(len(self.tiles)))

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
        if min(height, width) < self.grid:
            raise ValueError(
                f"a {self.grid}x{self.grid} jigsaw needs sides of at least {self.grid} "
                f"pixels, got {height}x{width}; choose a smaller --harness-jigsaw-grid"
            )
        if not self.fit and (height % self.grid or width % self.grid):
            raise ValueError(
                f"a {self.grid}x{self.grid} jigsaw needs sides divisible by "
                f"{self.grid}, got {height}x{width}; crop or resize the images with "
                "--harness-jigsaw-fit, or choose another --harness-jigsaw-grid"
            )

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) of any dtype to the same dtype, on its device.

        The shape is the same too, except under ``fit="crop"``.
        """
        height, width = images.shape[-2:]
        self.check_size(height, width)
        if self.turns % 4:
            images = images.rot90(self.turns, dims=(-2, -1))
        if not self.tiles:
            return images
        if self.fit == "resize":
            near = [
                max(1, round(side / self.grid)) * self.grid
                for side in images.shape[-2:]
            ]
            return _resized(self._shuffled(_resized(images, near)), [height, width])
        if self.fit == "crop":
            top, left = height % self.grid // 2, width % self.grid // 2
            images = images[..., top : top + height // self.grid * self.grid, :]
            images = images[..., left : left + width // self.grid * self.grid]
        return self._shuffled(images)

    def _shuffled(self, images: torch.Tensor) -> torch.Tensor:
        """The tiles in their new places."""
        import torch

        height, width = (side // self.grid for side in images.shape[-2:])
        places = (divmod(tile, self.grid) for tile in self.tiles)
        tiles = [
            images[
                ...,
                row * height : (row + 1) * height,
                column * width : (column + 1) * width,
            ]
            for row, column in places
        ]
        rows = [
            torch.cat(tiles[start : start + self.grid], dim=-1)
            for start in range(0, len(tiles), self.grid)
        ]
        return torch.cat(rows, dim=-2)

    def inverse(self) -> View:
        """The view that undoes this one.

        Raises
        ------
        ValueError
            If it crops or resizes, which nothing undoes.
        """
        if self.fit:
            raise ValueError(f"view {self.name} has no inverse: it fits images first")
        back = sorted(range(len(self.tiles)), key=self.tiles.__getitem__)
        return View(
            name=f"inverse of {self.name}", turns=-self.turns % 4, tiles=tuple(back)
        )


IDENTITY = View(name="identity")
ROTATIONS = tuple(View(name=f"rotation-{90 * k}", turns=k) for k in (1, 2, 3))


def _resized(images: torch.Tensor, size: list[int]) -> torch.Tensor:
    """Bilinear; whole numbers are rounded to the nearest."""
    import torch

    if list(images.shape[-2:]) == size:
        return images
    values = torch.nn.functional.interpolate(
        images.float(), size=size, mode="bilinear", align_corners=False
    )
    if images.dtype.is_floating_point:
        return values.to(images.dtype)
    return values.round().to(images.dtype)


def jigsaws(grid: int = 2, permutations: int = 4, *, fit: Fit = "") -> tuple[View, ...]:
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
    fit
        As in `View`.

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
        jigsaw_view(_permutation(grid * grid, step * i), fit=fit)
        for i in range(permutations)
    )


def jigsaw_view(tiles: tuple[int, ...], *, fit: Fit = "") -> View:
    """The view of one permutation; `IDENTITY` where it does nothing at all."""
    if not fit and tiles == tuple(range(len(tiles))):
        return IDENTITY
    grid = math.isqrt(len(tiles))
    joint = "" if len(tiles) <= 10 else "-"
    name = f"jigsaw-{grid}x{grid}-" + joint.join(map(str, tiles))
    return View(name=f"{name}-{fit}" if fit else name, tiles=tiles, fit=fit)


def _permutation(size: int, index: int) -> tuple[int, ...]:
    """The permutation of `size` things at `index` in lexicographic order."""
    rest = list(range(size))
    chosen = []
    for place in range(size, 0, -1):
        which, index = divmod(index, math.factorial(place - 1))
        chosen.append(rest.pop(which))
    return tuple(chosen)


def all_jigsaws(grid: int = 2, *, fit: Fit = "") -> tuple[View, ...]:
    """Every permutation of the grid in lexicographic order, the identity first."""
    return tuple(
        jigsaw_view(tiles, fit=fit)
        for tiles in itertools.permutations(range(grid * grid))
    )
