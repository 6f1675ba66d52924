"""Conftests that pytest would hear too late, or not in the main process.

Those deep in the tree it reads while it collects. With xdist workers alone collect,
but the report is made in the main process, and a section is registered by its suite.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


def registering(config: pytest.Config) -> tuple[str, ...]:
    """The conftests that this process has read and that register something.

    Relative to pytest's root where they lie below it.
    """
    manager: Any = config.pluginmanager
    files = (
        getattr(implementation.plugin, "__file__", None)
        for implementation in manager.hook.pytest_harness_register.get_hookimpls()
    )
    paths = [Path(file) for file in files if file and Path(file).name == "conftest.py"]
    return tuple(sorted(_short(path, config.rootpath) for path in paths))


def hear(config: pytest.Config, conftests: Iterable[str]) -> None:
    """Read conftests as collecting would; those that are known already are not read."""
    manager: Any = config.pluginmanager
    for conftest in conftests:
        path = config.rootpath / conftest
        if path.is_file():  # a worker may run on another machine
            manager._loadconftestmodules(
                path,
                config.getoption("importmode"),
                rootpath=config.rootpath,
                consider_namespace_packages=config.getini(
                    "consider_namespace_packages"
                ),
            )


def find_modules(early_config: pytest.Config) -> None:
    """Let pytest look for first conftests, whose options it knows, by modules as well.

    It looks in the folders that the command line names. Of suites that are named as
    modules (`--pyargs`) it would know no option; the current folder's stays known.
    """
    known = early_config.known_args_namespace
    if not known.pyargs:
        return
    here = early_config.invocation_params.dir
    given = [text.partition("::")[0] for text in known.file_or_dir]
    places = [place for text in given if (place := _place_of(text, here)) is not None]
    if places:
        named = [text for text in given if (here / text).exists()]
        known.file_or_dir = [*(named or [str(here)]), *map(str, places)]


def _place_of(name: str, here: Path) -> Path | None:
    """The folder or file of a module; None of what is a path, or is not found."""
    if (here / name).exists():
        return None
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):  # pytest says so when it collects
        return None
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def _short(path: Path, root: Path) -> str:
    below = path.relative_to(root) if path.is_relative_to(root) else path
    return below.as_posix()
