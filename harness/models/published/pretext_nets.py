"""The small AlexNet and NINs of each base of small images, on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.datasets.bases import CIFAR10, DIGITS
from harness.datasets.bases.small import FASHIONMNIST, KMNIST, MNIST, SVHN, USPS
from harness.models import stages
from harness.models.entry import ModelEntry
from harness.models.recipe import Recipe
from harness.models.trained_here import TrainedHere

if TYPE_CHECKING:
    from harness.datasets.family import Base

_NETS = "harness.models.architectures.pretext_nets"
_DIGITS = Recipe(epochs=40, learning_rate=1e-2)
_SMALL = Recipe(epochs=5, learning_rate=1e-2, batch_size=128)
_COLOUR = Recipe(epochs=20, learning_rate=1e-2, batch_size=128, shift=4, flip=True)

# About the mean and spread of the training images; the weights are trained with them.
_SCALES: tuple[tuple[Base, tuple[float, ...], tuple[float, ...], Recipe], ...] = (
    (DIGITS, (0.3078,), (0.3766,), _DIGITS),
    (CIFAR10, (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616), _COLOUR),
    (MNIST, (0.13,), (0.31,), _SMALL),
    (KMNIST, (0.19,), (0.35,), _SMALL),
    (FASHIONMNIST, (0.29,), (0.35,), _SMALL),
    (SVHN, (0.44, 0.44, 0.47), (0.20, 0.20, 0.20), _SMALL),
    (USPS, (0.25,), (0.30,), _SMALL),
)


def _entries(
    base: Base, mean: tuple[float, ...], std: tuple[float, ...], recipe: Recipe
) -> tuple[ModelEntry, ...]:
    """Those of one base: on digits trained in runs, elsewhere by `harness train`."""
    quick = base is DIGITS
    return tuple(
        ModelEntry(
            name=name,
            base=base.name,
            build=f"{_NETS}:{build}",
            arguments={"size": list(base.size), "classes": len(base.classes)},
            head=head,
            layers=stages.convolutions(blocks),
            mean=mean,
            std=std,
            weights=TrainedHere(recipe=recipe, on_first_use=quick, quick=quick),
            source="trained here",
            licence="Apache-2.0",
            on_request=True,
        )
        for name, build, head, blocks in (
            ("alexnet-bn", "alexnet_bn", "fc8", 5),
            ("nin", "nin", "linear", 4),
            ("nin-single", "nin_single", "linear", 5),
        )
    )


PRETEXT_NETS = tuple(entry for row in _SCALES for entry in _entries(*row))
