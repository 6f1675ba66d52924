"""The models that the harness brings along: one entry each."""

from __future__ import annotations

from typing import Any

from harness.models.entry import ModelEntry, TrainedHere
from harness.models.recipe import Recipe
from harness.models.sources.akamaster import AKAMASTER_ENTRIES
from harness.models.sources.chenyaofo import CHENYAOFO_ENTRIES
from harness.models.sources.huyvnphan import HUYVNPHAN_ENTRIES
from harness.models.sources.trained import SMALL, TRAINED_ENTRIES
from harness.models.sources.u7122029 import U7122029_ENTRIES

_DIGITS = "harness.models.architectures.digits"


def _digits(
    name: str,
    build: str,
    head: str,
    recipe: Recipe,
    *,
    arguments: dict[str, Any] | None = None,
    on_request: bool = False,
) -> ModelEntry:
    return ModelEntry(
        name=name,
        base="digits",
        build=build,
        arguments=arguments or {},
        head=head,
        # Of the 776 training images.
        mean=(0.3078,),
        std=(0.3766,),
        weights=TrainedHere(recipe=recipe),
        source="trained here",
        licence="Apache-2.0",
        on_request=on_request,
    )


# Strengths differ on purpose: a correlation over models needs models that differ.
DIGITS_ENTRIES = (
    _digits(
        "linear",
        f"{SMALL}:linear",
        "1",
        Recipe(epochs=40, learning_rate=1e-2),
        arguments={"size": [8, 8, 1]},
    ),
    _digits("mlp", f"{_DIGITS}:mlp", "3", Recipe(epochs=40, learning_rate=1e-2)),
    _digits("lenet", f"{_DIGITS}:lenet", "9", Recipe(epochs=60, learning_rate=1e-2)),
    _digits(
        "resnet",
        f"{_DIGITS}:small_resnet",
        "linear",
        Recipe(epochs=40, learning_rate=1e-2, shift=1),
    ),
    _digits("vgg", f"{_DIGITS}:vgg", "15", Recipe(epochs=40, learning_rate=1e-2)),
    # A control that sees no shape: every view looks the same to it.
    _digits(
        "onebrain",
        f"{SMALL}:one_brain_cell",
        "1",
        Recipe(epochs=40, learning_rate=1e-2),
        on_request=True,
    ),
)

# Names: akamaster's, the study's first source, are bare; others carry their source.
CIFAR10_ENTRIES = (
    *AKAMASTER_ENTRIES,
    *CHENYAOFO_ENTRIES,
    *HUYVNPHAN_ENTRIES,
    *U7122029_ENTRIES,
)

ENTRIES = (*DIGITS_ENTRIES, *CIFAR10_ENTRIES, *TRAINED_ENTRIES)
