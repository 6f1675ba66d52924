"""ResNets for 32x32 images, as in section 4.2 of He et al. 2015, arXiv:1512.03385.

Three stages of n blocks with 16, 32 and 64 channels: 6 n + 2 layers. Two published
families of weights differ in the shortcut where the size changes, and in names.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

Shortcut = Callable[[int, int], nn.Module]


class PaddedShortcut(nn.Module):
    """Option A of the paper: every second pixel, the new channels zero, no weights.

    (n, c, h, w) to (n, c + 2 margin, h / 2, w / 2); the old channels come to lie in the
    middle, as the published weights expect.
    """

    def __init__(self, margin: int) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, x: Tensor) -> Tensor:
        """Subsample and pad."""
        return functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.margin, self.margin))


def _padded(narrow: int, wide: int) -> nn.Module:
    return PaddedShortcut((wide - narrow) // 2)


def _projected(narrow: int, wide: int) -> nn.Module:
    """Option B of the paper: a strided 1x1 convolution with batch norm."""
    return nn.Sequential(
        nn.Conv2d(narrow, wide, 1, stride=2, bias=False), nn.BatchNorm2d(wide)
    )


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut, which `path` names."""

    def __init__(
        self, narrow: int, wide: int, stride: int, path: str, shortcut: nn.Module
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(narrow, wide, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(wide)
        self.conv2 = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(wide)
        self.path = path
        self.add_module(path, shortcut)

    def forward(self, x: Tensor) -> Tensor:
        """(n, narrow, h, w) to (n, wide, h / stride, w / stride)."""
        out = functional.relu(self.bn1(self.conv1(x)))
        shortcut: Tensor = self.get_submodule(self.path)(x)
        return functional.relu(self.bn2(self.conv2(out)) + shortcut)


class ResNetCifar(nn.Module):
    """The network; `head` and `path` carry the names that a source's weights use."""

    def __init__(
        self, depth: int, classes: int, *, head: str, path: str, shortcut: Shortcut
    ) -> None:
        super().__init__()
        if depth < 8 or depth % 6 != 2:
            raise ValueError(f"`depth` must be 6 n + 2 with n >= 1, got {depth}")
        blocks = (depth - 2) // 6

        def stage(narrow: int, wide: int, stride: int) -> nn.Sequential:
            first = nn.Identity() if narrow == wide else shortcut(narrow, wide)
            return nn.Sequential(
                Block(narrow, wide, stride, path, first),
                *(Block(wide, wide, 1, path, nn.Identity()) for _ in range(1, blocks)),
            )

        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = stage(16, 16, 1)
        self.layer2 = stage(16, 32, 2)
        self.layer3 = stage(32, 64, 2)
        self.head = head
        self.add_module(head, nn.Linear(64, classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) to (n, classes) logits."""
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        features = torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1)
        logits: Tensor = self.get_submodule(self.head)(features)
        return logits


def padded_resnet(*, depth: int, classes: int = 10) -> ResNetCifar:
    """With option A shortcuts, names as in akamaster/pytorch_resnet_cifar10."""
    return ResNetCifar(depth, classes, head="linear", path="shortcut", shortcut=_padded)


def projected_resnet(*, depth: int, classes: int = 10) -> ResNetCifar:
    """With option B shortcuts, names as in chenyaofo/pytorch-cifar-models."""
    return ResNetCifar(
        depth, classes, head="fc", path="downsample", shortcut=_projected
    )
