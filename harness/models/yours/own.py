"""A user's own network: a factory that returns the network, weights in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from harness.activation import Activation
from harness.code import resolve
from harness.errors import UnknownName
from harness.models.normalisation import checked_statistic
from harness.models.yours.built import Built, checked_network, failed
from harness.models.yours.specs import SpecModel
from harness.settings import ModelSpec

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base
    from harness.settings import Settings

SOURCE = "registered by a conftest or plugin"
Make = Callable[[], "torch.nn.Module"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A factory of a conftest or plugin, or where it can be imported from."""

    name: str
    make: Make | str
    own_code: ClassVar[bool] = True

    def locate(self, settings: Settings) -> str:
        """Where it comes from; a factory is always at hand."""
        return SOURCE

    def build(self, settings: Settings, base: Base, tell: Any) -> Built:
        """The network that the factory returns.

        Raises
        ------
        HarnessError
            If the factory cannot be imported or fails, or returns anything else.
        """
        try:
            make = resolve(self.make) if isinstance(self.make, str) else self.make
            made = make()
        except (Exception, SystemExit) as error:  # the user's code may raise anything
            raise failed(self.name, error) from error
        return Built(network=checked_network(made, self.name))


def own_model(
    *,
    name: str,
    base: str,
    build: Make | str,
    head: str,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    kind: str = "classifier",
    layers: tuple[str, ...] = (),
    activation: str = Activation.SOFTMAX,
) -> SpecModel:
    """The entry behind `Registry.add_model`; nothing is built yet.

    It is built, run dry and known by its content as those of --harness-model are.

    Raises
    ------
    HarnessError
        If mean or std is empty, or cannot be of images scaled to [0, 1], or there is no
        such kind or activation.
    """
    if kind not in ("classifier", "encoder"):
        raise UnknownName(f"kind of model {name}", kind, ("classifier", "encoder"))
    if activation not in list(Activation):
        raise UnknownName(f"activation of model {name}", activation, Activation)
    spec = ModelSpec(
        target=name,
        name=name,
        head=head,
        mean=checked_statistic("mean", mean, name),
        std=checked_statistic("std", std, name),
        kind=kind,
        layers=tuple(layers),
        activation=activation,
    )
    builder = Registration(name=name, make=build)
    return SpecModel(
        name=name,
        base=base,
        spec=spec,
        builder=builder,
        source=SOURCE,
        asked=False,
    )
