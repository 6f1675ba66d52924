"""Geometry: how large patches, tiles, middles and cells are, from an image's side."""

from __future__ import annotations

from dataclasses import dataclass

#: Side of an image to patch, gap and jitter of three patches in a row.
_PATCHES = {8: (2, 1, 0), 28: (6, 4, 1), 32: (8, 3, 1), 224: (52, 26, 8)}
_LARGE = 64  # pixels of a side from which images are cut and counted finely
_WIDEST = 10  # pixels of a gap between tiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """A 3 x 3 layout of patches, in the middle of an image.

    Attributes
    ----------
    patch, gap
        Pixels of a side, and between two patches that are not moved.
    jitter
        Pixels that each is moved by at most, each way, either axis.
    """

    patch: int
    gap: int
    jitter: int

    def __post_init__(self) -> None:
        if self.patch < 1 or self.gap < 0 or self.jitter < 0:
            raise ValueError(
                "`patch` must be at least 1 and `gap` and `jitter` at least 0, got "
                f"{self.patch}, {self.gap} and {self.jitter}"
            )

    @property
    def span(self) -> int:
        """Pixels that the layout needs: 3 patches, 2 gaps, jitter on both sides."""
        return 3 * self.patch + 2 * self.gap + 2 * self.jitter


def patches(side: int, gap: int | None = None, jitter: int | None = None) -> Patches:
    """The layout of an image, patches as large as gap and jitter leave them.

    Of 8, 28, 32 and 224 pixels as the reference for them has it; of other sides the gap
    is a tenth of the side, at least 1, and the jitter a 32nd.

    Parameters
    ----------
    side
        Of a square image, in pixels.
    gap, jitter
        As in `Patches`; None for those of the side.

    Raises
    ------
    ValueError
        If nothing is left for a patch.

    Examples
    --------
    >>> patches(32)
    Patches(patch=8, gap=3, jitter=1)
    >>> patches(32, gap=0, jitter=0).patch
    10
    >>> [patches(side).span for side in (8, 16, 28, 32, 224)]
    [8, 14, 28, 32, 224]
    """
    known = _PATCHES.get(side, (0, max(1, side // 10), side // 32))
    gap = known[1] if gap is None else gap
    jitter = known[2] if jitter is None else jitter
    patch = (side - 2 * gap - 2 * jitter) // 3
    if patch < 1:
        raise ValueError(
            f"`gap` and `jitter` must leave patches of a pixel in a side of {side}, "
            f"got {gap} and {jitter}; lower one of them"
        )
    return Patches(patch=patch, gap=gap, jitter=jitter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """A grid of cells with a tile in each, in the middle of an image.

    Attributes
    ----------
    grid
        Cells along a side.
    cell, tile
        Pixels of a side of each.
    """

    grid: int
    cell: int
    tile: int

    @property
    def count(self) -> int:
        """Of all tiles."""
        return self.grid**2


def usual_grid(side: int) -> int:
    """Cells along a side where nobody says: 2 of small images, 3 of large ones."""
    return 3 if side >= _LARGE else 2


def tiles(side: int, grid: int | None = None, gap: int | None = None) -> Tiles:
    """The grid of an image; the gap between tiles is a quarter of a cell, at most 10.

    Parameters
    ----------
    side
        Of a square image, in pixels; what the grid does not divide is left out around.
    grid
        Cells along a side, 2 or 3; None for `usual_grid`.
    gap
        Pixels between tiles that stand in the middle of their cells.

    Raises
    ------
    ValueError
        If there is no such grid, or nothing is left of a tile.

    Examples
    --------
    >>> tiles(32)
    Tiles(grid=2, cell=16, tile=12)
    >>> tiles(224)
    Tiles(grid=3, cell=74, tile=64)
    >>> tiles(28, 3, gap=0)
    Tiles(grid=3, cell=9, tile=9)
    """
    grid = usual_grid(side) if grid is None else grid
    if grid not in (2, 3):
        raise ValueError(f"`grid` must be 2 or 3, got {grid}")
    cell = side // grid
    gap = min(cell // 4, _WIDEST) if gap is None else gap
    if gap < 0 or cell - gap < 1:
        raise ValueError(
            f"`gap` must leave a pixel of a cell of {cell}, got {gap}; lower it"
        )
    return Tiles(grid=grid, cell=cell, tile=cell - gap)


def middle(side: int) -> int:
    """Pixels of a side of the square that inpainting fills: half the image's.

    Examples
    --------
    >>> [middle(side) for side in (8, 28, 32, 224)]
    [4, 14, 16, 112]
    """
    return side // 2


def cells(side: int) -> int:
    """Cells along a side whose colours are asked for: of eight pixels each.

    Examples
    --------
    >>> [cells(side) for side in (16, 28, 32, 224)]
    [2, 3, 4, 28]
    """
    return max(1, side // 8)
