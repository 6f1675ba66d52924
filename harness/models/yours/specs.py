"""Networks of --harness-model: from a specification to an entry of the registry."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from harness.activation import Activation
from harness.datasets.geometry import Geometry
from harness.errors import HarnessError, UnknownName
from harness.models.classifier import Classifier
from harness.models.layers import Layer
from harness.models.network import Network, ready
from harness.models.normalisation import checked_statistic
from harness.models.yours.built import Built, cannot_be, check_filled
from harness.models.yours.class_lists import check_class_list
from harness.models.yours.dry_run import Probed, layers_of, probe, seen_parts
from harness.models.yours.geometries import at_its_size, geometry_of
from harness.queries import safe_name

if TYPE_CHECKING:
    import torch

    from harness.contents import Contents
    from harness.datasets.family import Base
    from harness.settings import ModelSpec, Settings

Tell = Callable[[str], None]


class Builder(Protocol):
    """Where a specification's network comes from."""

    @property
    def name(self) -> str:
        """What the model is called unless the user says otherwise."""

    @property
    def own_code(self) -> bool:
        """Whether code of the user's makes it, so that it may be another each time."""

    def locate(self, settings: Settings) -> str:
        """Where it comes from, for people; HarnessError if it cannot."""

    def build(self, settings: Settings, base: Base, tell: Tell) -> Built:
        """The network, weights in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the first build in a process showed."""

    probed: Probed
    mean: tuple[float, ...]
    std: tuple[float, ...]
    geometry: Geometry | None
    fingerprint: str
    built: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class SpecModel:
    """A registry entry around a specification.

    Attributes
    ----------
    asked
        Whether it is run for having been specified, as those of the command line are.
    """

    name: str
    base: str
    spec: ModelSpec
    builder: Builder
    source: str = "--harness-model"
    asked: bool = True
    _facts: list[_Facts] = field(default_factory=list)
    _layers: list[tuple[Layer, ...]] = field(default_factory=list)

    @property
    def encoder(self) -> bool:
        """Whether it gives features and no logits."""
        return self.spec.kind == "encoder"

    @property
    def activation(self) -> str:
        """What makes confidences of its logits."""
        return self.spec.activation or Activation.SOFTMAX

    def known_layers(
        self, settings: Settings, base: Base, tell: Tell
    ) -> tuple[Layer, ...]:
        """Parts that features can be taken of: as named, or as a dry run finds them.

        Raises
        ------
        HarnessError
            As `check`.
        """
        if not self._layers:
            found = self.spec.layers
            if not found:
                network, facts = self._built(settings, base, tell)
                found = self._dry_layers(network, facts, base)
            self._layers.append(_layers(found))
        return self._layers[0]

    def locate(self, settings: Settings) -> str:
        """What it is built from; MissingData if that is not here."""
        return self.builder.locate(settings)

    def check(self, settings: Settings, base: Base, tell: Tell) -> None:
        """Build it and run it dry, once a process.

        Raises
        ------
        HarnessError
            If it cannot be built, does not fit the base, or lacks a normalisation; or,
            where the user's own code builds it, if it is another the second time.
        """
        if not self._facts:
            self._built(settings, base, tell)
            if self.builder.own_code:
                contents = self._told(self.builder.build(settings, base, tell))
                self._compare(contents.of_instance())

    def _compare(self, built: dict[str, str]) -> None:
        """Refuse another network than that of the first build."""
        if other := built.items() ^ self._facts[0].built.items():
            # Tensors first: wrappers of PyTorch's have attributes that hold them.
            what = min((not name.startswith("tensor "), name) for name, _ in other)[1]
            raise HarnessError(
                f"model {self.name} must be the same whenever it is built, but its "
                f"{what} differs from call to call of {self.spec.target}; "
                "load its weights from a file in it, and leave chance out"
            )

    def _told(self, built: Built) -> Contents:
        """What the network is made of; HarnessError if that cannot be told."""
        check_filled(built.network, self.name)
        try:
            return _contents(built)
        except Exception as error:  # tensors and state may be of any kind
            raise cannot_be(self.name, "told by its content", error) from error

    def fingerprint(self, settings: Settings, base: Base, tell: Tell) -> str:
        """sha256 over weights, structure, code or file, normalisation and head."""
        self.check(settings, base, tell)
        return self._facts[0].fingerprint

    def load(self, settings: Settings, base: Base, device: str, tell: Tell) -> Network:
        """The network on its device, in eval mode and without gradients.

        Raises
        ------
        HarnessError
            As `check`; or if the weights are others than they were in this process.
        """
        network, facts = self._built(settings, base, tell)
        self._compare(facts.built)
        channels_last = facts.probed.channels_last
        parts = self.spec.layers or tuple(seen_parts(network))
        found: dict[str, Any] = {
            "name": self.name,
            "network": ready(network, device, channels_last=channels_last),
            "mean": facts.mean,
            "std": facts.std,
            "head": facts.probed.head,
            "layers": _layers(parts),
            "fingerprint": self._facts[0].fingerprint,
            "channels_last": channels_last,
            "geometry": facts.geometry,
        }
        if self.encoder:
            return Network(**found)
        return Classifier(**found, classes=len(base.classes))

    def _built(
        self, settings: Settings, base: Base, tell: Tell
    ) -> tuple[torch.nn.Module, _Facts]:
        check_class_list(self.spec, base)
        built = self.builder.build(settings, base, tell)
        mean, std = (
            _statistic(self.spec, fact, built, base.size[2]) for fact in ("mean", "std")
        )
        contents = self._told(built)
        geometry = geometry_of(
            built.network, self._said_geometry(base) or built.geometry, base, self.name
        )
        probed = probe(
            built.network,
            at_its_size(base, geometry),
            name=self.name,
            head=self.spec.head,
            mean=mean,
            std=std,
            kind=self.spec.kind,
        )
        # Of an encoder the same parts say something else.
        others: list[Any] = ["encoder"] if self.encoder else []
        if geometry is not None:
            others.append(geometry.identity())
        if self.activation != Activation.SOFTMAX:
            others.append(str(self.activation))
        decides = repr((contents.digest(), mean, std, probed.head, *others))
        facts = _Facts(
            probed=probed,
            mean=mean,
            std=std,
            geometry=geometry,
            fingerprint=hashlib.sha256(decides.encode()).hexdigest(),
            built=contents.of_instance(),
        )
        if not self._facts:
            self._check_layers(built.network, facts, base)
            self._facts.append(facts)
        return built.network, facts

    def _said_geometry(self, base: Base) -> Geometry | None:
        """What the user says of pictures; HarnessError where it is for nothing."""
        said = self.spec.geometry
        if said is None:
            return None
        if base.geometry is None:
            height, width = base.size[:2]
            raise HarnessError(
                f"model {self.name} is said to get pictures at resize={said.resize} "
                f"and crop={said.crop}, but images of base {base.name} all have "
                f"{width}x{height} pixels; leave the two out, or name a base of "
                "pictures of any size with --harness-base 'FOLDER?resize=256&crop=224'"
            )
        return Geometry(
            resize=said.resize,
            crop=said.crop,
            interpolation=said.interpolation or "bilinear",
        )

    def _dry_layers(
        self, network: torch.nn.Module, facts: _Facts, base: Base
    ) -> tuple[str, ...]:
        return layers_of(
            network,
            at_its_size(base, facts.geometry),
            name=self.name,
            channels_last=facts.probed.channels_last,
            mean=facts.mean,
            std=facts.std,
        )

    def _check_layers(
        self, network: torch.nn.Module, facts: _Facts, base: Base
    ) -> None:
        """Refuse layers that were named and cannot be."""
        parts = seen_parts(network)
        for name in self.spec.layers:
            if name not in parts:
                raise UnknownName(f"layer of model {self.name}", name, parts)
        good = self._dry_layers(network, facts, base) if self.spec.layers else ()
        for name in self.spec.layers:
            if name not in good:
                raise HarnessError(
                    f"layer {name} of model {self.name} must run once a pass and give "
                    "one tensor, (n, d), (n, t, c) or (n, c, h, w) for n images; name "
                    "another with ?layers="
                )


def _layers(parts: Iterable[str]) -> tuple[Layer, ...]:
    return tuple(Layer(name=part, module=part) for part in parts)


def spec_model(spec: ModelSpec, base: str) -> SpecModel:
    """The entry of a specification; nothing is built or looked for yet.

    Raises
    ------
    HarnessError
        If the target is of no known form.
    """
    builder = _builder(spec)
    name = spec.name or safe_name(builder.name)
    return SpecModel(name=name, base=base, spec=spec, builder=builder)


def _builder(spec: ModelSpec) -> Builder:
    from harness.models.yours.exported import Exported, Onnx
    from harness.models.yours.factories import Factory
    from harness.models.yours.zoos import Hub, Timm, Torchvision

    target = spec.target
    kind, colon, rest = target.partition(":")
    zoos: dict[str, Callable[[ModelSpec], Builder]] = {
        "torchvision": Torchvision,
        "timm": Timm,
        "hub": Hub,
    }
    if kind == "torchvision" and spec.kind == "encoder" and not spec.head:
        raise HarnessError(
            f"encoder {target} gives logits of other classes: name the part that its "
            f"features enter, such as '{target}?kind=encoder&head=fc'"
        )
    if kind in zoos and rest:
        return zoos[kind](spec)
    if target.endswith(".pt2"):
        return Exported(spec)
    if target.endswith(".onnx"):
        return Onnx(spec)
    if colon and all(target.rpartition(":")[::2]):
        return Factory(spec)
    cure = ""
    if target.endswith((".pt", ".pth", ".safetensors", ".ckpt")):
        cure = (
            " (such a file holds weights or a TorchScript, no network that can be "
            "loaded safely: write FILE.py:FACTORY?weights=FILE, torch.export it or, "
            "where you trust it, torch.jit.load it in a factory)"
        )
    raise HarnessError(
        "--harness-model must be package.module:factory, FILE.py:factory, FILE.pt2, "
        "FILE.onnx, torchvision:NAME, timm:NAME or hub:REPOSITORY:NAME, "
        f"got {target!r}{cure}"
    )


# --- normalisation --------------------------------------------------------------------


def _statistic(
    spec: ModelSpec, fact: str, built: Built, channels: int
) -> tuple[float, ...]:
    """Mean or std: as said, or published with the weights, or said by the network."""
    found = getattr(spec, fact) or getattr(built, fact)
    if not found:
        found = _attribute(built.network, fact, spec.target)
    if not found:
        given = ",".join(["0.5"] * channels)
        raise HarnessError(
            f"model {spec.target} must say the {fact} of its normalisation, of images "
            f"scaled to [0, 1]: write '{spec.target}?mean={given}&std={given}' with "
            "the numbers it was trained with, or ?mean=0&std=1 if it was trained "
            "without, or give the network attributes `mean` and `std`"
        )
    return checked_statistic(fact, found, spec.target, channels)


def _attribute(network: torch.nn.Module, fact: str, target: str) -> tuple[Any, ...]:
    import torch

    value: Any = getattr(network, fact, None)
    if isinstance(value, torch.Tensor):
        # Networks keep such tensors to normalise with them themselves.
        raise HarnessError(
            f"model {target} has a tensor `{fact}`, so it may normalise images itself: "
            f"write '{target}?mean=0&std=1' if it does, or else the numbers"
        )
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist()
    if isinstance(value, Real) and not isinstance(value, bool):
        return (value,)
    return tuple(value) if isinstance(value, tuple | list) else ()


# --- fingerprint ----------------------------------------------------------------------


def _contents(built: Built) -> Contents:
    """Everything of a network that can decide its logits.

    Its structure and its code, and no logits: those differ in their last digits from
    processor to processor, and the same network is to be known everywhere.
    """
    from harness.contents import Contents

    contents = Contents()
    contents.add_network(built.network)
    contents.files.update(map(Path, built.files))
    return contents
