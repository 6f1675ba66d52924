"""Network: what is run on images, with its own preprocessing, layers, fingerprint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from harness.models.layers import Layer

if TYPE_CHECKING:
    import torch

    from harness.datasets.geometry import Geometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A model under test; one that is no `Classifier` is an encoder, without classes.

    Attributes
    ----------
    name
        As in the registry.
    network
        In eval mode, without gradients; normalised (n, c, h, w) to (n, k) logits, or of
        an encoder to its features.
    mean, std
        Per channel, of images scaled to [0, 1]; they belong to the weights, since two
        published sets of weights for one base disagree.
    fingerprint
        sha256 over the weights and what else decides the output.
    head
        Dotted name of the part inside `network` that features enter: of a classifier
        its last linear layer. Empty where there is none: a classifier then has no
        features, and those of an encoder are its output.
    layers
        Where else features can be taken, in the order that they run.
    precision
        Of everything before the head: "float32" or "bfloat16".
    channels_last
        Whether images come in channels-last memory, which is faster, or in the usual
        order, since some networks take no other.
    stateless
        Whether the network keeps nothing between its layers but what it hands on, so
        that it can run on several batches at a time. A user's own may be anything.
    geometry
        What it asks pictures of any size to be brought to; None for the base's size.
    """

    name: str
    network: torch.nn.Module
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fingerprint: str
    head: str = ""
    layers: tuple[Layer, ...] = ()
    precision: str = "float32"
    channels_last: bool = True
    stateless: bool = False
    geometry: Geometry | None = None

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 (n, c, h, w) to what the network takes, on the same device."""
        import torch

        mean = _per_channel(self.mean, images.device)
        std = _per_channel(self.std, images.device)
        normalised = (images.float() / 255 - mean).div_(std)
        if self.channels_last:
            laid = normalised.contiguous(memory_format=torch.channels_last)
        else:
            # Grey images count as contiguous in either order; a copy has usual strides.
            laid = normalised.clone(memory_format=torch.contiguous_format)
        return laid.to(getattr(torch, self.precision))


N = TypeVar("N", bound=Network)


@cache
def _per_channel(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    """(1, c, 1, 1), sent to the device once and not for every batch."""
    import torch

    with torch.inference_mode(mode=False):
        return torch.tensor(values, device=device).view(1, -1, 1, 1)


def ready(
    network: torch.nn.Module, device: str, *, channels_last: bool = True
) -> torch.nn.Module:
    """The network as it is run: on its device, frozen, in eval mode.

    Channels come last in memory: convolutions are a third faster that way on a
    processor (`benchmarks.network`), and it changes nothing else.
    """
    import torch

    layout = torch.channels_last if channels_last else torch.contiguous_format
    # Not one after the other: a user's own eval() may return nothing, and a network of
    # TorchScript has no requires_grad_().
    network.eval()
    network.to(device)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)
    return network


def lowered(model: N, precision: str) -> N:
    """The network in another precision, its head still in float32.

    bfloat16 has 8 binary digits: logits in it would tie. So the head takes the features
    as float32, and only what comes before is rounded.
    """
    import torch

    if precision == model.precision:
        return model
    network = model.network.to(getattr(torch, precision))
    if model.head:
        head = network.get_submodule(model.head).float()

        def widen(
            _module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]
        ) -> tuple[torch.Tensor, ...]:
            return tuple(part.float() for part in inputs)

        head.register_forward_pre_hook(widen)
    return replace(
        model,
        network=network,
        precision=precision,
        fingerprint=f"{model.fingerprint}-{precision}",
    )
