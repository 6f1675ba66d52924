"""Networks from a user's function: ``package.module:factory``, ``file.py:factory``."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from harness.errors import HarnessError, MissingData, UnknownName
from harness.models.weights import is_file
from harness.models.yours.built import (
    Built,
    checked_network,
    failed,
    no_weights,
    put_weights,
    weight_file,
)

if TYPE_CHECKING:
    from harness.datasets.family import Base
    from harness.settings import ModelSpec, Settings


@dataclass(frozen=True, slots=True)
class Factory:
    """A function without arguments that returns the network, weights in place."""

    spec: ModelSpec
    own_code: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The function's."""
        return self._parts[1]

    def locate(self, settings: Settings) -> str:
        """The target, where its file is there."""
        module, _ = self._parts
        if module.endswith(".py") and not is_file(self._path):
            raise MissingData(
                f"file of model {self.spec.target}",
                [self._path],
                "name a Python file and a function in it, FILE.py:FUNCTION",
            )
        if self.spec.weights and weight_file(self.spec, settings) is None:
            raise no_weights(self.spec)
        return self.spec.target

    def build(self, settings: Settings, base: Base, tell: Any) -> Built:
        """Import the module, call the function, put in the weights if a file is named.

        Raises
        ------
        HarnessError
            If the module or function is unknown or fails.
        """
        import torch

        self.locate(settings)
        module = self._module()
        factory = _attribute(module, self.name, self._parts[0])
        if not callable(factory):
            raise HarnessError(
                f"model {self.spec.target} must name a function, got a "
                f"{type(factory).__name__}"
            )
        try:
            # A network of the module is as good as a function that returns it.
            made = factory if isinstance(factory, torch.nn.Module) else factory()
        except (Exception, SystemExit) as error:  # the user's code may raise anything
            raise failed(self.spec.target, error) from error
        network = checked_network(made, self.spec.target)
        if path := weight_file(self.spec, settings):
            put_weights(network, path)
        file = inspect.getsourcefile(module)
        return Built(network=network, files=[Path(file)] if file else [])

    @property
    def _parts(self) -> tuple[str, str]:
        module, _, name = self.spec.target.rpartition(":")
        return module, name

    @property
    def _path(self) -> Path:
        return (self.spec.folder / Path(self._parts[0]).expanduser()).absolute()

    def _module(self) -> ModuleType:
        module, _ = self._parts
        try:
            if module.endswith(".py"):
                return _from_file(self._path)
            _reach(self.spec.folder.absolute(), module)
            return importlib.import_module(module)
        except (Exception, SystemExit) as error:  # importing runs the user's code
            raise failed(self.spec.target, error) from error


def _attribute(module: ModuleType, name: str, of: str) -> Any:
    if not hasattr(module, name):
        known = [n for n, v in vars(module).items() if callable(v) and n[0] != "_"]
        raise UnknownName(f"function of {of}", name, known)
    return getattr(module, name)


def _from_file(path: Path) -> ModuleType:
    """The module of a file, run once a process under a name that no other has."""
    unique = f"{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    if unique in sys.modules:
        return sys.modules[unique]
    spec = importlib.util.spec_from_file_location(unique, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    _reach(path.parent)
    # Dataclasses and pickles look their module up here while it is being run.
    sys.modules[unique] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[unique]
        raise
    return module


def _reach(folder: Path, module: str = "") -> None:
    """Let modules beside the user's be imported, after all that can be already."""
    top = module.partition(".")[0]
    if top and importlib.util.find_spec(top) is not None:
        return
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()
