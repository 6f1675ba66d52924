"""Elastic transform: a random affine map, then small smooth displacements."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from harness.datasets.made.corruptions.matrices import smoothing
from harness.datasets.made.corruptions.pixels import check_side, like, truncated, unit


def elastic_transform(
    images: torch.Tensor,
    rng: np.random.Generator,
    *,
    alpha: float,
    sigma: float,
    affine: float,
) -> torch.Tensor:
    """Move three points by chance, the image with them; then wobble the pixels.

    Bilinear both times. Outside is the mirror image: without the last pixel in the
    affine map, with it in the other.

    Parameters
    ----------
    alpha
        Displacements before they are smoothed are up to this share of the shorter side.
    sigma
        Of the Gaussian that smooths them, as a share of the shorter side; 0 is none.
    affine
        The points move by up to this share of the shorter side, along each axis.
    """
    check_side(images)
    b, _, h, w = images.shape
    side = min(h, w)
    moves = rng.uniform(-1, 1, size=(b, 3, 2)) * (affine * side)
    wobbles = rng.uniform(-1, 1, size=(2, b, h, w))
    y, x = _affine_places(moves, h, w)
    mirrored = _bilinear(unit(images), _mirror(y, h), _mirror(x, w))
    rows = smoothing(h, sigma * side, truncate=3.0, edge="symmetric")
    columns = smoothing(w, sigma * side, truncate=3.0, edge="symmetric")
    right, down = (rows @ wobbles @ columns.T) * (alpha * side)
    place_y, place_x = np.mgrid[:h, :w]
    moved = _bilinear(
        mirrored, _reflect(place_y + down, h), _reflect(place_x + right, w)
    )
    return truncated(moved)


def _affine_places(
    moves: NDArray[np.float64], h: int, w: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns, (b, h, w) each, that the pixels of the result come from.

    The map takes three corners of a square about the middle to where they move.
    """
    reach = min(h, w) // 3
    # The published order of coordinates: rows first, read as columns first. Images are
    # square there; for others the middle is taken where it is.
    middle = np.array([w // 2, h // 2])
    corners = middle + reach * np.array([[1, 1], [1, -1], [-1, -1]])
    ones = np.ones((len(moves), 3, 1))
    # An affine map is linear in (x, y, 1); this is the one from moved to old corners.
    back = np.linalg.solve(
        np.concatenate([corners + moves, ones], 2),
        np.broadcast_to(corners.astype(float), moves.shape),
    )
    y, x = np.mgrid[:h, :w]
    places = np.stack([x, y, np.ones((h, w))], -1) @ back[:, None]
    return places[..., 1], places[..., 0]


def _mirror(places: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Into 0..side - 1 by mirrors that stand in the middle of the end pixels."""
    period = 2 * (side - 1)
    wrapped = np.abs(places) % period
    mirrored: NDArray[np.float64] = np.minimum(wrapped, period - wrapped)
    return mirrored


def _reflect(places: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Into -1/2..side - 1/2 by mirrors that stand at the outer edges, then inwards."""
    wrapped = (places + 0.5) % (2 * side)
    return (np.minimum(wrapped, 2 * side - wrapped) - 0.5).clip(0, side - 1)


def _bilinear(
    values: torch.Tensor, y: NDArray[np.float64], x: NDArray[np.float64]
) -> torch.Tensor:
    """(b, c, h, w) floats seen at (b, h, w) places within the image."""
    b, c, h, w = values.shape
    top = np.minimum(y.astype(int), h - 2)
    left = np.minimum(x.astype(int), w - 2)
    down = like(y - top, values)[:, None]
    right = like(x - left, values)[:, None]
    corner = like((top * w + left).reshape(b, 1, h * w), values).expand(b, c, h * w)
    flat = values.flatten(2)

    def at(offset: int) -> torch.Tensor:
        return flat.gather(2, corner + offset).view(b, c, h, w)

    above = at(0) * (1 - right) + at(1) * right
    below = at(w) * (1 - right) + at(w + 1) * right
    return above * (1 - down) + below * down
