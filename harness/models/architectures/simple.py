"""Simple networks for 32x32 images, named as u7122029/pytorch-cifar10 names them."""

from __future__ import annotations

import torch
from torch import nn


class LeNet5(nn.Module):
    """Two 5x5 convolutions with batch norm and pooling, two hidden layers.

    LeCun et al., "Gradient-Based Learning Applied to Document Recognition", Proceedings
    of the IEEE 86(11), 1998, figure 2; with batch norm, ReLU and max-pooling.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.layer1 = _convolution(3, 6)
        self.layer2 = _convolution(6, 16)
        self.fc = nn.Linear(400, 120)
        self.fc1 = nn.Linear(120, 84)
        self.fc2 = nn.Linear(84, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, 32, 32) to (n, classes) logits."""
        out = self.layer2(self.layer1(images)).flatten(1)
        out = torch.relu(self.fc1(torch.relu(self.fc(out))))
        logits: torch.Tensor = self.fc2(out)
        return logits


class AlexNet(nn.Module):
    """Five convolutions, the first of stride 2, three 2x2 poolings, two hidden layers.

    After Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep
    Convolutional Neural Networks", NIPS 2012, for 32x32 images.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 192, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(),
            nn.Linear(1024, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, 32, 32) to (n, classes) logits."""
        logits: torch.Tensor = self.classifier(self.features(images).flatten(1))
        return logits


class Linear(nn.Module):
    """A linear layer on the pixels, or on their mean: the one brain cell."""

    def __init__(self, classes: int, *, mean_only: bool) -> None:
        super().__init__()
        self.mean_only = mean_only
        self.fc = nn.Linear(1 if mean_only else 3 * 32 * 32, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, 32, 32) to (n, classes) logits."""
        pixels = images.flatten(1)
        if self.mean_only:
            # float64 adds float32 pixels exactly, so their order cannot matter: what is
            # left of an image is the same under every rotation and jigsaw, to the bit.
            pixels = pixels.double().mean(dim=1, keepdim=True).float()
        logits: torch.Tensor = self.fc(pixels)
        return logits


def _convolution(width_in: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width_in, width, 5),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )


def lenet5(*, classes: int = 10) -> nn.Module:
    """LeNet-5."""
    return LeNet5(classes)


def alexnet(*, classes: int = 10) -> nn.Module:
    """AlexNet."""
    return AlexNet(classes)


def linear(*, classes: int = 10) -> nn.Module:
    """Multinomial logistic regression on the pixels."""
    return Linear(classes, mean_only=False)


def one_brain_cell(*, classes: int = 10) -> nn.Module:
    """Sees the mean of all normalised pixels, and nothing else."""
    return Linear(classes, mean_only=True)
