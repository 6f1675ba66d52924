"""Networks from libraries of models: torchvision, timm, torch.hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.download import download
from harness.errors import HarnessError, MissingData, UnknownName
from harness.extras import install
from harness.models.weights import find_file, is_file, verify
from harness.models.yours.built import (
    PUBLISHED,
    Built,
    chosen_weights,
    failed,
    put_weights,
    weight_file,
)
from harness.models.yours.geometries import of_timm, of_torchvision

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base
    from harness.datasets.geometry import Geometry
    from harness.progress import Tell
    from harness.settings import ModelSpec, Settings


def _rest(spec: ModelSpec) -> str:
    return spec.target.partition(":")[2]


def _needs_download(spec: ModelSpec, what: str, places: list[str]) -> MissingData:
    return MissingData(
        f"{what} of model {spec.target}",
        places,
        "fetch it with --harness-download, or name a file with ?weights=FILE",
    )


@dataclass(frozen=True, slots=True)
class Torchvision:
    """``torchvision:NAME`` with a file of weights, or weights that it publishes."""

    spec: ModelSpec
    own_code: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """As in torchvision."""
        return _rest(self.spec)

    def locate(self, settings: Settings) -> str:
        """The weight file, or the URL where it may be downloaded."""
        published = self._published(settings)
        if published is None:
            return str(chosen_weights(self.spec, settings))
        if found := self._file(published.url, settings):
            return str(found)
        if settings.download:
            return str(published.url)
        raise _needs_download(
            self.spec, f"weights {published.url}", list(map(str, _places(settings)))
        )

    def build(self, settings: Settings, base: Base, tell: Any) -> Built:
        """The network: of the base's classes, or of the published weights' own.

        Raises
        ------
        HarnessError
            If model or weights are unknown, absent, corrupt, or do not fit.
        """
        from torchvision.models import get_model

        place = self.locate(settings)
        published = self._published(settings)
        if published is None:
            network = _called(get_model, self.spec, num_classes=len(base.classes))
            return Built(network=put_weights(network, Path(place)))
        # Files carry the beginning of their sha256 in their names.
        checksum = published.url.rpartition("-")[2].partition(".")[0]
        if place == published.url:
            file = settings.cache_dir / "weights" / place.rpartition("/")[2]
            path = download(place, file, checksum=checksum, tell=tell)
        else:
            path = Path(place)
            verify(path, checksum)
        arguments: dict[str, Any] = {"num_classes": len(published.meta["categories"])}
        if "inception" in self.name or self.name == "googlenet":
            arguments["init_weights"] = False  # its published weights replace them
        network = _called(get_model, self.spec, **arguments)
        transform = published.transforms()
        return Built(
            network=put_weights(network, path),
            mean=tuple(transform.mean),
            std=tuple(transform.std),
            geometry=_told(of_torchvision(transform), self.spec, base, tell),
        )

    def _published(self, settings: Settings) -> Any:
        """The member of torchvision's enum that `weights` names; None for a file."""
        from torchvision.models import get_model_weights, list_models

        known = list_models()
        if self.name not in known:
            raise UnknownName("torchvision model", self.name, known)
        if self.spec.weights != PUBLISHED and weight_file(self.spec, settings):
            return None
        if not self.spec.weights or Path(self.spec.weights).suffix:
            chosen_weights(self.spec, settings)
        names = get_model_weights(self.name).__members__
        if self.spec.weights not in names:
            raise UnknownName(
                f"file or published weights of {self.spec.target}",
                self.spec.weights,
                names,
            )
        return names[self.spec.weights]

    def _file(self, url: str, settings: Settings) -> Path | None:
        return find_file(url.rpartition("/")[2], _places(settings))


def _told(
    geometry: Geometry | None, spec: ModelSpec, base: Base, tell: Tell
) -> Geometry | None:
    """What was published with weights; tells where the base's stands in for it."""
    usual = base.geometry
    if geometry is None and spec.geometry is None and usual is not None:
        tell(
            f"model {spec.target}: its weights were not published with a resize and a "
            f"central crop, so it gets pictures as base {base.name} has them (resize="
            f"{usual.resize}&crop={usual.crop}); say others with ?resize=&crop="
        )
    return geometry


def _places(settings: Settings) -> list[Path]:
    from torch.hub import get_dir

    roots = [settings.weights_root, settings.cache_dir / "weights"]
    found = [root for root in roots if root is not None]
    return [*found, Path(get_dir()) / "checkpoints"]


def _called(function: Any, spec: ModelSpec, **arguments: Any) -> torch.nn.Module:
    import torch

    try:
        network = function(_rest(spec), **arguments)
    except Exception as error:  # the library may raise anything
        raise failed(spec.target, error) from error
    if not isinstance(network, torch.nn.Module):
        raise HarnessError(
            f"model {spec.target} must be a torch.nn.Module, got "
            f"{type(network).__name__}"
        )
    return network


@dataclass(frozen=True, slots=True)
class Timm:
    """``timm:NAME`` with a file of weights, or weights that it publishes."""

    spec: ModelSpec
    own_code: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """As in timm."""
        return _rest(self.spec)

    def locate(self, settings: Settings) -> str:
        """The weight file, or timm's own."""
        timm = _timm(self.spec)
        if not timm.is_model(self.name):
            raise UnknownName("timm model", self.name, timm.list_models())
        if path := chosen_weights(self.spec, settings):
            return str(path)
        if not settings.download:
            raise _needs_download(self.spec, "published weights", ["nowhere"])
        return "published by timm"

    def build(self, settings: Settings, base: Base, tell: Any) -> Built:
        """The network: of the base's classes, of the published weights', or of none.

        Raises
        ------
        HarnessError
            If timm or the model is unknown, or its weights are absent or do not fit.
        """
        timm = _timm(self.spec)
        self.locate(settings)
        encodes = self.spec.kind == "encoder"
        if path := chosen_weights(self.spec, settings):
            network = _called(
                timm.create_model,
                self.spec,
                num_classes=0 if encodes else len(base.classes),
                in_chans=base.size[2],
            )
            return Built(network=put_weights(network, path))
        tell(f"model {self.spec.target}: timm fetches its weights if they are not here")
        headless = {"num_classes": 0} if encodes else {}
        network = _called(timm.create_model, self.spec, pretrained=True, **headless)
        facts: Any = network.pretrained_cfg
        return Built(
            network=network,
            mean=tuple(facts["mean"]),
            std=tuple(facts["std"]),
            geometry=_told(of_timm(facts), self.spec, base, tell),
        )


def _timm(spec: ModelSpec) -> Any:
    try:
        import timm
    except ImportError as error:
        raise HarnessError(
            f"model {spec.target} needs timm: {install('timm')}"
        ) from error
    return timm


@dataclass(frozen=True, slots=True)
class Hub:
    """``hub:OWNER/REPOSITORY:NAME``, or ``hub:FOLDER:NAME`` of a checkout."""

    spec: ModelSpec
    own_code: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """Of the entry point."""
        return _rest(self.spec).rpartition(":")[2]

    def locate(self, settings: Settings) -> str:
        """The folder of the code, or the repository that may be downloaded."""
        path = chosen_weights(self.spec, settings)
        found = self._checkout()
        if found is not None and (path or found == self._folder or settings.download):
            return str(found)
        if settings.download:
            return self._repository
        what = "code" if found is None else "published weights"
        raise MissingData(
            f"{what} of model {self.spec.target}",
            [self._folder, *([found] if found else [])],
            "fetch it with --harness-download, which runs the repository's code, or "
            "name a folder that holds its hubconf.py: hub:FOLDER:NAME",
        )

    def build(self, settings: Settings, base: Base, tell: Any) -> Built:
        """The entry point called with ``pretrained=True``, or False and a file.

        Raises
        ------
        HarnessError
            If repository, entry point or weights are not there or do not fit.
        """
        import torch

        place = self.locate(settings)
        path = chosen_weights(self.spec, settings)
        local = self._checkout() is not None
        where = {"source": "local"} if local else {"trust_repo": True}
        if not local:
            tell(f"model {self.spec.target}: fetching its code")

        hub: Any = torch.hub

        def load(_target: str, **arguments: Any) -> Any:
            return hub.load(place, self.name, **where, **arguments)

        network = _called(load, self.spec, pretrained=path is None)
        return Built(network=put_weights(network, path) if path else network)

    @property
    def _repository(self) -> str:
        repository = _rest(self.spec).rpartition(":")[0]
        if not repository or not self.name:
            raise HarnessError(
                f"--harness-model must be hub:OWNER/REPOSITORY:NAME, got "
                f"{self.spec.target!r}"
            )
        return repository

    @property
    def _folder(self) -> Path:
        return self.spec.folder / Path(self._repository).expanduser()

    def _checkout(self) -> Path | None:
        """The folder that the user names, or torch.hub's copy of the repository."""
        from torch.hub import get_dir

        if is_file(self._folder / "hubconf.py"):
            return self._folder
        repository, _, branch = self._repository.partition(":")
        for name in [branch] if branch else ["main", "master"]:
            stem = repository.replace("/", "_")
            copy = Path(get_dir()) / f"{stem}_{name.replace('/', '_')}"
            if (copy / "hubconf.py").is_file():
                return copy
        return None
