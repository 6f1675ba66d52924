"""Recipes: how the fixtures of a cell are had without a search through all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from harness.fixtures.ours import GRID

_GIVEN = "request"  # by pytest itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How the fixtures of one test function are had.

    Attributes
    ----------
    shared
        Names of those that live as long as the model, and the dataset or family.
    own
        Those that are made for each test, each after the ones that it needs: name,
        function, names of its arguments.
    """

    shared: frozenset[str]
    own: tuple[tuple[str, Callable[..., Any], tuple[str, ...]], ...]

    def fill(self, item: pytest.Function, held: dict[str, Any]) -> None:
        """Hand a test what an earlier one of its pair was handed, and what is its own.

        Parameters
        ----------
        item
            Set up next: pytest looks for no fixture that is in its `funcargs`.
        held
            The values of all that is shared.
        """
        values = item.funcargs
        values.update((name, held[name]) for name in self.shared)
        parameters = item.callspec.params.items()
        values.update((name, value) for name, value in parameters if name not in GRID)
        values[_GIVEN] = item._request
        for name, make, arguments in self.own:
            values[name] = make(
                **{argument: values[argument] for argument in arguments}
            )


def recipe_of(item: pytest.Function) -> Recipe | None:
    """The recipe; None for a test with a fixture that is not the harness's own.

    Of others nobody knows how long a value lives.
    """
    info = item._fixtureinfo
    if _GIVEN in info.argnames:  # it may ask for anything while it runs
        return None
    parameters = {name for name in item.callspec.params if name not in GRID}
    if any(_is_taken(info.name2fixturedefs.get(name, ())) for name in parameters):
        return None
    definitions = {
        name: found[-1]
        for name, found in info.name2fixturedefs.items()
        if name not in parameters
    }
    if not all(_is_ours(definition) for definition in definitions.values()):
        return None
    shared = {
        n for n, definition in definitions.items() if definition.scope != "function"
    }

    def in_order(names: tuple[str, ...]) -> Iterator[str]:
        """Those that are made for each test, after what they need."""
        for name in names:
            if name in definitions and name not in shared:
                yield from in_order(definitions[name].argnames)
                yield name

    own = dict.fromkeys(in_order(tuple(item.fixturenames)))
    return Recipe(
        shared=frozenset(shared),
        own=tuple((n, definitions[n].func, definitions[n].argnames) for n in own),
    )


def _is_taken(definitions: Sequence[Any]) -> bool:
    """Whether a parameter goes to a fixture, and what that returns to the test."""
    direct = "_pytest.python"  # where pytest's stand-in for a plain parameter is from
    return bool(definitions) and definitions[-1].func.__module__ != direct


def _is_ours(definition: Any) -> bool:
    """Whether it is a fixture of the harness, and one that a call makes."""
    module = definition.func.__module__
    lasts = definition.scope == "session"
    plain = definition.scope == "function" and not inspect.isgeneratorfunction(
        definition.func
    )
    return module.startswith("harness.") and (lasts or plain)
