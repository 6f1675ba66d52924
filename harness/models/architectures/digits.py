"""Small classifiers for small images: (n, channels, size, size), 8x8 digits by default.

They differ in kind and in strength, so that a grid over them has something to rank, and
train in seconds. Every head is called ``head``.
"""

from torch import Tensor, nn
from torch.nn import functional


def linear(*, channels: int = 1, size: int = 8, classes: int = 10) -> nn.Module:
    """Multinomial logistic regression on the pixels."""
    return _network(nn.Flatten(), channels * size**2, classes)


def mlp(
    *, channels: int = 1, size: int = 8, classes: int = 10, width: int = 64
) -> nn.Module:
    """Two hidden layers."""
    body = nn.Sequential(
        nn.Flatten(),
        nn.Linear(channels * size**2, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
    )
    return _network(body, width, classes)


def lenet(*, channels: int = 1, size: int = 8, classes: int = 10) -> nn.Module:
    """Two convolutions with max-pooling, two hidden layers, after LeNet-5."""
    body = nn.Sequential(
        nn.Conv2d(channels, 6, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * (size // 4) ** 2, 60),
        nn.ReLU(),
        nn.Linear(60, 42),
        nn.ReLU(),
    )
    return _network(body, 42, classes)


def vgg(*, channels: int = 1, size: int = 8, classes: int = 10) -> nn.Module:
    """Two pairs of 3x3 convolutions with batch norm, then one hidden layer."""
    body = nn.Sequential(
        *_convolution(channels, 16),
        *_convolution(16, 16),
        nn.MaxPool2d(2),
        *_convolution(16, 32),
        *_convolution(32, 32),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * (size // 4) ** 2, 64),
        nn.ReLU(),
    )
    return _network(body, 64, classes)


def resnet(*, channels: int = 1, classes: int = 10) -> nn.Module:
    """Three residual blocks of 16, 32 and 32 channels, then the mean over pixels."""
    body = nn.Sequential(
        *_convolution(channels, 16),
        ResidualBlock(16, 16, 1),
        ResidualBlock(16, 32, 2),
        ResidualBlock(32, 32, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    return _network(body, 32, classes)


def onebrain(*, classes: int = 10) -> nn.Module:
    """One brain cell: the mean of all normalised pixels, then a linear layer."""
    return _network(PixelMean(), 1, classes)


class PixelMean(nn.Module):
    """(n, c, h, w) to (n, 1): the mean over channels and pixels."""

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        return x.flatten(1).mean(dim=1, keepdim=True)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm beside a shortcut."""

    def __init__(self, narrow: int, wide: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(narrow, wide, stride), *_convolution(wide, wide)[:-1]
        )
        self.shortcut = (
            nn.Identity()
            if narrow == wide and stride == 1
            else nn.Conv2d(narrow, wide, 1, stride, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, narrow, h, w) to (n, wide, h / stride, w / stride)."""
        return functional.relu(self.body(x) + self.shortcut(x))


class Network(nn.Module):
    """A body that makes features, and a linear head."""

    def __init__(self, body: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.body = body
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, classes) logits."""
        logits: Tensor = self.head(self.body(x))
        return logits


def _network(body: nn.Module, features: int, classes: int) -> Network:
    return Network(body, nn.Linear(features, classes))


def _convolution(narrow: int, wide: int, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(narrow, wide, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(wide),
        nn.ReLU(),
    ]
