"""Networks of "When Deep Classifiers Agree", to be trained here by its recipes.

No weights are published. Images of CIFAR-10 are neither moved nor normalised; pictures
of Pascal VOC and KTH-TIPS2b are cropped at random. Names end in ``-plain``, since other
networks of these names are trained with augmentation.
"""

from __future__ import annotations

from dataclasses import replace

from harness.datasets.bases.kth import KTH
from harness.datasets.bases.voc import VOC
from harness.datasets.family import Base
from harness.models import stages
from harness.models.entry import ModelEntry
from harness.models.layers import Layer
from harness.models.recipe import Recipe
from harness.models.trained_here import TrainedHere

_SOURCE = "ccc-frankfurt/intrinsic_ordering_nn_training, arXiv:2105.08997"

CIFAR10_RECIPE = Recipe(
    epochs=60,
    learning_rate=0.1,
    final_learning_rate=5e-4,
    batch_size=128,
    optimiser="sgd",
    nesterov=False,
    weight_decay=5e-4,
    schedule="cosine",
)
#: Of all labels drawn at random, or some: add `label_noise`.
RANDOM_LABELS_RECIPE = replace(
    CIFAR10_RECIPE,
    epochs=90,
    learning_rate=1e-2,
    final_learning_rate=0.0,
    schedule="steps",
    milestones=(30, 60),
    step_factor=0.3,
)
VOC_RECIPE = replace(
    CIFAR10_RECIPE,
    epochs=150,
    final_learning_rate=0.0,
    schedule="steps",
    milestones=(50, 100),
    step_factor=0.2,
    room=32,
)
KTH_RECIPE = Recipe(
    epochs=60,
    learning_rate=1e-4,
    batch_size=64,
    optimiser="adam",
    weight_decay=1e-5,
    schedule="one-cycle",
    room=10,
)


def _entry(
    name: str,
    base: str,
    build: str,
    head: str,
    recipe: Recipe,
    classes: int,
    layers: tuple[Layer, ...],
    arguments: dict[str, str] | None = None,
) -> ModelEntry:
    return ModelEntry(
        name=f"{name}-plain",
        base=base,
        build=f"harness.models.architectures.agreeing:{build}",
        arguments={**(arguments or {}), "classes": classes},
        head=head,
        layers=layers,
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
        weights=TrainedHere(recipe=recipe, on_first_use=False),
        source=_SOURCE,
        licence="Apache-2.0",
        on_request=True,
    )


def _of_pictures(base: Base, recipe: Recipe) -> tuple[ModelEntry, ...]:
    """With ImageNet's stem."""
    return tuple(
        _entry(
            *(name, base.name, "of_torchvision", head, recipe, len(base.classes)),
            layers,
            {"name": name},
        )
        for name, head, layers in (
            ("resnet50", "fc", stages.WIDE_RESNET),
            ("densenet121", "classifier", stages.DENSENET),
        )
    )


AGREEING_ENTRIES = (
    *(
        _entry(name, "cifar10", build, head, CIFAR10_RECIPE, 10, layers)
        for name, build, head, layers in (
            ("lenet5", "lenet5", "fc2", stages.LENET5),
            ("vgg16_bn", "vgg16_bn", "classifier.6", stages.vgg(16)),
            ("resnet50", "resnet50", "fc", stages.WIDE_RESNET),
            ("wrn-28-10", "wide_resnet", "fc", stages.RESNET),
        )
    ),
    _entry(
        *("densenet121", "cifar10", "of_torchvision", "classifier", CIFAR10_RECIPE, 10),
        stages.DENSENET,
        {"name": "densenet121"},
    ),
    *_of_pictures(VOC, VOC_RECIPE),
    *_of_pictures(KTH, KTH_RECIPE),
)
