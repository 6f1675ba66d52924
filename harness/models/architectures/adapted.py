"""torchvision's networks with the stems that were published for 32x32 images.

A stem made for 224 pixels shrinks the image by four or more before the first block.
These keep more of a small image: a stride of one, and where said fewer poolings.
"""

from __future__ import annotations

from typing import TypeVar

from torch import nn
from torchvision.models.densenet import DenseNet
from torchvision.models.googlenet import BasicConv2d as GoogLeNetConvolution
from torchvision.models.googlenet import GoogLeNet
from torchvision.models.inception import BasicConv2d as InceptionConvolution
from torchvision.models.inception import Inception3
from torchvision.models.mobilenetv2 import MobileNetV2
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.models.shufflenetv2 import ShuffleNetV2

K = TypeVar("K")
V = TypeVar("V")

_RESNETS: dict[int, tuple[type[nn.Module], tuple[int, ...]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
}
# Growth rate, layers of the four blocks, channels of the stem.
_DENSENETS = {
    121: (32, (6, 12, 24, 16), 64),
    161: (48, (6, 12, 36, 24), 96),
    169: (32, (6, 12, 32, 32), 64),
}
# Expansion, channels, repetitions, stride: as in table 2 of the paper, except that the
# stride of the second row is 1 instead of 2.
_MOBILENET = (
    (1, 16, 1, 1),
    (6, 24, 2, 1),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
# Channels of the stem, the three stages and the last convolution.
_SHUFFLENETS = {
    0.5: (24, 48, 96, 192, 1024),
    1.0: (24, 116, 232, 464, 1024),
    1.5: (24, 176, 352, 704, 1024),
    2.0: (24, 244, 488, 976, 2048),
}


def resnet(depth: int, *, classes: int = 10) -> ResNet:
    """ResNet-18, -34 or -50 with a 3x3 stem of stride 1; the pooling stays.

    He et al., CVPR 2016, arXiv:1512.03385, table 1.
    """
    block, blocks = _choice("depth", depth, _RESNETS)
    network = ResNet(block, list(blocks), num_classes=classes)
    network.conv1 = _stem(64)
    return network


def densenet(depth: int, *, classes: int = 10) -> DenseNet:
    """DenseNet-121, -161 or -169 with a 3x3 stem of stride 1; the pooling stays.

    Huang et al., CVPR 2017, arXiv:1608.06993, table 1.
    """
    growth, blocks, stem = _choice("depth", depth, _DENSENETS)
    network = DenseNet(growth, blocks, stem, num_classes=classes)
    network.features.conv0 = _stem(stem)
    return network


def mobilenet_v2(width: float, *, classes: int = 10) -> MobileNetV2:
    """MobileNetV2 with strides of 1 in the stem and in the second row of blocks.

    Sandler et al., CVPR 2018, arXiv:1801.04381, table 2.
    """
    rows = [list(row) for row in _MOBILENET]
    network = MobileNetV2(classes, width, inverted_residual_setting=rows)
    stem = network.features[0]
    stem[0] = _stem(stem[0].out_channels)
    return network


def shufflenet_v2(width: float, *, classes: int = 10) -> ShuffleNetV2:
    """ShuffleNetV2 with a stem of stride 1 and without the pooling after it.

    Ma et al., ECCV 2018, arXiv:1807.11164, table 5.
    """
    channels = _choice("width", width, _SHUFFLENETS)
    network = ShuffleNetV2([4, 8, 4], list(channels), num_classes=classes)
    network.conv1[0] = _stem(channels[0])
    network.maxpool = nn.Identity()
    return network


def googlenet(*, classes: int = 10) -> GoogLeNet:
    """GoogLeNet with one 3x3 convolution for a stem and two poolings with padding.

    Szegedy et al., CVPR 2015, arXiv:1409.4842, table 1; without the auxiliary heads,
    with batch norm, and with the 3x3 kernels that torchvision has for 5x5.
    """
    network = GoogLeNet(
        classes, aux_logits=False, transform_input=False, init_weights=False
    )
    network.conv1 = GoogLeNetConvolution(3, 192, kernel_size=3, padding=1)
    network.maxpool1 = network.maxpool2 = nn.Identity()
    network.conv2 = network.conv3 = nn.Identity()
    network.maxpool3 = nn.MaxPool2d(3, stride=2, padding=1)
    network.maxpool4 = nn.MaxPool2d(3, stride=2, padding=1)
    return network


def inception_v3(*, classes: int = 10) -> Inception3:
    """Inception-v3 with one padded 3x3 convolution for a stem.

    Szegedy et al., CVPR 2016, arXiv:1512.00567, table 1; without the auxiliary head.
    """
    network = Inception3(
        classes, aux_logits=False, transform_input=False, init_weights=False
    )
    network.Conv2d_1a_3x3 = InceptionConvolution(3, 192, kernel_size=3, padding=1)
    network.Conv2d_2a_3x3 = network.Conv2d_2b_3x3 = nn.Identity()
    network.Conv2d_3b_1x1 = network.Conv2d_4a_3x3 = nn.Identity()
    network.maxpool1 = network.maxpool2 = nn.Identity()
    return network


def _stem(channels: int) -> nn.Conv2d:
    return nn.Conv2d(3, channels, 3, padding=1, bias=False)


def _choice(name: str, value: K, known: dict[K, V]) -> V:
    if value not in known:
        raise ValueError(f"`{name}` must be one of {[*known]}, got {value!r}")
    return known[value]
