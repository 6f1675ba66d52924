"""ResNets for 32x32 images, as akamaster/pytorch_resnet_cifar10 names their parts."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the field's name for it


class PaddedShortcut(nn.Module):
    """Option A: every second pixel, new channels filled with zeros on both sides."""

    def __init__(self, extra: int) -> None:
        super().__init__()
        self.extra = extra

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) to (n, c + extra, h/2, w/2)."""
        half = self.extra // 2
        return F.pad(images[:, :, ::2, ::2], (0, 0, 0, 0, half, self.extra - half))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        changed = stride != 1 or width_in != width
        self.shortcut = PaddedShortcut(width - width_in) if changed else nn.Sequential()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, width_in, h, w) to (n, width, h / stride, w / stride)."""
        out = F.relu(self.bn1(self.conv1(images)))
        out = self.bn2(self.conv2(out))
        return F.relu(out + self.shortcut(images))


class ResNet(nn.Module):
    """Three stages of blocks, global average pooling and a linear head."""

    def __init__(self, blocks: int, classes: int, channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = _stage(blocks, width, width, 1)
        self.layer2 = _stage(blocks, width, 2 * width, 2)
        self.layer3 = _stage(blocks, 2 * width, 4 * width, 2)
        self.linear = nn.Linear(4 * width, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, channels, h, w) to (n, classes) logits."""
        out = F.relu(self.bn1(self.conv1(images)))
        out = self.layer3(self.layer2(self.layer1(out)))
        logits: torch.Tensor = self.linear(out.mean(dim=(2, 3)))
        return logits


def _stage(blocks: int, width_in: int, width: int, stride: int) -> nn.Sequential:
    first = BasicBlock(width_in, width, stride)
    return nn.Sequential(
        first, *(BasicBlock(width, width, 1) for _ in range(blocks - 1))
    )


def resnet(
    depth: int, *, classes: int = 10, channels: int = 3, width: int = 16
) -> ResNet:
    """A ResNet of 6n + 2 layers with option A shortcuts.

    Parameters
    ----------
    depth
        20, 32, 44, 56, 110, 1202, or any other 6n + 2.

    References
    ----------
    He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
    arXiv:1512.03385, section 4.2.
    """
    if depth < 8 or (depth - 2) % 6:
        raise ValueError(f"`depth` must be 6n + 2 and at least 8, got {depth}")
    return ResNet((depth - 2) // 6, classes, channels, width)
