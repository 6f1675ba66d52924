"""CIFAR-10 ResNets with option A shortcuts, from akamaster/pytorch_resnet_cifar10.

They were trained with ImageNet's mean and std. Accuracies are one minus the test errors
that its README lists. The eight hex digits in a file name begin its sha256.
"""

from __future__ import annotations

from harness.models import stages
from harness.models.entry import ModelEntry, Published

_REPOSITORY = "https://github.com/akamaster/pytorch_resnet_cifar10"


def _entry(depth: int, sha256: str, parameters: int, accuracy: float) -> ModelEntry:
    filename = f"resnet{depth}-{sha256}.th"
    return ModelEntry(
        name=f"resnet{depth}",
        base="cifar10",
        build="harness.models.architectures.resnet_cifar:resnet",
        arguments={"depth": depth},
        head="linear",
        layers=stages.RESNET,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        weights=Published(
            filename=filename,
            url=f"{_REPOSITORY}/raw/master/pretrained_models/{filename}",
            sha256=sha256,
        ),
        source=_REPOSITORY,
        licence="BSD-2-Clause",
        parameters=parameters,
        accuracy=accuracy,
    )


AKAMASTER_ENTRIES = (
    _entry(20, "12fca82f", 269_722, 0.9173),
    _entry(32, "d509ac18", 464_154, 0.9263),
    _entry(44, "014dd654", 658_586, 0.9310),
    _entry(56, "4bfd9763", 853_018, 0.9339),
    _entry(110, "1d1ed7c2", 1_727_962, 0.9368),
    _entry(1202, "f3b1deed", 19_421_274, 0.9382),
)
