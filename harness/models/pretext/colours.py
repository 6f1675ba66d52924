"""Colours: sRGB to CIE Lab, the bins of a grid over a and b, and their shares.

A bin is the nearest point of a grid of step 10. Which of them there are is found in the
data: of all colours of a screen 261, of photographs fewer, and how many is theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

STEP = 10
_REACH = 11  # grid points each way from 0: a and b of sRGB lie within 108
SIDE = 2 * _REACH + 1
BINS = SIDE**2
_MIXED = 0.5  # part of the even distribution when rare colours are weighted
_SIGMA = 5.0  # of the smoothing, in units of a and b

#: Of red, green and blue in a grey image.
LUMA = (0.299, 0.587, 0.114)
# IEC 61966-2-1: linear sRGB to XYZ, in rows, and the white of D65.
_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)


def lab(rgb: Tensor) -> Tensor:
    """(..., 3) sRGB in [0, 1] to (..., 3) CIE Lab: L in [0, 100], a and b.

    Examples
    --------
    >>> import torch
    >>> red = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    >>> [round(value, 2) for value in lab(red).tolist()]
    [53.24, 80.09, 67.2]
    """
    import torch

    linear = torch.where(
        rgb <= 0.04045, rgb / 12.92, ((rgb.clamp_min(0) + 0.055) / 1.055) ** 2.4
    )
    matrix = torch.tensor(_XYZ, dtype=rgb.dtype, device=rgb.device)
    white = torch.tensor(_WHITE, dtype=rgb.dtype, device=rgb.device)
    t = linear @ matrix.T / white
    edge = 6 / 29
    f = torch.where(t > edge**3, t.clamp_min(0) ** (1 / 3), t / (3 * edge**2) + 4 / 29)
    x, y, z = f.unbind(-1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=-1)


def bins_of(ab: Tensor) -> Tensor:
    """(...) the bin of each (..., 2): rows of the grid are a, columns b.

    Examples
    --------
    >>> import torch
    >>> bins_of(torch.tensor([0.0, 4.9])).item() == BINS // 2  # grey
    True
    """
    found = (ab / STEP).round().clamp(-_REACH, _REACH).long() + _REACH
    return found[..., 0] * SIDE + found[..., 1]


def points() -> Tensor:
    """(BINS, 2) float64: a and b of every bin."""
    import torch

    along = STEP * torch.arange(-_REACH, _REACH + 1, dtype=torch.float64)
    return torch.stack([along.repeat_interleave(SIDE), along.repeat(SIDE)], dim=1)


def nearest(occupied: Tensor) -> Tensor:
    """(BINS,) for each bin the nearest of those that are occupied, (BINS,) bool."""
    import torch

    own = occupied.nonzero().flatten()
    at = points().to(occupied.device)
    return own[torch.cdist(at, at[own]).argmin(dim=1)]


def weights(shares: Tensor) -> Tensor:
    """(BINS,) what a bin counts when rare colours are to count more; 0 of absent ones.

    ``w = 1 / (p / 2 + 1 / (2 Q))`` with p the shares, smoothed by a Gaussian of
    deviation 5, and Q the number of bins that occur; the mean of w under p is 1.

    Parameters
    ----------
    shares
        (BINS,) float64 of each bin in the training images, summing to 1.

    References
    ----------
    Zhang, Isola, Efros, ECCV 2016, arXiv:1603.08511, equations 3 and 4.
    """
    import torch

    own = shares > 0
    at = points().to(shares.device)[own]
    near = torch.exp(-(torch.cdist(at, at) ** 2) / (2 * _SIGMA**2))
    smooth = (near / near.sum(dim=0)) @ shares[own]
    found = 1 / ((1 - _MIXED) * smooth + _MIXED / len(at))
    found = found / (found * smooth).sum()
    kept = torch.zeros_like(shares)
    kept[own] = found
    return kept


def histograms(bins: Tensor, grid: int) -> Tensor:
    """(n, grid*grid, BINS) float32: shares of bins in each cell, row by row.

    Parameters
    ----------
    bins
        (n, h, w) bin of each pixel.
    grid
        Cells along a side; what they do not divide is left out at the lower right.
    """
    import torch

    n, h, w = bins.shape
    rows, columns = h // grid, w // grid
    kept = bins[:, : rows * grid, : columns * grid]
    kept = kept.reshape(n, grid, rows, grid, columns).transpose(2, 3)
    kept = kept.reshape(n, grid * grid, rows * columns)
    found = torch.zeros(n, grid * grid, BINS, device=bins.device)
    ones = torch.ones_like(kept, dtype=torch.float32)
    return found.scatter_add_(2, kept, ones) / (rows * columns)


def grey(rgb: Tensor) -> Tensor:
    """(n, 3, h, w) the luma of (n, 3, h, w), three times.

    With the weights of ITU-R BT.601, by which pictures are commonly made grey; a
    network that learned from other greys would be asked about images of another kind.
    """
    import torch

    weights = torch.tensor(LUMA, dtype=rgb.dtype, device=rgb.device).view(1, 3, 1, 1)
    return (rgb * weights).sum(dim=1, keepdim=True).expand_as(rgb)
