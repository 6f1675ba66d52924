"""Layer choice: which layers of each model a run looks at, and what tests will ask."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from harness.errors import UnknownName
from harness.models.entry import ModelEntry, known_layers
from harness.models.layers import HEAD, chosen_layers

if TYPE_CHECKING:
    from harness.datasets.family import Base
    from harness.models.entry import Registered
    from harness.settings import Settings


class LayerChoice:
    """The layers of --harness-layers, by model; networks are looked into when asked.

    Where the option says nothing they are those that a test asks for itself, or else
    what enters the head.

    Parameters
    ----------
    settings, base, tell
        As models are built with.
    entries
        Of the chosen models, by name.
    """

    def __init__(
        self,
        settings: Settings,
        base: Base,
        tell: Callable[[str], None],
        entries: Mapping[str, Registered],
    ) -> None:
        self._settings, self._base, self._tell = settings, base, tell
        self._entries = entries
        self._chosen: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        self._asked: dict[str, set[str]] = {}

    def of(self, model: str, usual: tuple[str, ...] = (HEAD,)) -> tuple[str, ...]:
        """The chosen layers of a model, in the order that they run; perhaps none.

        Parameters
        ----------
        model
            Its name.
        usual
            Names and wildcards that hold where the option says nothing.
        """
        asked = self._settings.layers or usual
        place = model, asked
        if place not in self._chosen:
            # Nobody looks into a network for what enters its head.
            known = () if asked == (HEAD,) else self._known(model)
            found = chosen_layers(asked, known)
            # One object for each name: tests are told apart by their parameters.
            self._chosen[place] = tuple(map(sys.intern, found))
        return self._chosen[place]

    def why_none(self, model: str, usual: tuple[str, ...] = (HEAD,)) -> str:
        """Why a model has none of the chosen layers."""
        asked = ", ".join(self._settings.layers or usual)
        has = ", ".join((*self._known(model), HEAD))
        return f"model {model} has no layer {asked}; it has {has}"

    def check(self) -> None:
        """Refuse a name or wildcard that is of no layer of any chosen model.

        Raises
        ------
        UnknownName
            With close matches.
        """
        for pattern in self._settings.layers:
            if pattern == HEAD:
                continue
            known = {model: self._known(model) for model in self._entries}
            if not any(chosen_layers([pattern], names) for names in known.values()):
                every = {name for names in known.values() for name in names}
                raise UnknownName("layer", pattern, (*every, HEAD))

    def declare(self, model: str, layer: str) -> None:
        """Note that a test will ask for a layer: every pass then takes it along."""
        self._asked.setdefault(model, set()).add(layer)

    def declared(self, model: str) -> tuple[str, ...]:
        """What was noted, by name."""
        return tuple(sorted(self._asked.get(model, ())))

    def places(self, model: str) -> tuple[str, ...]:
        """Where the entry says that its layers are, for keys of stored cells.

        Those of a user's own network are called as its parts are.
        """
        entry = self._entries.get(model)
        if not isinstance(entry, ModelEntry):
            return ()
        return tuple(f"{layer.name}={layer.module}" for layer in entry.layers)

    def _known(self, model: str) -> tuple[str, ...]:
        entry = self._entries[model]
        found = known_layers(entry, self._settings, self._base, self._tell)
        return tuple(layer.name for layer in found)
