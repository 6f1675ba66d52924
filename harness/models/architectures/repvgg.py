"""RepVGG for 32x32 images as chenyaofo/pytorch-cifar-models names its parts."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

_BLOCKS = (2, 4, 14, 1)
# Width multipliers of the first three stages and of the last one.
_MULTIPLIERS = {"a0": (0.75, 2.5), "a1": (1.0, 2.5), "a2": (1.5, 2.75)}


class RepVGGBlock(nn.Module):
    """The sum of a 3x3 and a 1x1 convolution and, where sizes allow, the identity.

    Each has its batch norm. This is the form that is trained, and whose weights are
    published; the three could be merged into one convolution.
    """

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        same = width_in == width and stride == 1
        self.rbr_identity = nn.BatchNorm2d(width) if same else None
        self.rbr_dense = _convolution(width_in, width, 3, stride)
        self.rbr_1x1 = _convolution(width_in, width, 1, stride)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, width_in, h, w) to (n, width, h / stride, w / stride)."""
        out = self.rbr_dense(images) + self.rbr_1x1(images)
        if self.rbr_identity is not None:
            out = out + self.rbr_identity(images)
        return torch.relu(out)


class RepVGG(nn.Module):
    """A stem block, four stages, global average pooling and a linear head.

    For 32x32 images the stem and the first stage keep the size; the other three halve
    it.
    """

    def __init__(self, multiplier: float, last: float, classes: int) -> None:
        super().__init__()
        multipliers = (multiplier, multiplier, multiplier, last)
        widths = [int(64 * 2**i * m) for i, m in enumerate(multipliers)]
        stem = min(64, widths[0])
        self.stage0 = RepVGGBlock(3, stem, 1)
        self.stage1 = _stage(_BLOCKS[0], stem, widths[0], 1)
        self.stage2 = _stage(_BLOCKS[1], widths[0], widths[1], 2)
        self.stage3 = _stage(_BLOCKS[2], widths[1], widths[2], 2)
        self.stage4 = _stage(_BLOCKS[3], widths[2], widths[3], 2)
        self.linear = nn.Linear(widths[3], classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) to (n, classes) logits."""
        out = self.stage2(self.stage1(self.stage0(images)))
        out = self.stage4(self.stage3(out))
        logits: torch.Tensor = self.linear(out.mean(dim=(2, 3)))
        return logits


def _convolution(width_in: int, width: int, size: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(
                width_in, width, size, stride, padding=size // 2, bias=False
            ),
            bn=nn.BatchNorm2d(width),
        )
    )


def _stage(blocks: int, width_in: int, width: int, stride: int) -> nn.Sequential:
    first = RepVGGBlock(width_in, width, stride)
    return nn.Sequential(
        first, *(RepVGGBlock(width, width, 1) for _ in range(blocks - 1))
    )


def repvgg(variant: str, *, classes: int = 10) -> RepVGG:
    """RepVGG-A0, -A1 or -A2.

    Parameters
    ----------
    variant
        "a0", "a1" or "a2".

    References
    ----------
    Ding, Zhang, Ma, Han, Ding, Sun, "RepVGG: Making VGG-style ConvNets Great Again",
    CVPR 2021, arXiv:2101.03697, tables 2 and 3.
    """
    if variant not in _MULTIPLIERS:
        raise ValueError(f"`variant` must be one of {[*_MULTIPLIERS]}, got {variant!r}")
    multiplier, last = _MULTIPLIERS[variant]
    return RepVGG(multiplier, last, classes)
