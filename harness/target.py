"""Targets: ``package.module:name`` strings, resolved only when they are needed.

Registry entries hold targets instead of functions, so that listing what is known
imports nothing heavy, and so that a worker or another machine can be handed an entry.
"""

import ast
import hashlib
import importlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any


def resolve(target: str) -> Any:
    """The object that ``package.module:name`` names.

    Raises
    ------
    ValueError
        If the text is not of that form.
    ImportError
        If the module cannot be imported or has no such name.
    """
    module, _, name = target.partition(":")
    if not module or not name:
        raise ValueError(f"`target` must be 'package.module:name', got {target!r}")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise ImportError(
                f"{module} has no {part!r}, named in {target!r}"
            ) from error
    return found


@cache
def source_digest(target: str) -> str:
    """Digest of the source behind a target or a module, without importing it.

    Of its file, and of the files in the same folder that it imports, and they in turn.
    Part of a cell's identity: numbers made by other code are not found again.
    """
    module = target.partition(":")[0]
    digest = hashlib.sha256()
    for path in _sources(module):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(module: str) -> list[Path]:
    """The module's file first, then those of its neighbours, sorted."""
    folder = module.rpartition(".")[0]
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ImportError(f"no source file is known for {name!r}")
        found[name] = Path(spec.origin)
        if folder:
            waiting += _neighbours(found[name], folder)
    first = found.pop(module)
    return [first, *(found[name] for name in sorted(found))]


def _neighbours(path: Path, folder: str) -> list[str]:
    """Modules of the same folder that a file imports, at its top or in functions."""
    names = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return [name for name in names if name.rpartition(".")[0] == folder]
