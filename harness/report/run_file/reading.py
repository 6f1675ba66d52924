"""Reading reports back: what `plain` made of objects, as the same objects."""

from __future__ import annotations

import types
import typing
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal

from harness.analysis.gates import Verdict
from harness.errors import BadData
from harness.measurement import Axes, Measurement, with_split
from harness.printable import printable
from harness.report.run_file.verdicts import read_verdict

_HUGE = 1 << 63  # no number of anything is as large
_NOT_FINITE = ("inf", "-inf", "nan")


def read_as(kind: Any, value: Any, where: str) -> Any:
    """The value of JSON as an object of a kind, by the annotations of dataclasses.

    Parameters
    ----------
    kind
        A dataclass, an enumeration, str, bool, int, float, None, a union of these, or
        a tuple, dict or Counter of them.
    value
        What `json.loads` gave.
    where
        The path to it, for messages.

    Raises
    ------
    BadData
        If it is of another shape: a key is missing or unknown, a value of a wrong kind.
    """
    origin = typing.get_origin(kind)
    if kind is Any:
        return value
    if kind is Axes:
        _expect(isinstance(value, dict), "an object (axes)", value, where)
        return Axes((k, read_as(str, v, f"{where}.{k}")) for k, v in value.items())
    if origin is Literal:
        known = typing.get_args(kind)
        _expect(value in known, f"one of {', '.join(map(repr, known))}", value, where)
        return value
    if kind is Verdict:
        return read_verdict(value, where, read_as)
    if origin in (typing.Union, types.UnionType):
        return read_as(_option(kind, value, where), value, where)
    if origin is tuple:
        return _tuple(kind, value, where)
    if origin in (dict, Mapping, Counter):
        _expect(isinstance(value, dict), "an object", value, where)
        inner = int if origin is Counter else typing.get_args(kind)[1]
        read = {
            printable(k): read_as(inner, v, f"{where}.{k}") for k, v in value.items()
        }
        return Counter(read) if origin is Counter else read
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, value, where)
    return _scalar(kind, value, where)


def _option(kind: Any, value: Any, where: str) -> Any:
    """The member of a union that the value is of, by its shape."""
    options = typing.get_args(kind)
    if isinstance(value, dict):
        classes = [one for one in options if is_dataclass(one)]
        exact = [one for one in classes if _names(one) == value.keys()]
        others = [one for one in options if typing.get_origin(one) in (dict, Mapping)]
        if found := exact or others:
            return found[0]
        if classes:  # the nearest, so that the message says what is missing of it
            return min(classes, key=lambda one: len(_names(one) ^ value.keys()))
    for one in options:
        if not is_dataclass(one) and (_is(one, value) or _unwritable(one, value)):
            return one
    wanted = " or ".join(getattr(one, "__name__", str(one)) for one in options)
    raise _bad(wanted, value, where)


def _tuple(kind: Any, value: Any, where: str) -> tuple[Any, ...]:
    _expect(isinstance(value, list), "a list", value, where)
    inner = typing.get_args(kind)
    if inner[-1] is Ellipsis:
        inner = (inner[0],) * len(value)
    _expect(len(inner) == len(value), f"{len(inner)} values", value, where)
    return tuple(
        read_as(one, part, f"{where}[{i}]")
        for i, (one, part) in enumerate(zip(inner, value, strict=True))
    )


def _dataclass(kind: type, value: Any, where: str) -> Any:
    _expect(isinstance(value, dict), f"an object ({kind.__name__})", value, where)
    names = _names(kind)
    if lacking := sorted(names - value.keys() - _later(kind)):
        raise BadData(f"{where} lacks {', '.join(lacking)} of a {kind.__name__}")
    if unknown := sorted(value.keys() - names):
        raise BadData(
            f"{where} has {', '.join(unknown)}, unknown of a {kind.__name__}; a later "
            "version may have written it"
        )
    hints = _hints(kind)
    parts = {n: read_as(hints[n], value[n], f"{where}.{n}") for n in value}
    try:
        read = kind(**parts)
    except ValueError as error:  # of what holds itself to a rule, as a picture does
        raise BadData(f"{where}: {error}") from error
    if kind is Measurement:  # which holds its fields to more than their kinds
        try:
            Measurement.from_dict(value)
        except (TypeError, ValueError) as error:
            raise BadData(f"{where}: {error}") from error
        return with_split(read)
    return read


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        known = [one.value for one in kind]
        _expect(
            isinstance(value, str) and value in known,
            f"one of {', '.join(str(one) for one in known if one != '')}",
            value,
            where,
        )
        return kind(value)
    if _unwritable(kind, value):
        return float(value)
    name = "null" if kind is type(None) else kind.__name__
    _expect(_is(kind, value), name, value, where)
    if kind is str:  # a report may come from anybody
        return printable(value)
    return float(value) if kind is float else value


def _is(kind: Any, value: Any) -> bool:
    """Whether a value that is no object is of a kind; a truth value is no number."""
    if isinstance(value, bool):
        return kind is bool
    if kind in (float, int) and isinstance(value, int):
        return abs(value) < _HUGE
    if origin := typing.get_origin(kind):
        return isinstance(value, list if origin is tuple else dict)
    return isinstance(value, kind)


def _unwritable(kind: Any, value: Any) -> bool:
    """Whether a value is the text of a float that JSON has no number for."""
    return kind is float and isinstance(value, str) and value in _NOT_FINITE


def _expect(holds: bool, wanted: str, value: Any, where: str) -> None:
    if not holds:
        raise _bad(wanted, value, where)


def _bad(wanted: str, value: Any, where: str) -> BadData:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    return BadData(f"{where} must be {wanted}, got {shown}")


def _names(kind: Any) -> frozenset[str]:
    return frozenset(_hints(kind))


def _later(kind: type) -> frozenset[str]:
    """Fields with a default: files that were written before they came lack them."""
    return frozenset(
        f.name
        for f in fields(kind)
        if f.default is not MISSING or f.default_factory is not MISSING
    )


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(kind)
