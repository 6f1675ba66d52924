"""Simple CIFAR-10 models, from u7122029/pytorch-cifar10.

The files hold whole pickled modules, which would run code when they are opened, so they
are neither downloaded nor read: a state dict saved from one is accepted in its place,
and so are weights that `harness train` made. No checksums or accuracies are published.
"""

from __future__ import annotations

from harness.models import stages
from harness.models.entry import FirstOf, ModelEntry, Published
from harness.models.layers import Layer
from harness.models.recipe import Recipe
from harness.models.trained_here import TrainedHere

_REPOSITORY = "https://github.com/u7122029/pytorch-cifar10"


# Ours: enough for the usual accuracy of each network.
_CONVOLUTIONAL = Recipe(
    epochs=30,
    learning_rate=0.05,
    batch_size=128,
    optimiser="sgd",
    weight_decay=5e-4,
    schedule="cosine",
    shift=4,
    flip=True,
)
_LINEAR = Recipe(epochs=15, learning_rate=1e-3, batch_size=128)


def _entry(
    name: str,
    parameters: int,
    *,
    file: str,
    head: str,
    build: str,
    recipe: Recipe,
    layers: tuple[Layer, ...] = (),
    on_request: bool = False,
) -> ModelEntry:
    published = Published(
        filename=f"u7122029-{file}.safetensors",
        advice=f"{_REPOSITORY}/releases/download/pretrained/{file}.pth holds a "
        "pickled module: where you trust it, open it with that project's classes "
        "and write its state_dict() with safetensors under the name above",
    )
    return ModelEntry(
        name=name,
        base="cifar10",
        build=f"harness.models.architectures.simple:{build}",
        head=head,
        layers=layers,
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2023, 0.1994, 0.2010),
        weights=FirstOf(
            sources=(published, TrainedHere(recipe=recipe, on_first_use=False))
        ),
        source=_REPOSITORY,
        licence="Apache-2.0",
        parameters=parameters,
        on_request=on_request,
    )


U7122029_ENTRIES = (
    _entry(
        "alexnet",
        23_272_266,
        file="alexnet",
        head="classifier.6",
        build="alexnet",
        recipe=_CONVOLUTIONAL,
        layers=stages.ALEXNET,
    ),
    _entry(
        "lenet5",
        62_050,
        file="lenet5",
        head="fc2",
        build="lenet5",
        recipe=_CONVOLUTIONAL,
        layers=stages.LENET5,
    ),
    _entry("linear", 30_730, file="linear", head="fc", build="linear", recipe=_LINEAR),
    # A control, as among the digits.
    _entry(
        "onebrain",
        20,
        file="obc",
        head="fc",
        build="one_brain_cell",
        recipe=_LINEAR,
        on_request=True,
    ),
)
