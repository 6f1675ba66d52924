"""Cutting: patches and tiles out of whole batches, as the pretext tasks show them.

What is drawn is drawn on the processor, for every image of a batch, so that neither
device nor number of processes changes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from harness.models.pretext.geometry import Patches, Tiles

#: Least and greatest share of the area that a patch made smaller keeps: published are
#: 100 to 9025 of 9216 pixels.
_KEPT = (100 / 9216, 9025 / 9216)
_NOISE = 0.5  # published: channels that are dropped are even between -0.5 and 0.5
_FLAT = 1e-5  # deviation of a tile below which all its pixels count as equal

#: Rows and columns of the eight neighbours in a 3 x 3 layout, in the order of labels.
NEIGHBOURS = tuple((r, c) for r in range(3) for c in range(3) if (r, c) != (1, 1))
CENTRE = 4  # place of the centre among all nine, row by row


def windows(images: Tensor, tops: Tensor, lefts: Tensor, size: int) -> Tensor:
    """(b, p, c, size, size): p windows of each image.

    Parameters
    ----------
    images
        (b, c, h, w).
    tops, lefts
        (b, p, c) whole pixels: where a window begins, for each channel by itself.
    """
    import torch

    b, c = images.shape[:2]
    along = torch.arange(size, device=images.device)
    rows = tops.to(images.device)[..., None, None] + along[:, None]
    columns = lefts.to(images.device)[..., None, None] + along
    which = torch.arange(b, device=images.device).view(-1, 1, 1, 1, 1)
    channel = torch.arange(c, device=images.device).view(1, 1, -1, 1, 1)
    return images[which, channel, rows, columns]


def cut_tiles(
    images: Tensor,
    layout: Tiles,
    *,
    jitter: bool,
    channel_shift: int,
    generator: Generator | None,
) -> Tensor:
    """(b, g*g, c, t, t): the tiles of each image, row by row.

    Parameters
    ----------
    images
        (b, c, side, side).
    layout
        Of that side.
    jitter
        Whether each lies anywhere in its cell; else in the middle.
    channel_shift
        Pixels that each channel is moved by at most, within the cell.
    generator
        What draws; None for torch's global one.
    """
    import torch

    b, c, side = images.shape[:3]
    grid, cell, tile = layout.grid, layout.cell, layout.tile
    room = cell - tile - channel_shift
    origin = (side - grid * cell) // 2 + cell * torch.arange(grid)
    corners = torch.stack(
        [origin.repeat_interleave(grid), origin.repeat(grid)]
    )  # (2, tiles)
    places = corners[:, None, :, None].expand(2, b, grid * grid, c)
    if jitter:
        drawn = torch.randint(0, room + 1, (2, b, grid * grid, 1), generator=generator)
    else:
        drawn = torch.full((2, 1, 1, 1), (cell - tile) // 2 if not channel_shift else 0)
    places = places + drawn
    if channel_shift:
        own = (2, b, grid * grid, c)
        places = places + torch.randint(0, channel_shift + 1, own, generator=generator)
    return windows(images, places[0], places[1], tile)


def cut_patches(
    images: Tensor, layout: Patches, *, generator: Generator | None
) -> Tensor:
    """(b, 9, c, p, p): the patches of a 3 x 3 layout in the middle, row by row.

    Parameters
    ----------
    images
        (b, c, side, side), at least as large as the layout.
    layout
        Patches, and how far each is moved.
    generator
        What draws; None for torch's global one.
    """
    import torch

    b, c, side = images.shape[:3]
    start = (side - layout.span) // 2 + layout.jitter
    origin = start + (layout.patch + layout.gap) * torch.arange(3)
    corners = torch.stack([origin.repeat_interleave(3), origin.repeat(3)])
    moved = torch.randint(
        -layout.jitter, layout.jitter + 1, (2, b, 9), generator=generator
    )
    places = (corners[:, None] + moved)[..., None].expand(2, b, 9, c)
    return windows(images, places[0], places[1], layout.patch)


def standardised(pieces: Tensor) -> Tensor:
    """Each channel of each piece (..., c, h, w) with mean 0 and deviation 1.

    One whose pixels are all equal is 0.
    """
    import torch

    mean = pieces.mean(dim=(-2, -1), keepdim=True)
    deviation = pieces.std(dim=(-2, -1), keepdim=True, correction=0)
    # Rounding would tell of a flat tile how bright it is.
    scaled = (pieces - mean) / deviation.clamp_min(_FLAT)
    return torch.where(deviation < _FLAT, torch.zeros_like(scaled), scaled)


def colour_dropped(pieces: Tensor, *, generator: Generator | None) -> Tensor:
    """One channel of each piece (b, p, c, h, w), drawn; noise in place of the others.

    The channel that is kept has its mean taken away, as the noise has none. Grey pieces
    are as they were.
    """
    import torch

    b, p, c = pieces.shape[:3]
    if c == 1:
        return pieces
    kept = torch.randint(0, c, (b, p, 1, 1, 1), generator=generator)
    noise = (torch.rand(pieces.shape, generator=generator) * 2 - 1) * _NOISE
    is_kept = (torch.arange(c).view(1, 1, c, 1, 1) == kept).to(pieces.device)
    centred = pieces - pieces.mean(dim=(-2, -1), keepdim=True)
    return torch.where(is_kept, centred, noise.to(pieces))


def resampled(pieces: Tensor, share: float, *, generator: Generator | None) -> Tensor:
    """Some of the pieces (b, p, c, h, h) made smaller and brought back.

    Averaged over what a smaller pixel covers, and bilinear on the way back.

    Parameters
    ----------
    share
        Of the pieces that are; how small each becomes is drawn.
    """
    import torch

    b, p, c, side = pieces.shape[:4]
    chosen = torch.rand(b, p, generator=generator) < share
    low, high = _KEPT
    area = low + (high - low) * torch.rand(b, p, generator=generator)
    small = (side * area.sqrt()).round().clamp(1, side).long()
    small = torch.where(chosen, small, side)
    flat, sizes = pieces.flatten(0, 1).clone(), small.flatten()
    functional = torch.nn.functional
    for size in sorted(set(sizes.tolist())):
        if size == side:
            continue
        which = (sizes == size).nonzero().flatten().to(pieces.device)
        less = functional.interpolate(flat[which], size=(size, size), mode="area")
        flat[which] = functional.interpolate(
            less, size=(side, side), mode="bilinear", align_corners=False
        )
    return flat.view(b, p, c, side, side)


def brought(pieces: Tensor, side: int) -> Tensor:
    """(n, c, side, side) of (n, c, h, h): to an image's size.

    By repeating pixels where that is a whole factor, else bilinearly.
    """
    import torch

    own = pieces.shape[-1]
    if own == side:
        return pieces
    if side % own == 0:
        times = side // own
        return pieces.repeat_interleave(times, -2).repeat_interleave(times, -1)
    return torch.nn.functional.interpolate(
        pieces, size=(side, side), mode="bilinear", align_corners=False
    )


def hidden_squares(
    count: int,
    side: int,
    square: int,
    *,
    anywhere: bool,
    generator: Generator | None,
) -> tuple[Tensor, Tensor]:
    """(n,) and (n,): top and left of the square that is predicted in each image."""
    import torch

    if anywhere:
        top, left = torch.randint(0, side - square + 1, (2, count), generator=generator)
        return top, left
    at = torch.full((count,), (side - square) // 2)
    return at, at


def in_square(top: Tensor, left: Tensor, side: int, square: int) -> Tensor:
    """(n, 1, side, side) bool: the pixels of a square in each image."""
    import torch

    along = torch.arange(side, device=top.device)
    rows = (along >= top[:, None]) & (along < top[:, None] + square)
    columns = (along >= left[:, None]) & (along < left[:, None] + square)
    return (rows[:, :, None] & columns[:, None, :])[:, None]


def label_order(count: int, classes: int) -> Tensor:
    """(n,) labels 0, 1, ..., t - 1, 0, ...: those of images when nothing is drawn.

    Examples
    --------
    >>> label_order(5, 4).tolist()
    [0, 1, 2, 3, 0]
    """
    import torch

    return torch.arange(count) % classes
