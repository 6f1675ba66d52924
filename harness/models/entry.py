"""Model entries: where a classifier's code and weights come from, and its facts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.activation import Activation, checked_activation
from harness.code import resolve, source_digest
from harness.digests import file_digest
from harness.errors import MissingData
from harness.extras import install
from harness.models.classifier import Classifier
from harness.models.fusion import fused
from harness.models.layers import Layer
from harness.models.network import Network, ready
from harness.models.weights import (
    find_file,
    load_strictly,
    read_state_dict,
    verify,
)
from harness.renamed import moved

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base
    from harness.datasets.geometry import Geometry
    from harness.models.recipe import Recipe
    from harness.settings import Settings

Tell = Callable[[str], None]
BUNDLED = Path(__file__).parent / "bundled"  # weights that come with the package


class Registered(Protocol):
    """What the registry asks of a model, whatever its weights come from."""

    @property
    def name(self) -> str:
        """Its name on the command line."""

    @property
    def base(self) -> str:
        """Name of the base it was trained on."""

    def locate(self, settings: Settings) -> str:
        """Where its weights come from, for people; MissingData if they cannot."""

    def fingerprint(self, settings: Settings, base: Base, tell: Tell) -> str:
        """sha256 over what decides the logits."""

    def load(self, settings: Settings, base: Base, device: str, tell: Tell) -> Network:
        """The network on its device, in eval mode and without gradients."""


def is_encoder(entry: Registered) -> bool:
    """Whether a model gives features and no logits; an entry need not say."""
    return bool(getattr(entry, "encoder", False))


def activation_of(entry: Registered) -> Activation:
    """What makes confidences of a model's logits; a softmax if it does not say."""
    return checked_activation(getattr(entry, "activation", Activation.SOFTMAX))


def known_layers(
    entry: Registered, settings: Settings, base: Base, tell: Tell
) -> tuple[Layer, ...]:
    """Layers of a model that features can be taken of; an entry need not know any."""
    if isinstance(entry, ModelEntry):
        return entry.layers
    find = getattr(entry, "known_layers", None)
    return find(settings, base, tell) if find is not None else ()


class Weights(Protocol):
    """Where an entry's weights come from."""

    def locate(self, entry: ModelEntry, settings: Settings) -> str:
        """For people; MissingData if they are not to be had."""

    def file(
        self, entry: ModelEntry, settings: Settings, base: Base, tell: Tell
    ) -> Path:
        """A verified file on this machine, made or fetched if it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A weight file that somebody published.

    Attributes
    ----------
    filename
        As published, perhaps with the end of its folder; looked for at any depth of
        --harness-weights-root.
    url
        Where the bare file can be downloaded; empty if nowhere.
    sha256
        Of the file, or the published beginning of it; empty if none is published.
    advice
        How to get the file by hand, where there is no `url`.
    """

    filename: str
    url: str = ""
    sha256: str = ""
    advice: str = ""

    def locate(self, entry: ModelEntry, settings: Settings) -> str:
        """The file's path, or the URL where it may be downloaded."""
        folders = self._folders(settings)
        if found := find_file(self.filename, folders):
            return str(found)
        # A zoo is not fetched because one of it was wanted: models must be named.
        if self.url and settings.download and settings.models:
            return self.url
        cure = self.advice
        if self.url:
            cure = (
                f"get it from {self.url} and name its folder with "
                "--harness-weights-root, or name the model with --harness-models and "
                "fetch it with --harness-download"
            )
        raise MissingData(
            f"weights {self.filename} of model {entry.name}", folders, cure
        )

    def file(
        self, entry: ModelEntry, settings: Settings, base: Base, tell: Tell
    ) -> Path:
        """The file, its sum verified; downloaded if it is nowhere and may be."""
        from harness.download import download

        place = self.locate(entry, settings)
        if place == self.url:
            path = settings.cache_dir / "weights" / self.filename
            return download(self.url, path, checksum=self.sha256, tell=tell)
        verify(Path(place), self.sha256)
        return Path(place)

    def _folders(self, settings: Settings) -> list[Path]:
        roots = [settings.weights_root, settings.cache_dir / "weights"]
        return [root for root in roots if root is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A file that the user named: a checkpoint of a network that is known.

    Attributes
    ----------
    path
        Of the file.
    """

    path: Path

    def locate(self, entry: ModelEntry, settings: Settings) -> str:
        """The file's path; MissingData if there is none."""
        if not self.path.is_file():
            raise MissingData(
                f"weights of model {entry.name}", [self.path], "name a file that exists"
            )
        return str(self.path)

    def file(
        self, entry: ModelEntry, settings: Settings, base: Base, tell: Tell
    ) -> Path:
        """The file; that it fits is found when it is loaded."""
        return Path(self.locate(entry, settings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """Weights that come with the package, so that everyone measures the same network.

    Training gives others on another processor, or with another number of threads.

    Attributes
    ----------
    sha256
        Of the file.
    """

    sha256: str

    def locate(self, entry: ModelEntry, settings: Settings) -> str:
        """The file's path; MissingData if the installation lacks it."""
        path = BUNDLED / f"{entry.base}-{entry.name}.safetensors"
        if not path.is_file():
            raise MissingData(
                f"weights {path.name} of model {entry.name}",
                [BUNDLED],
                "they come with the package: install it anew",
            )
        return str(path)

    def file(
        self, entry: ModelEntry, settings: Settings, base: Base, tell: Tell
    ) -> Path:
        """The file, its sum verified."""
        path = Path(self.locate(entry, settings))
        verify(path, self.sha256)
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOf:
    """The first of several sources that has the weights.

    MissingData is the first one's, with what the others ask for.
    """

    sources: tuple[Weights, ...]

    def locate(self, entry: ModelEntry, settings: Settings) -> str:
        """Where the first that has them finds them."""
        return self._first(entry, settings).locate(entry, settings)

    def file(
        self, entry: ModelEntry, settings: Settings, base: Base, tell: Tell
    ) -> Path:
        """The first's file."""
        return self._first(entry, settings).file(entry, settings, base, tell)

    def _first(self, entry: ModelEntry, settings: Settings) -> Weights:
        missed: list[MissingData] = []
        for source in self.sources:
            try:
                source.locate(entry, settings)
            except MissingData as error:
                missed.append(error)
            else:
                return source
        raise MissingData(
            missed[0].what, missed[0].looked_at, "; or ".join(m.cure for m in missed)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A row of the model table; it imports nothing heavy until it is loaded.

    Attributes
    ----------
    name, base
        On the command line; what it was trained on.
    build, arguments
        Target of a function that makes the network, and its keyword arguments.
    head
        Dotted name of the last linear layer.
    layers
        Where else features can be taken; see `harness.models.stages`.
    mean, std
        Per channel, of images scaled to [0, 1], as the weights were trained.
    geometry
        What pictures of any size are brought to; None for the base's.
    activation
        What it was trained with: "softmax", or "sigmoid" for one binary question a
        class. Measures of how sure it is go by it.
    weights
        Where they come from.
    source, licence
        Of the weights.
    parameters
        Published number of parameters, if any.
    accuracy
        Published clean test accuracy in [0, 1], if any.
    on_request
        Run only where --harness-models names or matches it.
    needs
        A package that `build` imports and that is not always installed: an extra of
        this one by the same name.
    """

    name: str
    base: str
    build: str
    head: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    weights: Weights
    source: str
    licence: str
    arguments: dict[str, Any] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    parameters: int | None = None
    accuracy: float | None = None
    geometry: Geometry | None = None
    activation: str = Activation.SOFTMAX
    on_request: bool = False
    needs: str = ""

    def for_recipe(self, recipe: Recipe) -> ModelEntry:
        """The entry whose network a recipe trains; only some depend on it."""
        return self

    def for_weights(self, tensors: Mapping[str, torch.Tensor]) -> ModelEntry:
        """The entry whose network these were trained in; only some depend on them."""
        return self

    def build_network(self) -> torch.nn.Module:
        """The network with random weights."""
        network: torch.nn.Module = resolve(self.build)(**self.arguments)
        return network

    def identity(self) -> dict[str, Any]:
        """What decides the logits, and what they say, besides the weights."""
        of_pictures = {"geometry": self.geometry.identity()} if self.geometry else {}
        # No key of a softmax changes: it was the only one once.
        of_sigmoids = {}
        if checked_activation(self.activation) is not Activation.SOFTMAX:
            of_sigmoids = {"activation": str(self.activation)}
        return {
            **of_pictures,
            **of_sigmoids,
            "build": self.build,
            "code": source_digest(self.build),
            "arguments": self.arguments,
            "head": self.head,
            "mean": self.mean,
            "std": self.std,
        }

    def locate(self, settings: Settings) -> str:
        """Where the weights come from; MissingData if they are not to be had."""
        place = self.weights.locate(self, settings)
        if self.needs and find_spec(self.needs) is None:
            raise MissingData(
                f"package {self.needs}, which makes model {self.name},",
                ["this environment"],
                install(self.needs),
            )
        return place

    def fingerprint(self, settings: Settings, base: Base, tell: Tell) -> str:
        """sha256 over code, normalisation and the weight file's bytes."""
        return self._fingerprint(self.weights.file(self, settings, base, tell))

    def _fingerprint(self, path: Path) -> str:
        identity = {**self.identity(), "weights": file_digest(path)}
        text = json.dumps(identity, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def load(self, settings: Settings, base: Base, device: str, tell: Tell) -> Network:
        """The classifier on its device, every tensor loaded by name and shape.

        Raises
        ------
        MissingData, BadData
            If the weights are absent, corrupt, or do not fit the network.
        """
        path = self.weights.file(self, settings, base, tell)
        return Classifier(
            classes=len(base.classes),
            head=self.head,
            **self._loaded(path, base, device),
        )

    def trained_network(
        self, settings: Settings, base: Base, tell: Tell
    ) -> torch.nn.Module:
        """The network with its weights, to go on training from.

        Unlike in what `load` gives, no batch norm is folded into a convolution.

        Raises
        ------
        MissingData, BadData
            As `load`.
        """
        return self._filled(self.weights.file(self, settings, base, tell))[1]

    def _tensors(self, path: Path) -> dict[str, torch.Tensor]:
        """What of a file of weights the network holds."""
        return read_state_dict(path)

    def _filled(self, path: Path) -> tuple[ModelEntry, torch.nn.Module]:
        """The entry and the network of a file's weights."""
        tensors = self._tensors(path)
        own = self.for_weights(tensors)
        network = own.build_network()
        load_strictly(network, tensors, str(path))
        return own, network

    def _loaded(self, path: Path, base: Base, device: str) -> dict[str, Any]:
        """The facts of a network whose weights are those of a file."""
        own, network = self._filled(path)
        frozen = network.eval().requires_grad_(False)
        quick = fused(frozen, [layer.module for layer in own.layers])
        return {
            "name": self.name,
            "network": ready(quick, device),
            "mean": self.mean,
            "std": self.std,
            "layers": own.layers,
            "fingerprint": self._fingerprint(path),
            "stateless": quick is not frozen,
            "geometry": self.geometry if base.geometry else None,
        }


__getattr__ = moved(__name__, TrainedHere="harness.models.trained_here")
