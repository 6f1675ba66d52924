"""LARC: stochastic gradient descent with a rate of its own for every tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

TRUST = 1e-3
EPS = 1e-8


class Larc(torch.optim.SGD):
    """Steps whose length is a share of that of the weights, whatever the gradient's.

    With weights w of a tensor, their gradient g, decay d, momentum m and rate r::

        s = TRUST |w| / (|g| + d |w| + EPS)
        v = m v + s (g + d w)
        w = w - r v

    Norms are Euclidean. Where w or g is 0 the step is that of plain SGD, without decay.

    References
    ----------
    You, Gitman, Ginsburg, "Large Batch Training of Convolutional Networks", 2017,
    arXiv:1708.03888, equation 6; in the form of NVIDIA/apex, ``LARC`` with
    ``clip=False``, with which Self-Classifier, SwAV and others are trained: s scales
    what goes into the momentum, and of biases and norms too.

    Parameters
    ----------
    parameters
        To be learned.
    lr, momentum, weight_decay
        r, m and d.
    """

    def __init__(
        self,
        parameters: Iterable[torch.nn.Parameter],
        *,
        lr: float,
        momentum: float,
        weight_decay: float,
    ) -> None:
        super().__init__(parameters, lr=lr, momentum=momentum)
        self._decay = weight_decay

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Scale the gradients and descend; they stay scaled."""
        for group in self.param_groups:
            for weights in group["params"]:
                if weights.grad is not None:
                    self._scale(weights, weights.grad)
        return super().step(closure)

    def _scale(self, weights: torch.Tensor, gradient: torch.Tensor) -> None:
        size, slope = weights.norm(), gradient.norm()
        scale = TRUST * size / (slope + self._decay * size + EPS)
        scaled = scale * (gradient + self._decay * weights)
        gradient.copy_(torch.where((size > 0) & (slope > 0), scaled, gradient))
