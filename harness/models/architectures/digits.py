"""Small classifiers of 8x8 grey digits, of different strength on purpose."""

from __future__ import annotations

from torch import nn

from harness.models.architectures.resnet_cifar import ResNet, resnet

CLASSES = 10
PIXELS = 64


def mlp() -> nn.Module:
    """One hidden layer of 64."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )


def lenet() -> nn.Module:
    """Two convolutions with pooling and two linear layers, after LeNet-5."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 3, padding=1),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 48),
        nn.Tanh(),
        nn.Linear(48, CLASSES),
    )


def small_resnet() -> ResNet:
    """The CIFAR ResNet with one block a stage and one input channel."""
    return resnet(8, channels=1, width=8)


def vgg() -> nn.Module:
    """Pairs of 3x3 convolutions with batch norm, halved twice, after VGG."""
    parts: list[nn.Module] = []
    channels = 1
    for width in (16, 32):
        for _ in range(2):
            parts += [
                nn.Conv2d(channels, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            ]
            channels = width
        parts.append(nn.MaxPool2d(2))
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(4 * channels, CLASSES))
