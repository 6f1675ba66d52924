"""Transformations that move pixels locally: each by a little, in its own direction.

Sources as in `tone`, beside this. What comes from outside is 0.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from harness.datasets.made.corruptions.pixels import like
from harness.datasets.made.transformations.pixels import check_sides, rounded

_TAPS = 5  # of the Gaussian that smooths displacements; imgaug's for sigmas up to 1.8


def elastic(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    alpha: tuple[float, float],
    sigma: tuple[float, float],
) -> torch.Tensor:
    """Move every pixel by chance, its neighbours a little with it.

    Bicubic. With the small `sigma` of the meta-set neighbours move almost freely.

    Parameters
    ----------
    alpha
        Bounds of the largest displacement in pixels, before it is smoothed.
    sigma
        Bounds of the width of the smoothing Gaussian, in pixels; it has 5x5 taps.
    """
    check_sides(images, "warp")
    b, _, h, w = images.shape
    alphas = rng.uniform(*alpha, size=(b, 1, 1, 1))
    sigmas = np.maximum(rng.uniform(*sigma, size=(b, 1)), 1e-3)
    moves = rng.uniform(-1, 1, size=(b, 2, h + _TAPS - 1, w + _TAPS - 1))
    reach = _TAPS // 2
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigmas) ** 2)
    taps /= taps.sum(1, keepdims=True)
    # Drawn beyond the edges by the reach, so that no edge shows in the displacements.
    for axis, side in ((2, h), (3, w)):
        shifted = (np.take(moves, range(i, i + side), axis) for i in range(_TAPS))
        weights = taps.T[:, :, None, None, None]
        moves = sum(
            weight * part for weight, part in zip(weights, shifted, strict=True)
        )
    y, x = np.mgrid[:h, :w]
    right, down = np.moveaxis(alphas * moves, 1, 0)
    return _seen(images, y + down, x + right, "bicubic")


def piecewise_affine(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    scale: tuple[float, float],
    points: tuple[int, int],
) -> torch.Tensor:
    """Lay a coarse grid of points over the image and move each; triangles follow.

    Bilinear. The grid spans the pixels' centres and each of its cells is cut from the
    upper right to the lower left. imgaug's grid ends a pixel further on, and it moves
    those points back in, which shrinks the image by a pixel even if nothing moves; and
    which way its cells are cut is up to rounding.

    Parameters
    ----------
    scale
        Bounds of the standard deviation of moves, as a share of height and width.
    points
        Fewest and most rows of points, and columns, drawn apart.
    """
    check_sides(images, "warp")
    b, _, h, w = images.shape
    rows, columns = rng.integers(points[0], points[1] + 1, size=(2, b))
    scales = rng.uniform(*scale, size=(b, 1, 1, 1))
    moves = rng.standard_normal((b, points[1], points[1], 2)) * scales * [h, w]
    y, x = _places(moves, rows, columns, h, w)
    return _seen(images, y, x, "bilinear")


def _places(
    moves: NDArray[np.float64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    h: int,
    w: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns, (b, h, w) each, that the pixels of the result come from.

    Parameters
    ----------
    moves : (b, n, n, 2) array
        By how many rows and columns points move, of which each image has the first
        `rows` x `columns`. They stop at the edges.
    """
    b = len(moves)
    cell_h, cell_w = (h - 1) / (rows - 1), (w - 1) / (columns - 1)
    grid = np.arange(moves.shape[1])
    points = moves.copy()
    points[..., 0] += cell_h[:, None, None] * grid[:, None]
    points[..., 1] += cell_w[:, None, None] * grid
    points = points.clip(0, [h - 1, w - 1])
    y, x = np.arange(h) / cell_h[:, None], np.arange(w) / cell_w[:, None]
    top = np.minimum(y.astype(int), rows[:, None] - 2)[:, :, None]
    left = np.minimum(x.astype(int), columns[:, None] - 2)[:, None, :]
    image = np.arange(b)[:, None, None]
    down, right = (
        y[:, :, None, None] - top[..., None],
        x[:, None, :, None] - left[..., None],
    )
    above, beside = points[image, top, left + 1], points[image, top + 1, left]
    upper = down + right <= 1
    start = np.where(upper, points[image, top, left], points[image, top + 1, left + 1])
    # The lower triangle is the upper one, seen from the other corner.
    to_beside = np.where(upper, down, 1 - right)
    to_above = np.where(upper, right, 1 - down)
    place = start + to_beside * (beside - start) + to_above * (above - start)
    return place[..., 0], place[..., 1]


def _seen(
    images: torch.Tensor, y: NDArray[np.float64], x: NDArray[np.float64], mode: str
) -> torch.Tensor:
    """The images at (b, h, w) places, in pixels."""
    h, w = images.shape[-2:]
    # `grid_sample` measures from -1 to 1, here between the outermost pixels' centres.
    places = np.stack([x * (2 / (w - 1)) - 1, y * (2 / (h - 1)) - 1], -1)
    grid = like(places.astype(np.float32), images)
    return rounded(F.grid_sample(images.float(), grid, mode=mode, align_corners=True))
