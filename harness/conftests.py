"""Conftests deep in the tree: what they register is known in the main process too.

pytest reads them while it collects. With xdist workers alone collect, but the report is
made in the main process, and a suite's section is registered by the suite's conftest.
"""

from __future__ import annotations

from collections.abc import Iterable
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


def _short(path: Path, root: Path) -> str:
    below = path.relative_to(root) if path.is_relative_to(root) else path
    return below.as_posix()
