"""Small classifiers of small images, of whatever size and channels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


def linear(*, size: Sequence[int], classes: int = 10) -> nn.Module:
    """Multinomial logistic regression on the pixels.

    Parameters
    ----------
    size
        (height, width, channels) of the images.
    """
    height, width, channels = size
    return nn.Sequential(nn.Flatten(), nn.Linear(height * width * channels, classes))


def lenet(*, size: Sequence[int], classes: int = 10) -> nn.Module:
    """Two 5x5 convolutions with pooling and three linear layers, after LeNet-5.

    LeCun et al., "Gradient-Based Learning Applied to Document Recognition", Proceedings
    of the IEEE 86(11), 1998, figure 2; with batch norm, ReLU and max-pooling, and with
    both convolutions padded, so that 16x16 leaves enough to look at.

    Parameters
    ----------
    size
        (height, width, channels) of the images, at least 4 pixels high and wide.
    """
    height, width, channels = size
    return nn.Sequential(
        *_convolution(channels, 6),
        *_convolution(6, 16),
        nn.Flatten(),
        nn.Linear(16 * (height // 4) * (width // 4), 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, classes),
    )


def _convolution(width_in: int, width: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(width_in, width, 5, padding=2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )


class MeanBrightness(nn.Module):
    """(n, c, h, w) to (n, 1): the mean of all pixels."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Average over channels and positions; exact, so their order cannot matter."""
        return images.flatten(1).double().mean(dim=1, keepdim=True).float()


def one_brain_cell(*, classes: int = 10) -> nn.Module:
    """Sees the mean brightness alone: the control that knows nothing of shape.

    Features of every view are the same, so its invariance is perfect and its pretext
    accuracy is chance.
    """
    return nn.Sequential(MeanBrightness(), nn.Linear(1, classes))
