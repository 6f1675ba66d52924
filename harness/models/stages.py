"""Stages: the layers of the harness's own architectures, by the parts that end them.

A stage is what lies between two changes of the maps' size, or a block that the paper
counts as one. It ends after the activation or the pooling that closes it.
"""

from __future__ import annotations

from harness.models.layers import Layer, stages

#: Three stages of residual blocks: ResNets for 32x32 images.
RESNET = stages("layer1", "layer2", "layer3")
#: Four: ResNet-18, -34, -50.
WIDE_RESNET = stages("layer1", "layer2", "layer3", "layer4")
REPVGG = stages("stage1", "stage2", "stage3", "stage4")
DENSENET = stages(*(f"features.denseblock{i}" for i in range(1, 5)))
#: At the last block of each size of map.
MOBILENET = stages("features.3", "features.6", "features.13", "features.18")
#: Stages 2 to 4 are those of the paper; the stem is 1, the last convolution 5.
SHUFFLENET = stages("conv1", "stage2", "stage3", "stage4", "conv5")
GOOGLENET = stages("inception3b", "inception4e", "inception5b")
INCEPTION = stages("Mixed_5d", "Mixed_6e", "Mixed_7c")
#: After each pooling.
ALEXNET = stages("features.2", "features.5", "features.12")
LENET5 = stages("layer1", "layer2")
SMALL_LENET = stages("3", "7")
DIGITS_LENET = stages("2", "5")
DIGITS_VGG = stages("6", "13")
_VGG_POOLINGS = {
    11: (3, 7, 14, 21, 28),
    13: (6, 13, 20, 27, 34),
    16: (6, 13, 23, 33, 43),
    19: (6, 13, 26, 39, 52),
}


def vgg(depth: int) -> tuple[Layer, ...]:
    """After each of the five poolings of a VGG with batch norm."""
    return stages(*(f"features.{i}" for i in _VGG_POOLINGS[depth]))


def convolutions(count: int) -> tuple[Layer, ...]:
    """conv1, conv2, ...: stages called as tables of pretext trainings call them."""
    names = [f"conv{i}" for i in range(1, count + 1)]
    return tuple(Layer(name=name, module=name) for name in names)
