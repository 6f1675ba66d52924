"""VGG with batch norm for 32x32 images, which its five poolings bring to one pixel."""

from __future__ import annotations

import torch
from torch import nn

# Convolutions of each of the five stages, by number of layers with weights.
_STAGES = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
_WIDTHS = (64, 128, 256, 512, 512)


class VGG(nn.Module):
    """Stages of 3x3 convolutions, then two hidden layers of `hidden` units.

    The published networks differ in `hidden` alone. torchvision's class would allocate
    hidden layers for 7x7 pixels first, 400 MB of them.
    """

    def __init__(self, depth: int, hidden: int, classes: int) -> None:
        super().__init__()
        if depth not in _STAGES:
            raise ValueError(f"`depth` must be one of {[*_STAGES]}, got {depth}")
        layers: list[nn.Module] = []
        channels = 3
        for convolutions, width in zip(_STAGES[depth], _WIDTHS, strict=True):
            for _ in range(convolutions):
                layers += [
                    nn.Conv2d(channels, width, 3, padding=1),
                    nn.BatchNorm2d(width),
                    nn.ReLU(inplace=True),
                ]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(channels, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(hidden, classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, 32, 32) to (n, classes) logits."""
        logits: torch.Tensor = self.classifier(self.features(images).flatten(1))
        return logits


def vgg(depth: int, *, hidden: int, classes: int = 10) -> VGG:
    """VGG-11, -13, -16 or -19 with batch norm.

    Parameters
    ----------
    depth
        Layers with weights.
    hidden
        Units of both hidden layers: 512 as chenyaofo published it, 4096 as huyvnphan.

    References
    ----------
    Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
    Recognition", ICLR 2015, arXiv:1409.1556, table 1, columns A, B, D and E.
    """
    return VGG(depth, hidden, classes)
