"""MobileNets as TensorFlow runs them, batch norm folded into the convolutions.

Howard et al., 2017, arXiv:1704.04861, table 1; Sandler et al., CVPR 2018,
arXiv:1801.04381, table 2. Names of the tensors are those of plain sequences, from
``0.0.weight`` on.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as PyTorch's own docs do

# Channels at full width and stride of the depthwise convolution before them.
_V1 = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)
# Expansion, channels, repetitions, stride of the first.
_V2 = (
    *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
    *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
)


class Same(nn.Conv2d):
    """A convolution padded as TensorFlow's "SAME": the odd row and column come last."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) to (n, d, ceil(h / stride), ceil(w / stride))."""
        padding: list[int] = []
        for axis in (1, 0):  # of the last axis first
            side, stride = x.shape[2 + axis], self.stride[axis]
            steps = -(-side // stride) - 1
            total = max(steps * stride + self.kernel_size[axis] - side, 0)
            padding += [total // 2, total - total // 2]
        padded = F.pad(x, padding)
        found: torch.Tensor = self._conv_forward(padded, self.weight, self.bias)
        return found


class Residual(nn.Sequential):
    """Its layers, and its input added to what they give."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The same shape."""
        found = x
        for layer in self:
            found = layer(found)
        return x + found


def _layer(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    *,
    linear: bool = False,
) -> nn.Sequential:
    layer = Same(inputs, outputs, kernel, stride, groups=groups)
    return nn.Sequential(layer) if linear else nn.Sequential(layer, nn.ReLU6())


def _head(channels: int, classes: int) -> tuple[nn.Module, ...]:
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)


def mobilenet_v1(width: float, *, classes: int = 1000) -> nn.Sequential:
    """Depthwise and pointwise convolutions in turn; `width` times the channels."""
    last = int(32 * width)
    layers: list[nn.Module] = [_layer(3, last, 3, 2)]
    for channels, stride in _V1:
        wide = int(channels * width)
        layers += [_layer(last, last, 3, stride, last), _layer(last, wide)]
        last = wide
    return nn.Sequential(*layers, *_head(last, classes))


def mobilenet_v2(*, classes: int = 1000) -> nn.Sequential:
    """Inverted residuals with linear bottlenecks, at full width."""
    last = 32
    layers: list[nn.Module] = [_layer(3, last, 3, 2)]
    for expansion, channels, repetitions, first in _V2:
        for index in range(repetitions):
            stride, wide = (1 if index else first), last * expansion
            block = [_layer(last, wide)] if expansion > 1 else []
            block += [
                _layer(wide, wide, 3, stride, wide),
                _layer(wide, channels, linear=True),
            ]
            added = stride == 1 and last == channels
            layers.append(Residual(*block) if added else nn.Sequential(*block))
            last = channels
    return nn.Sequential(*layers, _layer(last, 1280), *_head(1280, classes))
