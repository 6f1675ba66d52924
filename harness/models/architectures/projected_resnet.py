"""ResNets for 32x32 images as chenyaofo/pytorch-cifar-models names their parts."""

from __future__ import annotations

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock


class ProjectedResNet(nn.Module):
    """Three stages of blocks whose shortcuts, where sizes change, are convolutions.

    That is option B of the paper, a strided 1x1 convolution with batch norm, where
    `harness.models.architectures.resnet_cifar` has option A.
    """

    def __init__(self, blocks: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = _stage(blocks, 16, 16, 1)
        self.layer2 = _stage(blocks, 16, 32, 2)
        self.layer3 = _stage(blocks, 32, 64, 2)
        self.fc = nn.Linear(64, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) to (n, classes) logits."""
        out = self.relu(self.bn1(self.conv1(images)))
        out = self.layer3(self.layer2(self.layer1(out)))
        logits: torch.Tensor = self.fc(out.mean(dim=(2, 3)))
        return logits


def _stage(blocks: int, width_in: int, width: int, stride: int) -> nn.Sequential:
    shortcut = None
    if stride != 1:
        shortcut = nn.Sequential(
            nn.Conv2d(width_in, width, 1, stride, bias=False), nn.BatchNorm2d(width)
        )
    first = BasicBlock(width_in, width, stride, shortcut)
    return nn.Sequential(first, *(BasicBlock(width, width) for _ in range(blocks - 1)))


def projected_resnet(depth: int, *, classes: int = 10) -> ProjectedResNet:
    """A ResNet of 6n + 2 layers with option B shortcuts.

    Parameters
    ----------
    depth
        20, 32, 44, 56, or any other 6n + 2.

    References
    ----------
    He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
    arXiv:1512.03385, sections 3.3 and 4.2.
    """
    if depth < 8 or (depth - 2) % 6:
        raise ValueError(f"`depth` must be 6n + 2 and at least 8, got {depth}")
    return ProjectedResNet((depth - 2) // 6, classes)
