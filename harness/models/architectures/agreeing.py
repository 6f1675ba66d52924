"""The networks of "When Deep Classifiers Agree", with their random start.

Weights of convolutions and linear layers are drawn as Kaiming-normal, biases are 0.
Pliushch, Mundt, Lupp, Ramesh, ECCV 2022, arXiv:2105.08997.
"""

from __future__ import annotations

import torch
from torch import nn

from harness.models.architectures import adapted, simple
from harness.models.architectures.vgg import vgg
from harness.models.architectures.zoo import torchvision_network


class WideBlock(nn.Module):
    """Batch norm, ReLU and a 3x3 convolution, twice, added to what came in."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(width_in)
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.shortcut = (
            nn.Conv2d(width_in, width, 1, stride, bias=False)
            if width_in != width
            else None
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) to (n, width, h / stride, w / stride)."""
        first = torch.relu(self.bn1(images))
        kept = images if self.shortcut is None else self.shortcut(first)
        out = self.conv2(torch.relu(self.bn2(self.conv1(first))))
        added: torch.Tensor = out + kept
        return added


class WideResNet(nn.Module):
    """Three stages of residual blocks whose norms come first; for small images.

    Zagoruyko, Komodakis, "Wide Residual Networks", BMVC 2016, arXiv:1605.07146, table 1
    with B(3,3), without dropout.
    """

    def __init__(self, depth: int, widen: int, classes: int) -> None:
        super().__init__()
        if depth < 10 or (depth - 4) % 6:
            raise ValueError(f"`depth` must be 6 k + 4, got {depth}")
        blocks = (depth - 4) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.layer1 = _stage(blocks, 16, 16 * widen, 1)
        self.layer2 = _stage(blocks, 16 * widen, 32 * widen, 2)
        self.layer3 = _stage(blocks, 32 * widen, 64 * widen, 2)
        self.bn = nn.BatchNorm2d(64 * widen)
        self.fc = nn.Linear(64 * widen, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) to (n, classes) logits."""
        out = self.layer3(self.layer2(self.layer1(self.conv1(images))))
        logits: torch.Tensor = self.fc(torch.relu(self.bn(out)).mean(dim=(2, 3)))
        return logits


def _stage(blocks: int, width_in: int, width: int, stride: int) -> nn.Sequential:
    others = (WideBlock(width, width, 1) for _ in range(blocks - 1))
    return nn.Sequential(WideBlock(width_in, width, stride), *others)


def kaiming(network: nn.Module) -> nn.Module:
    """The network itself, its weights drawn anew.

    He et al., "Delving Deep into Rectifiers", ICCV 2015, arXiv:1502.01852, equation 10:
    by the number of inputs.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def lenet5(*, classes: int = 10) -> nn.Module:
    """LeNet-5 with batch norm and ReLU, for 32x32 images."""
    return kaiming(simple.lenet5(classes=classes))


def vgg16_bn(*, classes: int = 10) -> nn.Module:
    """VGG-16 with batch norm for 32x32 images, hidden layers of 512."""
    return kaiming(vgg(16, hidden=512, classes=classes))


def resnet50(*, classes: int = 10) -> nn.Module:
    """ResNet-50 with a 3x3 stem of stride 1."""
    return kaiming(adapted.resnet(50, classes=classes))


def of_torchvision(name: str, *, classes: int = 10) -> nn.Module:
    """torchvision's, with ImageNet's stem; DenseNet-121 has it at 32x32 too."""
    return kaiming(torchvision_network(name, classes=classes))


def wide_resnet(*, depth: int = 28, widen: int = 10, classes: int = 10) -> nn.Module:
    """WRN-28-10."""
    return kaiming(WideResNet(depth, widen, classes))
