"""Views: images turned, moved and zoomed at random, a whole batch at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def random_view(
    images: Tensor,
    *,
    size: tuple[int, int],
    zoom: tuple[float, float],
    turn: float,
    moved: float,
    fill: Tensor,
) -> Tensor:
    """(b, c, *size) of (b, c, h, w): a window of its own on every image.

    Drawn by torch's global generator on the processor, so that every device sees the
    same windows; bilinear, without averaging where it shrinks.

    Parameters
    ----------
    size
        (height, width) of a view.
    zoom
        Least and greatest side of the window, as a share of the image's.
    turn
        Degrees that it is turned by at most, either way.
    moved
        Share of a side that its middle is moved by at most, beyond where a window that
        is smaller than the image fits in.
    fill
        (c,) what is beyond the edges.
    """
    import torch

    b, c = images.shape[:2]
    low, high = zoom
    side = low + (high - low) * torch.rand(b)
    angle = (2 * torch.rand(b) - 1) * math.radians(turn)
    reach = (1 - side).clamp_min(0) + 2 * moved  # in units of half a side
    middle = (2 * torch.rand(2, b) - 1) * reach
    cos, sin = side * torch.cos(angle), side * torch.sin(angle)
    rows = torch.stack(
        [
            torch.stack([cos, -sin, middle[0]], dim=1),
            torch.stack([sin, cos, middle[1]], dim=1),
        ],
        dim=1,
    ).to(images)
    functional = torch.nn.functional
    grid = functional.affine_grid(rows, [b, c, *size], align_corners=False)
    # Beyond the edges is 0, so that `fill` is made to be 0.
    level = fill.to(images).view(1, -1, 1, 1)
    return functional.grid_sample(images - level, grid, align_corners=False) + level
