"""One of the suites that come with the package, from any folder.

    harness run label_free -k jigsaw
    harness run robustness --harness-base imagenet --harness-models 'torchvision-*'

It is pytest on that suite, ``pytest --pyargs harness.suites.SUITE``: options of pytest
follow the name, a conftest.py of this folder is heard, and so is its ini file.
"""

from __future__ import annotations

import argparse
import pkgutil
from importlib import import_module

from harness.commands.running import run_pytest
from harness.errors import UnknownName

PASSES_ON = True


def suites() -> tuple[str, ...]:
    """Names of the suites, sorted."""
    found = pkgutil.iter_modules(import_module("harness.suites").__path__)
    return tuple(sorted(module.name for module in found if module.ispkg))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which suite."""
    parser.add_argument("suite", metavar="SUITE", help=f"one of {', '.join(suites())}")


def run(arguments: argparse.Namespace) -> int:
    """Start pytest on it; UnknownName if there is none."""
    name = arguments.suite.replace("-", "_")
    if name not in suites():
        raise UnknownName(
            "suite",
            arguments.suite,
            suites(),
            "its name comes first, options of pytest after it",
        )
    return run_pytest("--pyargs", f"harness.suites.{name}", *arguments.pytest)
