"""Classifiers that the harness trains on first use, one set a base of small images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.datasets.bases.small import FASHIONMNIST, KMNIST, MNIST, SVHN, USPS
from harness.models import stages
from harness.models.entry import ModelEntry
from harness.models.layers import Layer
from harness.models.recipe import Recipe
from harness.models.trained_here import TrainedHere

if TYPE_CHECKING:
    from harness.datasets.family import Base

SMALL = "harness.models.architectures.small"

# About the mean and spread of the training images. They centre the inputs and no more:
# the weights are trained with them.
_SCALES: tuple[tuple[Base, tuple[float, ...], tuple[float, ...]], ...] = (
    (MNIST, (0.13,), (0.31,)),
    (KMNIST, (0.19,), (0.35,)),
    (FASHIONMNIST, (0.29,), (0.35,)),
    (SVHN, (0.44, 0.44, 0.47), (0.20, 0.20, 0.20)),
    (USPS, (0.25,), (0.30,)),
)
_RECIPE = Recipe(epochs=5, learning_rate=1e-2, batch_size=128)


def _entries(
    base: Base, mean: tuple[float, ...], std: tuple[float, ...]
) -> tuple[ModelEntry, ...]:
    def entry(
        name: str,
        function: str,
        head: str,
        *,
        layers: tuple[Layer, ...] = (),
        sized: bool = True,
        asked: bool = False,
    ) -> ModelEntry:
        size = {"size": list(base.size)} if sized else {}
        return ModelEntry(
            name=name,
            base=base.name,
            build=f"{SMALL}:{function}",
            arguments={**size, "classes": len(base.classes)},
            head=head,
            layers=layers,
            mean=mean,
            std=std,
            weights=TrainedHere(recipe=_RECIPE),
            source="trained here",
            licence="Apache-2.0",
            on_request=asked,
        )

    return (
        entry("linear", "linear", "1"),
        entry("lenet", "lenet", "13", layers=stages.SMALL_LENET),
        # A control that sees no shape: every view looks the same to it.
        entry("onebrain", "one_brain_cell", "1", sized=False, asked=True),
    )


TRAINED_ENTRIES = tuple(entry for row in _SCALES for entry in _entries(*row))
