"""Classifier: a network with its own preprocessing, head and fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """A model under test.

    Attributes
    ----------
    name
        As in the registry.
    network
        In eval mode, without gradients; normalised (n, c, h, w) to (n, k) logits.
    mean, std
        Per channel, of images scaled to [0, 1]; they belong to the weights, since two
        published sets of weights for one base disagree.
    classes
        Number of logits, k.
    head
        Dotted name of the last linear layer inside `network`; what enters it are the
        features.
    fingerprint
        sha256 over the weights and what else decides the logits.
    """

    name: str
    network: torch.nn.Module
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: int
    head: str
    fingerprint: str

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 (n, c, h, w) to normalised float32 on the same device."""
        import torch

        mean = torch.tensor(self.mean, device=images.device).view(1, -1, 1, 1)
        std = torch.tensor(self.std, device=images.device).view(1, -1, 1, 1)
        normalised = (images.float() / 255 - mean) / std
        return normalised.contiguous(memory_format=torch.channels_last)


def ready(network: torch.nn.Module, device: str) -> torch.nn.Module:
    """The network as it is run: on its device, frozen, in eval mode.

    Channels come last in memory: convolutions are about twice as fast that way on a
    processor (ResNet-20 on one thread), and it changes nothing else.
    """
    import torch

    network = network.eval().requires_grad_(False).to(device)
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(
                memory_format=torch.channels_last
            )
    return network
