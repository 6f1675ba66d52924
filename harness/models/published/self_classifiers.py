"""Entries of Self-Classifiers over the networks that the harness trains here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.models.entry import ModelEntry
from harness.models.layers import Layer
from harness.models.recipe import Recipe
from harness.models.self_classifier.options import SUFFIX, SelfClassifier
from harness.models.trained_here import TrainedHere

if TYPE_CHECKING:
    import torch

_BUILD = "harness.models.self_classifier.network:self_classifier"
_WEIGHT = "parametrizations.weight.original1"
RECIPE = Recipe(
    epochs=60,
    learning_rate=1e-3,
    batch_size=128,
    schedule="cosine",
    weight_decay=1e-6,
    objective=SelfClassifier(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfClassifierEntry(ModelEntry):
    """One whose heads are as many and as large as a recipe, or its weights, say."""

    def for_recipe(self, recipe: Recipe) -> ModelEntry:
        """With the recipe's heads and widths."""
        asked = recipe.objective
        if not isinstance(asked, SelfClassifier):
            return self
        return self._having(asked.heads, asked.hidden, asked.embedding)

    def for_weights(self, tensors: Mapping[str, torch.Tensor]) -> ModelEntry:
        """With the heads and widths of a file that was trained so.

        Of one that was not it is left as it is, and loading says what does not fit.
        """
        heads: list[int] = []
        while (name := f"heads.{len(heads)}.{_WEIGHT}") in tensors:
            heads.append(len(tensors[name]))
        hidden = tensors.get("projection.0.weight")
        embedding = tensors.get("projection.3.weight")
        if not heads or hidden is None or embedding is None:
            return self
        return self._having(tuple(heads), len(hidden), len(embedding))

    def _having(
        self, heads: tuple[int, ...], hidden: int, embedding: int
    ) -> ModelEntry:
        sizes = {"heads": list(heads), "hidden": hidden, "embedding": embedding}
        before = _heads(len(self.arguments["heads"]))
        backbone = [layer for layer in self.layers if layer not in before]
        return replace(
            self,
            arguments={**self.arguments, **sizes},
            layers=(*backbone, *_heads(len(heads))),
        )


def _heads(count: int) -> tuple[Layer, ...]:
    """head1, head2, ...: their logits, of which the first are the network's."""
    return tuple(Layer(name=f"head{i + 1}", module=f"heads.{i}") for i in range(count))


def self_classifier_of(
    entry: ModelEntry, *, on_first_use: bool = True, recipe: Recipe = RECIPE
) -> SelfClassifierEntry:
    """An entry for a Self-Classifier whose backbone is another entry's network.

    It is called as that is, with ``-selfclassifier`` behind, runs on request, and is
    trained on first use unless that takes long.
    """
    asked = recipe.objective
    objective = asked if isinstance(asked, SelfClassifier) else SelfClassifier()
    return SelfClassifierEntry(
        name=entry.name + SUFFIX,
        base=entry.base,
        build=_BUILD,
        arguments={
            "build": entry.build,
            "head": entry.head,
            "arguments": entry.arguments,
            "heads": list(objective.heads),
            "hidden": objective.hidden,
            "embedding": objective.embedding,
        },
        head="heads.0",
        layers=(
            *(
                replace(layer, module=f"backbone.{layer.module}")
                for layer in entry.layers
            ),
            *_heads(len(objective.heads)),
        ),
        mean=entry.mean,
        std=entry.std,
        weights=TrainedHere(recipe=recipe, on_first_use=on_first_use),
        source="trained here without labels, after Amrani et al. 2022",
        licence="Apache-2.0",
        on_request=True,
    )
