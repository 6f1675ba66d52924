"""The models that the harness brings along: one entry each."""

from __future__ import annotations

from harness.models.entry import ModelEntry, Published, Trained
from harness.models.training import Recipe

_SMALL = "harness.models.architectures.digits"


def _digits(name: str, function: str, head: str, recipe: Recipe) -> ModelEntry:
    return ModelEntry(
        name=name,
        base="digits",
        build=f"{_SMALL}:{function}",
        head=head,
        # Of the 776 training images.
        mean=(0.3078,),
        std=(0.3766,),
        weights=Trained(recipe=recipe),
        source="trained here",
        licence="Apache-2.0",
    )


# Strengths differ on purpose: a correlation over models needs models that differ.
DIGITS_ENTRIES = (
    _digits("linear", "linear", "1", Recipe(epochs=40, learning_rate=1e-2)),
    _digits("mlp", "mlp", "3", Recipe(epochs=40, learning_rate=1e-2)),
    _digits("lenet", "lenet", "9", Recipe(epochs=60, learning_rate=1e-2)),
    _digits(
        "resnet",
        "small_resnet",
        "linear",
        Recipe(epochs=40, learning_rate=1e-2, shift=1),
    ),
    _digits("vgg", "vgg", "15", Recipe(epochs=40, learning_rate=1e-2)),
)

_AKAMASTER = "https://github.com/akamaster/pytorch_resnet_cifar10"


def _akamaster(depth: int, sha256: str, parameters: int, accuracy: float) -> ModelEntry:
    filename = f"resnet{depth}-{sha256}.th"
    return ModelEntry(
        name=f"resnet{depth}",
        base="cifar10",
        build="harness.models.architectures.resnet_cifar:resnet",
        arguments={"depth": depth},
        head="linear",
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        weights=Published(
            filename=filename,
            url=f"{_AKAMASTER}/raw/master/pretrained_models/{filename}",
            sha256=sha256,
        ),
        source=_AKAMASTER,
        licence="BSD-2-Clause",
        parameters=parameters,
        accuracy=accuracy,
    )


# The eight hex digits in a published file name begin its sha256.
CIFAR10_ENTRIES = (
    _akamaster(20, "12fca82f", 269_722, 0.9173),
    _akamaster(56, "4bfd9763", 853_018, 0.9339),
)

ENTRIES = (*DIGITS_ENTRIES, *CIFAR10_ENTRIES)
