"""The models that the harness brings along: one entry each."""

from __future__ import annotations

from typing import Any

from harness.models import stages
from harness.models.entry import Bundled, FirstOf, ModelEntry
from harness.models.layers import Layer
from harness.models.published.agreeing import AGREEING_ENTRIES
from harness.models.published.akamaster import AKAMASTER_ENTRIES
from harness.models.published.chenyaofo import CHENYAOFO_ENTRIES
from harness.models.published.huyvnphan import HUYVNPHAN_ENTRIES
from harness.models.published.imagenet_small import IMAGENET_SMALL_ENTRIES
from harness.models.published.pretext_nets import PRETEXT_NETS
from harness.models.published.self_classifiers import self_classifier_of
from harness.models.published.torchvision_zoo import TORCHVISION_ENTRIES
from harness.models.published.trained import SMALL, TRAINED_ENTRIES
from harness.models.published.u7122029 import U7122029_ENTRIES
from harness.models.recipe import Recipe
from harness.models.trained_here import TrainedHere

_DIGITS = "harness.models.architectures.digits"


def _digits(
    name: str,
    build: str,
    head: str,
    recipe: Recipe,
    sha256: str,
    *,
    arguments: dict[str, Any] | None = None,
    layers: tuple[Layer, ...] = (),
    on_request: bool = False,
) -> ModelEntry:
    return ModelEntry(
        name=name,
        base="digits",
        build=build,
        arguments=arguments or {},
        head=head,
        layers=layers,
        # Of the 776 training images.
        mean=(0.3078,),
        std=(0.3766,),
        weights=FirstOf(
            sources=(
                TrainedHere(recipe=recipe, on_first_use=False, quick=True),
                Bundled(sha256=sha256),
            )
        ),
        source="trained with harness train, seed 0, on one thread",
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
        "d245f10e083b27859cd2363f83dc6e8ac961b504f0d4cf09194ca0bffa0315ed",
        arguments={"size": [8, 8, 1]},
    ),
    _digits(
        "mlp",
        f"{_DIGITS}:mlp",
        "3",
        Recipe(epochs=40, learning_rate=1e-2),
        "16d4772051153697109445387ed35ba147e56c2ac80a698c597117b399b2cac9",
    ),
    _digits(
        "lenet",
        f"{_DIGITS}:lenet",
        "9",
        Recipe(epochs=60, learning_rate=1e-2),
        "3aa1e6e0c4d4f9b72628cbd081b9bb24e0ffb43034be2bf4d962e92d679e49a4",
        layers=stages.DIGITS_LENET,
    ),
    _digits(
        "resnet",
        f"{_DIGITS}:small_resnet",
        "linear",
        Recipe(epochs=40, learning_rate=1e-2, shift=1),
        "afbc80b7abb8d0df0b1189395827b0f63666276ec1446d9243f7efcea2256df0",
        layers=stages.RESNET,
    ),
    _digits(
        "vgg",
        f"{_DIGITS}:vgg",
        "15",
        Recipe(epochs=40, learning_rate=1e-2),
        "1d2e22b29c47cb6aaa9285244e9c78098a85ceaf8bfede100c32ea2833c1b4f2",
        layers=stages.DIGITS_VGG,
    ),
    # A control that sees no shape: every view looks the same to it.
    _digits(
        "onebrain",
        f"{SMALL}:one_brain_cell",
        "1",
        Recipe(epochs=40, learning_rate=1e-2),
        "676e3998d240730a270c6367f93dc15757bd1936de802052c6b3f516c0da8390",
        on_request=True,
    ),
)

SELF_CLASSIFIERS = tuple(
    self_classifier_of(entry)
    for entry in (*DIGITS_ENTRIES, *TRAINED_ENTRIES)
    if entry.name in ("lenet", "resnet", "vgg")
)

# Names: akamaster's, the study's first source, are bare; others carry their source.
CIFAR10_ENTRIES = (
    *AKAMASTER_ENTRIES,
    *CHENYAOFO_ENTRIES,
    *HUYVNPHAN_ENTRIES,
    *U7122029_ENTRIES,
)

IMAGENET_ENTRIES = (*TORCHVISION_ENTRIES, *IMAGENET_SMALL_ENTRIES)

ENTRIES = (
    *DIGITS_ENTRIES,
    *CIFAR10_ENTRIES,
    *TRAINED_ENTRIES,
    *SELF_CLASSIFIERS,
    *PRETEXT_NETS,
    *IMAGENET_ENTRIES,
    *AGREEING_ENTRIES,
)
