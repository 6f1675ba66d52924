"""Batches: images of a labelled set, normalised and moved about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.datasets.images import sets_of
from harness.datasets.made.roomy import Roomy

if TYPE_CHECKING:
    import torch

    from harness.datasets.images import Images


class Batches:
    """Normalised batches of a labelled set; whole sets stay uint8 on the device."""

    def __init__(
        self, images: Images, mean: tuple[float, ...], std: tuple[float, ...], on: str
    ) -> None:
        import torch

        self.n = len(images)
        #: Pixels each way that images are larger by than what networks get.
        self.room: int = getattr(images, "room", 0)
        pixels = images.larger if isinstance(images, Roomy) else images.pixels
        self._pixels = torch.from_numpy(np.array(pixels)).to(on)
        self._mean = torch.tensor(mean, device=on).view(-1, 1, 1)
        self._std = torch.tensor(std, device=on).view(-1, 1, 1)
        sets = sets_of(images)
        self.labels = np.array(images.labels if sets is None else sets)
        self._labels = torch.from_numpy(self.labels).to(on)

    @property
    def size(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images."""
        _, height, width, channels = self._pixels.shape
        return height - self.room, width - self.room, channels

    def plain(self, images: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) in [0, 1] of images as `of` gives them."""
        return (images * self._std + self._mean).clamp(0, 1)

    def scaled(self, plain: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) as `of` gives them, of images in [0, 1]."""
        return (plain - self._mean) / self._std

    @property
    def black(self) -> torch.Tensor:
        """(c,) what a black pixel is after normalisation."""
        return (-self._mean / self._std).flatten()

    def of(
        self,
        which: torch.Tensor,
        *,
        shift: int = 0,
        flip: bool = False,
        crop: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(b, c, h, w) float32, augmented; (b,) labels, or (b, k) bool of several.

        Of images with room the middle, or a crop of each at random.
        """
        import torch

        which = which.to(self._pixels.device)
        x = _cropped(self._pixels[which], self.room, at_random=crop)
        x = x.permute(0, 3, 1, 2).float()
        x = ((x / 255 - self._mean) / self._std).contiguous()
        x = shifted(x, shift, self.black)  # where an image moved away
        if flip:
            mirrored = (torch.rand(len(which)) < 0.5).to(x.device)
            x = torch.where(mirrored[:, None, None, None], x.flip(3), x)
        return x, self._labels[which]


def _cropped(images: torch.Tensor, room: int, *, at_random: bool) -> torch.Tensor:
    """(b, h, w, c) without the room: the middle, or each image's own part."""
    import torch

    if not room:
        return images
    b, h, w, _ = images.shape
    at = torch.full((2, b), room // 2)
    if at_random:
        at = torch.randint(0, room + 1, (2, b))
    at = at.to(images.device)
    rows = (at[0][:, None] + torch.arange(h - room, device=at.device))[:, :, None]
    columns = (at[1][:, None] + torch.arange(w - room, device=at.device))[:, None, :]
    which = torch.arange(b, device=at.device)[:, None, None]
    return images[which, rows, columns]


def shifted(images: torch.Tensor, reach: int, fill: torch.Tensor) -> torch.Tensor:
    """Move every image of a batch by its own whole number of pixels.

    Parameters
    ----------
    images : (b, c, h, w)
        On any device.
    reach
        The most that one is moved by, each way.
    fill : (c,)
        What it leaves behind.
    """
    import torch

    if not reach:
        return images
    b, c, h, w = images.shape
    padded = fill.view(1, c, 1, 1).expand(b, c, h + 2 * reach, w + 2 * reach).clone()
    padded[:, :, reach : reach + h, reach : reach + w] = images
    dy, dx = torch.randint(0, 2 * reach + 1, (2, b))
    rows = (dy[:, None] + torch.arange(h))[:, None, :, None]
    columns = (dx[:, None] + torch.arange(w))[:, None, None, :]
    which = torch.arange(b)[:, None, None, None]
    return padded[which, torch.arange(c)[None, :, None, None], rows, columns]
