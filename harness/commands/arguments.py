"""Settings of commands: the options of pytest under their own short names."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from harness.options import OPTIONS
from harness.queries import possible_path
from harness.settings import Settings

_STORE = Path(".harness")


def add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    """Declare some of the options: ``--data-root`` for ``--harness-data-root``.

    Defaults come from the environment, ``HARNESS_DATA_ROOT``, as pytest's do.

    Parameters
    ----------
    names
        Fields of `Settings`.
    """
    known = {option.field: option for option in OPTIONS}
    for name in names:
        option = known[name]
        variable = option.ini.upper()
        extra: dict[str, Any] = (
            {"action": "store_const", "const": True}
            if option.flag
            else {"type": typed(option.parse), "metavar": option.metavar}
        )
        parser.add_argument(
            f"--{option.name}",
            dest=name,
            default=os.environ.get(variable) or None,  # argparse parses a text
            help=option.help.replace("%", "%%"),
            **extra,
        )


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings that were given, defaults for the rest."""
    from platformdirs import user_cache_path

    declared = {field.name for field in fields(Settings)}
    given = {
        name: value
        for name, value in vars(arguments).items()
        if name in declared and value is not None
    }
    given.setdefault("cache_dir", user_cache_path("harness", appauthor=False))
    return Settings(store=_STORE, **given)


def typed(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A parser of options as argparse wants it: its message is shown as it is."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


a_path = typed(possible_path)


def add_runs_store(parser: argparse.ArgumentParser) -> None:
    """Declare ``--store`` of commands that read saved runs."""
    parser.add_argument(
        "--store",
        type=a_path,
        default=_STORE,
        metavar="DIR",
        help=f"where runs were saved (default {_STORE})",
    )
