"""A user's own classifier: a factory that returns the network, weights in place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.models.classifier import Classifier, ready
from harness.target import resolve

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base
    from harness.settings import Settings


@dataclass(frozen=True, kw_only=True)
class OwnModel:
    """A registry entry around a factory; the arguments of `Registry.add_model`."""

    name: str
    base: str
    build: Callable[[], torch.nn.Module] | str
    head: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str = "registered by a conftest or plugin"
    _fingerprints: list[str] = field(default_factory=list)

    def locate(self, settings: Settings) -> str:
        """Where it comes from; a factory is always at hand."""
        return self.source

    def fingerprint(
        self, settings: Settings, base: Base, tell: Callable[[str], None]
    ) -> str:
        """sha256 over names, shapes and values of all weights, and the normalisation.

        The network is built once a process to know it.
        """
        if not self._fingerprints:
            self._fingerprints.append(_digest(self, self._build(base)))
        return self._fingerprints[0]

    def load(
        self,
        settings: Settings,
        base: Base,
        device: str,
        tell: Callable[[str], None],
    ) -> Classifier:
        """The classifier on its device, in eval mode and without gradients."""
        network = self._build(base)
        return Classifier(
            name=self.name,
            network=ready(network, device),
            mean=self.mean,
            std=self.std,
            classes=len(base.classes),
            head=self.head,
            fingerprint=self.fingerprint(settings, base, tell),
        )

    def _build(self, base: Base) -> torch.nn.Module:
        import torch

        build = resolve(self.build) if isinstance(self.build, str) else self.build
        network = build()
        if not isinstance(network, torch.nn.Module):
            raise HarnessError(
                f"`build` of model {self.name} must return a torch.nn.Module, "
                f"got {type(network).__name__}"
            )
        if not self.head or self.head not in dict(network.named_modules()):
            linear = [
                name
                for name, part in network.named_modules()
                if isinstance(part, torch.nn.Linear)
            ]
            raise HarnessError(
                f"`head` of model {self.name} must name a layer, got {self.head!r}; "
                f"its linear layers are {', '.join(linear) or 'none'}"
            )
        for name in ("mean", "std"):
            if len(getattr(self, name)) != base.size[2]:
                raise HarnessError(
                    f"`{name}` of model {self.name} must have {base.size[2]} numbers, "
                    f"one a channel, got {getattr(self, name)}"
                )
        return network


def _digest(model: OwnModel, network: torch.nn.Module) -> str:
    digest = hashlib.sha256(repr((model.mean, model.std, model.head)).encode())
    # The printed structure tells apart networks that share weights: ReLU or GELU.
    digest.update(repr(network).encode())
    for name, tensor in network.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().numpy().tobytes())
    return digest.hexdigest()
