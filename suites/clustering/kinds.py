"""Kinds: which groupings of classes superclass accuracy is measured on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.datasets.hierarchy import (
    BREEDS,
    Hierarchy,
    Superclasses,
    cifar10_hierarchy,
    read_hierarchy,
)
from harness.errors import UnknownName

if TYPE_CHECKING:
    from harness.datasets.family import Base

_WITHOUT = (
    "no hierarchy of the classes is known; name one with --clustering-hierarchy FILE"
)


def chosen_kinds(config: pytest.Config, base: Base) -> list[Any]:
    """Name and grouping of each, for a test's `kinds` and `_grouping`.

    What the grouping holds enters the key of a cell. One is skipped if there are none.
    """
    file = config.getoption("clustering_hierarchy", "")
    if file:
        hierarchy = read_hierarchy(Path(file).expanduser(), base.classes)
    elif base.name == "cifar10":
        hierarchy = cifar10_hierarchy(base.classes)
    else:
        skip = pytest.mark.skip(reason=_WITHOUT)
        return [pytest.param("none", None, id="none", marks=skip)]
    asked = config.getoption("clustering_kinds", "")
    levels = [f"level{level}" for level in hierarchy.levels]
    names = [name.strip() for name in asked.split(",")] if asked else levels
    found = [kinds_of(hierarchy, name) for name in names]
    return [pytest.param(one.name, one, id=one.name) for one in found]


def kinds_of(hierarchy: Hierarchy, name: str) -> Superclasses:
    """The classes put together as a name says.

    Parameters
    ----------
    name
        ``level2``; or a task of BREEDS with its kind, ``living17-balanced`` or
        ``living17-reachable``.

    Raises
    ------
    UnknownName
        If it is none of these.
    """
    task, _, kind = name.partition("-")
    if task in BREEDS and kind in ("balanced", "reachable"):
        return hierarchy.breeds(task, balanced=kind == "balanced")
    number = name.removeprefix("level")
    if name.startswith("level") and number.isdecimal():
        return hierarchy.at(int(number))
    known = [f"level{level}" for level in range(hierarchy.depth + 1)]
    known += [f"{t}-{k}" for t in BREEDS for k in ("balanced", "reachable")]
    raise UnknownName("kind of classes", name, known)
