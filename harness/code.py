"""Code: digests of the sources that a stored number was computed by.

Modules are followed through their imports, at their top and within functions, as long
as they are the user's own or the harness's. It ends at what is installed: of such a
module its version and its own file count, and of Python, pytest and the libraries that
`STACK` names nothing here, since their releases are part of every key.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

#: What nearly every number is computed with. A patch release mends and is not to change
#: numbers, so that two parts of their versions count, and in every key.
STACK = ("numpy", "scipy", "torch", "torchvision")
_SILENT = frozenset({*STACK, "pytest", "_pytest", *sys.stdlib_module_names})
_HARNESS = Path(__file__).parent
_SUITES = _HARNESS / "suites"  # only in a wheel: in a checkout they lie elsewhere
_IMPORTERS = ("import_module", "__import__", "importorskip")


@cache
def source_digest(target: str) -> str:
    """Digest of the source behind a target or a module, without importing it.

    Of the harness's own: its file, and the files that it imports from its folder and
    the folders beside that, and they in turn. Of anyone else's: as `code_digest`. Part
    of a cell's identity: numbers made by other code are not found again.

    Raises
    ------
    ImportError
        If no source file is known.
    """
    module = target.partition(":")[0]
    paths = _neighbourhood(module)
    if is_own(paths[0]):
        return code_digest(paths[:1])[:16]
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def package_digest() -> str:
    """sha256 over all of the harness's own code; suites are none of it."""
    digest = hashlib.sha256()
    for path in sorted(_HARNESS.rglob("*.py")):
        if _SUITES not in path.parents:
            digest.update(f"{path.relative_to(_HARNESS).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def code_digest(files: Iterable[Path]) -> str:
    """sha256 over files and all that they import; no place is in it.

    Parameters
    ----------
    files
        Python files are followed, others count by their bytes alone.
    """
    found: set[tuple[str, str]] = set()
    waiting = [("", path) for path in files]
    seen: set[Path] = set()
    while waiting:
        name, path = waiting.pop()
        found.add((name, _read(path).digest))
        if path in seen or not _is_followed(path):
            continue
        seen.add(path)
        for imported, place in _imported(path):
            if _is_followed(place):
                waiting.append((imported, place))
            else:
                found.add((imported, _installed(imported, place)))
    return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()


def releases() -> dict[str, str]:
    """Of `STACK`, the first two parts of each version."""
    return {name: ".".join(version(name).split(".")[:2]) for name in STACK}


def _is_followed(path: Path) -> bool:
    return is_own(path) or _HARNESS in path.parents


@cache
def is_own(path: Path) -> bool:
    """Whether a file is the user's: not Python's, installed, or the harness's.

    Suites count as the user's wherever they lie, so that their cells are found again.
    """
    if _SUITES in path.parents:
        return True
    parts = set(path.parts)
    if "site-packages" in parts or "dist-packages" in parts or _HARNESS in path.parents:
        return False
    return not any(place in path.parents for place in _pythons_places())


@cache
def _pythons_places() -> frozenset[Path]:
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    places = [Path(sysconfig.get_paths()[kind]) for kind in kinds]
    return frozenset({*places, *(place.resolve() for place in places)})


def own_file(module: str) -> Path | None:
    """The file of an imported module of the user's; None for any other."""
    file = getattr(sys.modules.get(module), "__file__", None)
    path = Path(file) if file else None
    return path if path is not None and path.is_file() and is_own(path) else None


def acts(path: Path) -> bool:
    """Whether a conftest or plugin does more to a test than to offer it fixtures.

    It has hooks of pytest, but for those that register what is known by its content, or
    statements at its top that are no definitions.
    """
    return _read(path).acts


# --- one file -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """What a file holds: its digest, the imports as (level, module, names), effects."""

    digest: str
    imports: tuple[tuple[int, str, tuple[str, ...]], ...] = ()
    acts: bool = False


def _read(path: Path) -> _Source:
    stat = path.stat()
    return _parsed(path, stat.st_size, stat.st_mtime_ns)


@cache
def _parsed(path: Path, _size: int, _changed: int) -> _Source:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if path.suffix != ".py":
        return _Source(digest)
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):  # whoever imports it will say so
        return _Source(digest)
    imports = tuple(_imports(tree, content))
    return _Source(digest, imports, any(map(_has_effect, tree.body)))


def _imports(
    tree: ast.AST, content: bytes
) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Of every import but those for type checkers."""
    # Only where a file names such a function can an expression import.
    calls = any(name.encode() in content for name in _IMPORTERS)
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and _for_checkers(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node) if calls else _statements(node)
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name, ()
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield node.level, node.module or "", names
        elif isinstance(node, ast.Call) and node.args:
            function = ast.unparse(node.func).rpartition(".")[2]
            first = node.args[0]
            if function in _IMPORTERS and isinstance(first, ast.Constant):
                yield 0, str(first.value).lstrip("."), ()


def _for_checkers(test: ast.expr) -> bool:
    """Whether a condition names TYPE_CHECKING, by itself or in a module."""
    return any(
        "TYPE_CHECKING" in (getattr(part, "id", ""), getattr(part, "attr", ""))
        for part in ast.walk(test)
    )


_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Right within a module, a definition, or a statement with others in it."""
    for field in _BODIES:
        yield from getattr(node, field, ())


def _has_effect(node: ast.stmt) -> bool:
    """Whether a statement at a module's top is more than a definition."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name.startswith("pytest_") and node.name not in _REGISTERING
    if isinstance(node, ast.Import | ast.ImportFrom | ast.ClassDef | ast.Pass):
        return False
    if isinstance(node, ast.Assign):
        return not all(isinstance(t, ast.Name | ast.Tuple) for t in node.targets)
    if isinstance(node, ast.AnnAssign):
        return not isinstance(node.target, ast.Name)
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return not _for_checkers(node.test)
    return True


# What comes by the first is known by its content.
_REGISTERING = ("pytest_harness_register", "pytest_addoption")


# --- where imported modules are -------------------------------------------------------


def _imported(path: Path) -> Iterator[tuple[str, Path]]:
    """Names, as written, and files of the modules that a file imports."""
    for level, module, names in _read(path).imports:
        if level:
            yield from _beside(path, level, module, names)
            continue
        if module.partition(".")[0] in _SILENT:
            continue
        candidates = [module, *(f"{module}.{name}" for name in names)]
        if not module.startswith("harness."):  # its packages import all of their own
            parts = module.split(".")
            candidates += [".".join(parts[:n]) for n in range(1, len(parts))]
        for name in candidates:
            if (place := _place(name, path.parent)) is not None:
                yield name, place


def _beside(
    path: Path, level: int, module: str, names: tuple[str, ...]
) -> Iterator[tuple[str, Path]]:
    """Of a relative import."""
    folder = path.parents[level - 1].joinpath(*module.split("."))
    written = "." * level + module
    for name, stem in (
        (written, folder),
        *((f"{written}/{n}", folder / n) for n in names),
    ):
        for place in (stem.with_suffix(".py"), stem / "__init__.py"):
            if place.is_file():
                yield name, place


def _place(name: str, folder: Path) -> Path | None:
    """The file of a module that is imported by its full name; nothing is imported."""
    loaded = sys.modules.get(name)
    file = getattr(loaded, "__file__", None)
    if loaded is None and (spec := _spec(name, folder)) is not None:
        file = spec.origin
    path = Path(file) if file else None
    return path if path is not None and path.is_file() else None


def _spec(name: str, folder: Path) -> ModuleSpec | None:
    places: list[str] | None = [str(folder), *sys.path]
    spec = None
    for length in range(1, name.count(".") + 2):
        if not places:
            return None
        part = ".".join(name.split(".")[:length])
        spec = PathFinder.find_spec(part, places)
        if spec is None:
            return None
        places = list(spec.submodule_search_locations or ())
    return spec


@cache
def _installed(module: str, path: Path) -> str:
    """Version of a package that is not followed, and digest of the module imported."""
    try:
        of = version(module.partition(".")[0])
    except PackageNotFoundError:  # its distribution has another name
        of = ""
    return f"{of} {_read(path).digest if path.suffix == '.py' else ''}"


# --- the harness's own ----------------------------------------------------------------


def _neighbourhood(module: str) -> list[Path]:
    """The module's file first, then those of its neighbours, sorted."""
    near = _near(module)
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
        if near:
            named = _read(found[name]).imports
            modules = [module for level, module, _ in named if not level]
            waiting += [m for m in modules if _is_near(m, near)]
    first = found.pop(module)
    return [first, *(found[name] for name in sorted(found))]


def _near(module: str) -> str:
    """The package whose modules are neighbours: never all of the harness."""
    folder = module.rpartition(".")[0]
    above = folder.rpartition(".")[0]
    return above if "." in above else folder


def _is_near(module: str, package: str) -> bool:
    """Whether a module lies in a package, or in a folder right inside of it."""
    folder = module.rpartition(".")[0]
    return package in (folder, folder.rpartition(".")[0])


def resolve(target: str) -> Any:
    """The object that a target, ``package.module:name``, names.

    Registry entries hold targets instead of functions, so that listing what is known
    imports nothing heavy, and so that a worker can be handed an entry.

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
