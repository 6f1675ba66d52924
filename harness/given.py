"""What was given: settings from the ini file, the environment and the command line."""

from __future__ import annotations

import os
import tomllib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from harness.options import OPTIONS, Option
from harness.printable import printable
from harness.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the user set in one place.

    Attributes
    ----------
    texts
        One, or several of an option that takes many.
    where
        The place, as messages name it.
    """

    texts: tuple[str, ...]
    where: str


def given(config: pytest.Config) -> dict[str, tuple[Given, ...]]:
    """What the user set, by field.

    The command line wins over the environment, and that over the ini file; those that
    add up come in the order of the ini file, the environment, the command line.

    Raises
    ------
    pytest.UsageError
        If one is set to nothing that must not be, or is of a kind that no option is.
    """
    found: dict[str, tuple[Given, ...]] = {}
    for option in OPTIONS:
        places = [_of_ini(config, option), _of_environment(option)]
        if (value := config.getoption(option.dest)) is not None:
            texts = tuple(value) if option.many else (value,)
            places.append(Given(texts=texts, where=f"--harness-{option.name}"))
        if kept := [place for place in places if place is not None]:
            found[option.field] = tuple(kept if option.adds else kept[-1:])
    return found


#: Of a machine; as variables they are set for all that is run there.
OF_MACHINE = frozenset(
    {
        *("cache_dir", "data_root", "weights_root", "store", "device", "batch_size"),
        "decoded_cache",
    }
)


def asks(config: pytest.Config) -> bool:
    """Whether the user set more than what variables say about the machine."""
    return any(
        field not in OF_MACHINE or not place.where.startswith("$")
        for field, places in given(config).items()
        for place in places
    )


def _of_environment(option: Option) -> Given | None:
    variable = option.ini.upper()
    text = os.environ.get(variable)
    if text is None:
        return None
    lines = _lines(text) if option.many else [text]
    return _set(option, lines, f"${variable}")


def _of_ini(config: pytest.Config, option: Option) -> Given | None:
    where = f"ini option {option.ini}"
    value = _ini_value(config, option.ini)
    if value is None:
        return None
    parts = value if isinstance(value, list) else [value]
    for part in parts:
        if not isinstance(part, str | int | float):
            raise pytest.UsageError(
                f"{where} must be a text, a number, a truth value or a list of texts, "
                f"got {value!r}"
            )
    texts = [str(part) for part in parts]
    if option.many:
        texts = [line for text in texts for line in _lines(text)]
    elif option.commas:
        texts = [",".join(texts)]
    elif len(texts) > 1:
        raise pytest.UsageError(f"{where} must be one value, got {value!r}")
    return _set(option, texts, where)


def _set(option: Option, texts: list[str], where: str) -> Given | None:
    """What a place holds; None where it holds nothing and that may be."""
    if any(text.strip() for text in texts):
        return Given(texts=tuple(texts), where=where)
    if option.strict:
        raise pytest.UsageError(
            f"{where} must hold a {option.metavar}, and is empty; take it out, or set "
            "the variable that it is made of"
        )
    return None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _ini_value(config: pytest.Config, name: str) -> Any:
    """What the ini file holds under a name; None for nothing.

    pytest converts texts, and refuses or warns of what else TOML can hold.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return config.getini(name)
    except (TypeError, ValueError, Warning, pytest.UsageError):
        path = config.inipath
        if path is None or path.suffix != ".toml":
            raise
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    native = document.get("tool", {}).get("pytest", {})
    for table in (native, native.get("ini_options", {}), document.get("pytest", {})):
        if name in table:
            return table[name]
    raise AssertionError(f"{name} was read from {path}")


def read_settings(config: pytest.Config) -> Settings:
    """Settings of this run.

    Raises
    ------
    pytest.UsageError
        If an option cannot be read; the message names it.
    """
    by_field = {option.field: option for option in OPTIONS}
    values: dict[str, Any] = {}
    for field, places in given(config).items():
        option = by_field[field]
        parsed = [one for place in places for one in _parsed(config, option, place)]
        if option.adds:  # the same gate in two places is one
            parsed = list(dict.fromkeys(parsed))
        values[field] = tuple(parsed) if option.many else parsed[0]
    if "cache_dir" not in values:
        from platformdirs import user_cache_path

        values["cache_dir"] = user_cache_path("harness", appauthor=False)
    values.setdefault("store", _project(config) / ".harness")
    return Settings(**values)


def _project(config: pytest.Config) -> Path:
    """The folder of the ini file, or else that where the command was given.

    Without an ini file pytest's root is what the places on its command line have in
    common, among which it counts options' values that exist: of two runs it differs.
    """
    if config.inipath is not None or config.getoption("rootdir"):
        return config.rootpath
    return config.invocation_params.dir


def check_ini(config: pytest.Config) -> None:
    """Refuse a run that lost its ini file, and the gates in it, to an option's value.

    pytest looks for it before plugins have options: a value that stands by itself and
    exists is taken for a place of tests.
    """
    start, args = (
        config.invocation_params.dir,
        [*map(str, config.invocation_params.args)],
    )
    taken = [
        (option, value)
        for option, value in pairwise(args)
        if option.startswith("--harness-")
        and "=" not in option
        and os.path.exists(start / value)
    ]
    usual = next((f for f in map(_ini_in, (start, *start.parents)) if f), None)
    if not taken or usual in (None, config.inipath) or config.option.inifilename:
        return
    tests = [start / arg.partition("::")[0] for arg in config.args]
    places = {place for test in tests for place in (test, *test.parents)}
    found = config.inipath
    if usual.parent in places and (found is None or found.parent not in places):
        option, value = taken[0]
        raise pytest.UsageError(
            f"{option} must be written {option}={value} here: with a space pytest "
            f"looks for its ini file beside {value}, and does not read {usual.name}"
        )


def check_environment() -> None:
    """Refuse a variable that is nearly an option's: a gate in it would not be judged.

    Others that begin alike may be somebody else's, as those of a platform for CI.
    """
    start = "HARNESS_"
    known = [o.ini.upper().removeprefix(start) for o in OPTIONS]
    for name in os.environ:
        rest = name.removeprefix(start)
        if name == rest or rest in known:
            continue
        if close := get_close_matches(rest, known, n=1, cutoff=0.8):
            raise pytest.UsageError(
                f"environment variable {printable(name)} is no option's: did you mean "
                f"{start}{close[0]}? unset it, or call it so"
            )


def _ini_in(folder: Path) -> Path | None:
    """The file of a folder that pytest would read its settings from."""
    for name, section in _INI_FILES:
        path = folder / name
        if path.is_file() and section in path.read_text("utf-8", errors="replace"):
            return path
    return None


_INI_FILES = (
    *((name, "") for name in ("pytest.toml", ".pytest.toml", "pytest.ini")),
    (".pytest.ini", ""),
    ("pyproject.toml", "[tool.pytest"),
    ("tox.ini", "[pytest]"),
    ("setup.cfg", "[tool:pytest]"),
)


def _base_near(text: str, near: Path) -> str:
    """A base of an ini file: a folder beside it by its path, a name as it is."""
    path, mark, facts = text.partition("?")
    place = near / Path(path).expanduser()
    if mark or "/" in path or os.sep in path:
        return f"{place}{mark}{facts}"
    return text


def _parsed(config: pytest.Config, option: Option, place: Given) -> list[Any]:
    texts: Sequence[str] = place.texts
    of_ini = place.where.startswith("ini")
    # As pytest reads its own: relative to the file that says so.
    file = config.inipath
    near = file.parent if file is not None else config.invocation_params.dir
    if of_ini and option.metavar in ("DIR", "PATH", "FOLDER", "FILE"):
        texts = [str(near / Path(text).expanduser()) for text in texts]
    if of_ini and option.field == "base":
        texts = [_base_near(text, near) for text in texts]
    try:
        values = [option.parse(text) for text in texts]
    except ValueError as error:
        raise pytest.UsageError(f"{place.where} {error}") from None
    if of_ini and option.field == "model":
        values = [replace(one, folder=near) for one in values]
    return values
