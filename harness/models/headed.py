"""A network with another last layer: what entered its own enters that."""

from __future__ import annotations

import torch
from torch import nn

from harness.models.layers import pooled


class Headed(nn.Module):
    """A network whose features enter a new linear layer, which begins at 0.

    Parameters
    ----------
    network
        (n, c, h, w) to logits or features.
    head
        Dotted name of the part that its features enter; empty where they are its
        output, maps averaged over positions.
    width, classes
        Of features; of logits.
    """

    def __init__(
        self, network: nn.Module, head: str, *, width: int, classes: int
    ) -> None:
        super().__init__()
        self.network = network
        self.head = head
        self.linear = nn.Linear(width, classes)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) to (n, classes) logits."""
        logits: torch.Tensor = self.linear(entering(self.network, self.head, images))
        return logits


def entering(network: nn.Module, head: str, images: torch.Tensor) -> torch.Tensor:
    """(n, d) features of images, through which gradients flow.

    Parameters
    ----------
    network, head
        As of `Headed`.
    images
        (n, c, h, w), normalised.
    """
    if not head:
        return pooled(network(images), "avg")
    seen: list[torch.Tensor] = []

    def taken(_module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        seen.append(inputs[0])

    hook = network.get_submodule(head).register_forward_pre_hook(taken)
    try:
        network(images)
    finally:
        hook.remove()
    return seen[-1].flatten(1)
