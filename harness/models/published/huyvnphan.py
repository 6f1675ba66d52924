"""CIFAR-10 models with wide stems, from huyvnphan/PyTorch_CIFAR10.

All weights are in one zip on a drive, so users place the files themselves. No checksums
are published. Accuracies are those of its README.
"""

from __future__ import annotations

from typing import Any

from harness.models import stages
from harness.models.entry import ModelEntry, Published
from harness.models.layers import Layer

_REPOSITORY = "https://github.com/huyvnphan/PyTorch_CIFAR10"


def _entry(
    name: str,
    parameters: int,
    accuracy: float,
    *,
    build: str,
    head: str,
    layers: tuple[Layer, ...],
    arguments: dict[str, Any] | None = None,
) -> ModelEntry:
    return ModelEntry(
        name=f"huyvnphan-{name}",
        base="cifar10",
        build=f"harness.models.architectures.{build}",
        arguments=arguments or {},
        head=head,
        layers=layers,
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2471, 0.2435, 0.2616),
        weights=Published(
            # With its folder: bare, names like resnet18.pt could be anybody's.
            filename=f"state_dicts/{name}.pt",
            advice=f"unpack the zip of state_dicts that {_REPOSITORY} links to, and "
            "name the folder above state_dicts with --harness-weights-root",
        ),
        source=_REPOSITORY,
        licence="MIT",
        parameters=parameters,
        accuracy=accuracy,
    )


def _vgg(depth: int, parameters: int, accuracy: float) -> ModelEntry:
    return _entry(
        f"vgg{depth}_bn",
        parameters,
        accuracy,
        build="vgg:vgg",
        head="classifier.6",
        layers=stages.vgg(depth),
        arguments={"depth": depth, "hidden": 4096},
    )


def _resnet(depth: int, parameters: int, accuracy: float) -> ModelEntry:
    return _entry(
        f"resnet{depth}",
        parameters,
        accuracy,
        build="adapted:resnet",
        head="fc",
        layers=stages.WIDE_RESNET,
        arguments={"depth": depth},
    )


def _densenet(depth: int, parameters: int, accuracy: float) -> ModelEntry:
    return _entry(
        f"densenet{depth}",
        parameters,
        accuracy,
        build="adapted:densenet",
        head="classifier",
        layers=stages.DENSENET,
        arguments={"depth": depth},
    )


HUYVNPHAN_ENTRIES = (
    _vgg(11, 28_149_514, 0.9239),
    _vgg(13, 28_334_410, 0.9422),
    _vgg(16, 33_646_666, 0.9400),
    _vgg(19, 38_958_922, 0.9395),
    _resnet(18, 11_173_962, 0.9307),
    _resnet(34, 21_282_122, 0.9334),
    _resnet(50, 23_520_842, 0.9365),
    _densenet(121, 6_956_426, 0.9406),
    _densenet(161, 26_482_570, 0.9407),
    _densenet(169, 12_493_450, 0.9405),
    _entry(
        "mobilenet_v2",
        2_236_682,
        0.9391,
        build="adapted:mobilenet_v2",
        head="classifier.1",
        layers=stages.MOBILENET,
        arguments={"width": 1.0},
    ),
    _entry(
        "googlenet",
        5_490_986,
        0.9285,
        build="adapted:googlenet",
        head="fc",
        layers=stages.GOOGLENET,
    ),
    _entry(
        "inception_v3",
        21_638_954,
        0.9374,
        build="adapted:inception_v3",
        head="fc",
        layers=stages.INCEPTION,
    ),
)
