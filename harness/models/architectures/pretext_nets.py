"""Small networks of the pretext literature: AlexNet with batch norm, and NIN.

Their stages are called conv1, conv2, ... as tables of the field call them. They pool
over positions at the end, so that images, tiles and patches of any size go through.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class AlexNetBN(nn.Module):
    """Five convolutions with batch norm, conv1 to conv5, and two hidden layers.

    After Krizhevsky, Sutskever, Hinton, NIPS 2012, in the proportions of its widths and
    with its three poolings, for images of 8 to 64 pixels; batch norm as in Gidaris,
    Singh, Komodakis, ICLR 2018. A map of one pixel is pooled no further.

    Parameters
    ----------
    channels, classes
        Of the images; how many.
    width
        Of conv1; the others have 2, 4, 8/3 and 8/3 times as many, as 96, 256, 384, 256
        and 256 have about.
    hidden
        Of fc6 and fc7.
    """

    def __init__(self, channels: int, classes: int, width: int, hidden: int) -> None:
        super().__init__()
        widths = (width, 2 * width, 4 * width, 8 * width // 3, 8 * width // 3)
        self.conv1 = _stage(channels, widths[0], pooled=True)
        self.conv2 = _stage(widths[0], widths[1], pooled=True)
        self.conv3 = _stage(widths[1], widths[2])
        self.conv4 = _stage(widths[2], widths[3])
        self.conv5 = _stage(widths[3], widths[4], pooled=True)
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.fc6 = nn.Sequential(nn.Linear(4 * widths[4], hidden), nn.ReLU())
        self.fc7 = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU())
        self.fc8 = nn.Linear(hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, channels, h, w) to (n, classes) logits."""
        maps = self.conv3(self.conv2(self.conv1(images)))
        maps = self.pool(self.conv5(self.conv4(maps)))
        logits: torch.Tensor = self.fc8(self.fc7(self.fc6(maps.flatten(1))))
        return logits


def _stage(width_in: int, width: int, *, pooled: bool = False) -> nn.Sequential:
    parts: list[nn.Module] = [
        nn.Conv2d(width_in, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
    if pooled:  # of a side of one pixel one pixel is left
        parts.append(nn.MaxPool2d(2, ceil_mode=True))
    return nn.Sequential(*parts)


class NIN(nn.Module):
    """Blocks of one convolution and two 1x1 ones: conv1, conv2, ...

    Lin, Chen, Yan, ICLR 2014, arXiv:1312.4400, with batch norm and as many blocks as
    Gidaris, Singh, Komodakis, ICLR 2018, section 3.1, compare: the first is pooled by
    its maximum and the second by its mean, the last over all positions.

    Parameters
    ----------
    channels, classes, width
        Of the images; how many; of every convolution.
    blocks
        3, 4 or 5.
    single
        Whether a block is one 3x3 convolution alone: random blocks of three leave
        little of an image, and what training adds to them is harder to see.
    """

    def __init__(
        self, channels: int, classes: int, width: int, blocks: int, *, single: bool
    ) -> None:
        super().__init__()
        if blocks not in (3, 4, 5):
            raise ValueError(f"`blocks` must be 3, 4 or 5, got {blocks}")
        pools = {1: nn.MaxPool2d(2, ceil_mode=True), 2: nn.AvgPool2d(2, ceil_mode=True)}
        self.blocks = blocks
        for i in range(1, blocks + 1):
            kernels = (3,) if single else (5 if i <= 2 else 3, 1, 1)
            parts = _block(channels if i == 1 else width, width, kernels)
            if i in pools:
                parts.append(pools[i])
            self.add_module(f"conv{i}", nn.Sequential(*parts))
        self.linear = nn.Linear(width, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, channels, h, w) to (n, classes) logits."""
        maps = images
        for i in range(1, self.blocks + 1):
            maps = self.get_submodule(f"conv{i}")(maps)
        logits: torch.Tensor = self.linear(maps.mean(dim=(2, 3)))
        return logits


def _block(width_in: int, width: int, kernels: Sequence[int]) -> list[nn.Module]:
    parts: list[nn.Module] = []
    for i, kernel in enumerate(kernels):
        parts += [
            nn.Conv2d(
                width if i else width_in, width, kernel, padding=kernel // 2, bias=False
            ),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
    return parts


def alexnet_bn(
    *, size: Sequence[int], classes: int = 10, width: int = 24, hidden: int = 128
) -> AlexNetBN:
    """See `AlexNetBN`; `size` is (height, width, channels) of the images."""
    return AlexNetBN(size[2], classes, width, hidden)


def nin(
    *, size: Sequence[int], classes: int = 10, width: int = 24, blocks: int = 4
) -> NIN:
    """See `NIN`; `size` is (height, width, channels) of the images."""
    return NIN(size[2], classes, width, blocks, single=False)


def nin_single(
    *, size: Sequence[int], classes: int = 10, width: int = 24, blocks: int = 5
) -> NIN:
    """See `NIN`, whose blocks are one convolution each."""
    return NIN(size[2], classes, width, blocks, single=True)
