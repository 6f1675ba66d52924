"""Entries of classifiers that are trained here with sigmoids, over any other entry.

They are in no table: a name that ends in ``-sigmoid``, of a model that is in one, is
made an entry when it is asked for.
"""

from __future__ import annotations

from dataclasses import replace

from harness.activation import Activation
from harness.models.entry import ModelEntry
from harness.models.recipe import Recipe
from harness.models.trained_here import TrainedHere, trainable

SUFFIX = "-sigmoid"  # behind the name of the model whose network is trained
#: Of a model that the harness does not train otherwise.
_RECIPE = Recipe(epochs=40, learning_rate=3e-3, batch_size=64)


def sigmoid_of(entry: ModelEntry) -> ModelEntry:
    """The network of another entry, trained with binary cross entropy of its labels.

    It is called as that is, with ``-sigmoid`` behind, and runs on request. It is
    trained on first use where that takes seconds; else `harness train` does.
    """
    found = trainable(entry)
    recipe = found[1].recipe if found else _RECIPE
    quick = found is not None and found[1].quick
    return replace(
        entry,
        name=entry.name + SUFFIX,
        activation=Activation.SIGMOID,
        weights=TrainedHere(
            recipe=replace(recipe, loss="binary_cross_entropy"),
            on_first_use=quick,
            quick=quick,
        ),
        source="trained here with binary cross entropy",
        licence="Apache-2.0",
        parameters=None,
        accuracy=None,
        on_request=True,
    )
