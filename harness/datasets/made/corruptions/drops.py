"""How light plays in drops of water: edges, distances to them, and a relief.

Steps of the published generator, which has them from OpenCV; here they take a batch of
(b, h, w) layers at once. Edges and distances are the same; a smoothed distance that is
nearly whole may be cut otherwise, in some 3 of 100,000 pixels.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

# Cost of a step to the side, a diagonal one and a knight's move, in 1/65536 of a pixel:
# the 5x5 mask of Borgefors, "Distance transformations in digital images", 1986.
ONE = 1 << 16
STEPS = {(0, 1): ONE, (1, 1): round(1.4 * ONE), (1, 2): round(2.1969 * ONE)}
FARTHEST = 20  # pixels; distances beyond are cut
# Thresholds of Canny's hysteresis, on sums of absolute Sobel derivatives.
WEAK, STRONG = 50, 150


def relief(layers: torch.Tensor) -> torch.Tensor:
    """(b, h, w) uint8 layers to (b, h, w) float64 whole numbers in 0..255.

    Distances to edges, smoothed, spread over all grey levels, lit from below to the
    right, and smoothed again.
    """
    distance = distances(edges(layers)).double()
    near = (_box(distance) / ONE).floor()
    lit = torch.tensor(
        [[-2.0, -1.0, 0.0], [-1.0, 1.0, 1.0], [0.0, 1.0, 2.0]],
        dtype=torch.float64,
        device=layers.device,
    )
    embossed = _filtered(equalized(near), lit).clamp(0, 255)
    return _box(embossed).round()


def edges(layers: torch.Tensor) -> torch.Tensor:
    """(b, h, w) bool: Canny's edges of uint8 layers, thresholds 50 and 150.

    Sobel derivatives of 3x3 pixels, their absolute values added; a pixel is on an edge
    if it is higher than its neighbours across, and strong or joined to a strong one.
    """
    h, w = layers.shape[-2:]
    padded = F.pad(layers.double()[:, None], (1, 1, 1, 1), mode="replicate")
    sobel = torch.tensor(
        [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]],
        dtype=torch.float64,
        device=layers.device,
    )
    kernels = torch.stack([sobel, sobel.T])[:, None]
    # Whole numbers, so that ties are ties.
    across, down = F.conv2d(padded, kernels).long().unbind(1)
    height = across.abs() + down.abs()
    around = F.pad(height, (1, 1, 1, 1))

    def at(dy: int, dx: int) -> torch.Tensor:
        return around[:, 1 + dy : 1 + dy + h, 1 + dx : 1 + dx + w]

    # Tangents of 22.5 and 67.5 degrees in 1/32768, as the original compares them.
    low = across.abs() * 13573
    steep = down.abs() << 15
    high = low + (across.abs() << 16)
    sideways = (height > at(0, -1)) & (height >= at(0, 1))
    upright = (height > at(-1, 0)) & (height >= at(1, 0))
    falling = (height > at(-1, -1)) & (height > at(1, 1))
    rising = (height > at(-1, 1)) & (height > at(1, -1))
    opposed = (across < 0) != (down < 0)
    slanted = torch.where(opposed, rising, falling)
    crest = torch.where(
        steep < low, sideways, torch.where(steep > high, upright, slanted)
    )
    weak = crest & (height > WEAK)
    joined = crest & (height > STRONG)
    while True:
        grown = F.max_pool2d(joined.float()[:, None], 3, 1, 1)[:, 0] > 0
        grown &= weak
        if torch.equal(grown, joined):
            return joined
        joined = grown


def distances(marked: torch.Tensor) -> torch.Tensor:
    """(b, h, w) whole numbers: way to the nearest marked pixel in 1/65536 of a pixel.

    By steps to the side, diagonal ones and knight's moves; no more than 20 pixels.
    """
    h, w = marked.shape[-2:]
    limit = FARTHEST * ONE
    way = torch.where(marked, 0, limit)
    moves = {
        (sy * dy, sx * dx): cost
        for (a, b), cost in STEPS.items()
        for dy, dx in ((a, b), (b, a))
        for sy in (-1, 1)
        for sx in (-1, 1)
    }
    while True:
        around = F.pad(way, (2, 2, 2, 2), value=limit)
        shorter = way
        for (dy, dx), cost in moves.items():
            step = around[:, 2 + dy : 2 + dy + h, 2 + dx : 2 + dx + w] + cost
            shorter = torch.minimum(shorter, step)
        if torch.equal(shorter, way):
            return way
        way = shorter


def equalized(layers: torch.Tensor) -> torch.Tensor:
    """Spread the grey levels of each layer evenly over 0..255; one level stays alone.

    Floats that are whole numbers in 0..255, before and after.
    """
    flat = layers.flatten(1).long()
    counts = torch.zeros(len(flat), 256, dtype=torch.long, device=flat.device)
    counts.scatter_add_(1, flat, torch.ones_like(flat))
    lowest = flat.amin(1, keepdim=True)
    of_lowest = counts.gather(1, lowest)
    others = flat.shape[1] - of_lowest
    # Single precision and half to even, as the original rounds.
    scale = 255 / others.clamp(min=1).float()
    table = ((counts.cumsum(1) - of_lowest).float() * scale).round().clamp(0, 255)
    spread = table.gather(1, flat)
    spread = torch.where(others > 0, spread, flat.float())
    return spread.view_as(layers).to(layers.dtype)


def _box(layers: torch.Tensor) -> torch.Tensor:
    """Mean of 3x3 pixels; outside is the mirror image without the last pixel."""
    ones = torch.ones(3, 3, dtype=layers.dtype, device=layers.device)
    return _filtered(layers, ones) / 9


def _filtered(layers: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    padded = F.pad(layers[:, None], (1, 1, 1, 1), mode="reflect")
    return F.conv2d(padded, kernel[None, None])[:, 0]
