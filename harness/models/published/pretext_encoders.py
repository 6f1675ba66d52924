"""Entries of encoders that are trained here for a pretext task, over any other entry.

They are in no table: a name that ends in ``-rotation``, ``-jigsaw`` and so on, of a
model that is in one, is made an entry when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.code import source_digest
from harness.models.entry import ModelEntry
from harness.models.network import Network
from harness.models.pretext.options import Pretext
from harness.models.recipe import Recipe
from harness.models.trained_here import TrainedHere, trainable
from harness.models.weights import read_state_dict

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from harness.datasets.family import Base
    from harness.models.entry import Tell
    from harness.settings import Settings

_TRAINED = "harness.models.pretext.network:pretext_network"
_ALONE = "harness.models.pretext.network:encoder"
_BACKBONE = "backbone."
#: Of a model that the harness does not train on labels.
RECIPE = Recipe(epochs=40, learning_rate=3e-3, batch_size=64)


@dataclass(frozen=True, slots=True, kw_only=True)
class PretextEntry(ModelEntry):
    """An encoder: what enters the last linear layer of another entry's network.

    Attributes
    ----------
    options
        Of the task.
    size
        (height, width, channels) of the base's images.
    """

    options: Pretext
    size: tuple[int, int, int]

    @property
    def encoder(self) -> bool:
        """It gives features and no logits."""
        return True

    def for_recipe(self, recipe: Recipe) -> ModelEntry:
        """With what answers as the recipe's options have it: the network to train."""
        asked = recipe.objective
        options = asked if isinstance(asked, Pretext) else self.options
        return replace(
            self,
            build=_TRAINED,
            arguments={
                **self.arguments,
                "task": options.task,
                "size": list(self.size),
                "options": asdict(options),
            },
            options=options,
        )

    def identity(self) -> dict[str, Any]:
        """With the code of the network beside that of what takes its head away."""
        # Not super(): slots make another class of this one.
        facts = ModelEntry.identity(self)
        return {**facts, "of": source_digest(self.arguments["build"])}

    def load(self, settings: Settings, base: Base, device: str, tell: Tell) -> Network:
        """The encoder on its device; what answered in training is left away.

        Raises
        ------
        MissingData, BadData
            If the weights are absent, corrupt, or do not fit the network.
        """
        path = self.weights.file(self, settings, base, tell)
        return Network(**self._loaded(path, base, device))

    def _tensors(self, path: Path) -> dict[str, torch.Tensor]:
        """Those of what comes before the answers."""
        return _of_backbone(read_state_dict(path))


def _of_backbone(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Without what answered; all of a file that no pretext training wrote."""
    found = {
        name.removeprefix(_BACKBONE): tensor
        for name, tensor in tensors.items()
        if name.startswith(_BACKBONE)
    }
    return found or dict(tensors)


def pretext_of(
    entry: ModelEntry,
    options: Pretext,
    size: tuple[int, int, int],
    *,
    recipe: Recipe | None = None,
) -> PretextEntry:
    """An encoder that is trained for a task, over another entry's network.

    It is called as that is, with the task behind, and runs on request. It is trained
    on first use where that takes seconds; else `harness train` does.

    Parameters
    ----------
    entry
        Whose network; it has a last linear layer.
    options
        Of the task.
    size
        (height, width, channels) of the base's images.
    recipe
        How, without the objective; the entry's own if there is none.
    """
    found = trainable(entry)
    own = recipe or (found[1].recipe if found else RECIPE)
    return PretextEntry(
        name=f"{entry.name}-{options.task}",
        base=entry.base,
        build=_ALONE,
        arguments={
            "build": entry.build,
            "head": entry.head,
            "arguments": entry.arguments,
        },
        head="",
        layers=entry.layers,
        mean=entry.mean,
        std=entry.std,
        geometry=entry.geometry,
        weights=TrainedHere(
            recipe=replace(own, objective=options),
            on_first_use=found is not None and found[1].quick,
            quick=found is not None and found[1].quick,
        ),
        source=f"trained here without labels, for {options.task}",
        licence="Apache-2.0",
        on_request=True,
        options=options,
        size=size,
    )
