"""CIFAR-10 models of five kinds, from chenyaofo/pytorch-cifar-models.

Accuracies are those of its README. The eight hex digits in a file name begin its
sha256.
"""

from __future__ import annotations

from typing import Any

from harness.models import stages
from harness.models.entry import ModelEntry, Published
from harness.models.layers import Layer

_REPOSITORY = "https://github.com/chenyaofo/pytorch-cifar-models"
_BUILD = "harness.models.architectures."


def _entry(
    name: str,
    sha256: str,
    parameters: int,
    accuracy: float,
    *,
    group: str,
    build: str,
    head: str,
    layers: tuple[Layer, ...],
    arguments: dict[str, Any],
) -> ModelEntry:
    filename = f"cifar10_{name}-{sha256}.pt"
    return ModelEntry(
        name=f"chenyaofo-{name}",
        base="cifar10",
        build=_BUILD + build,
        arguments=arguments,
        head=head,
        layers=layers,
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2023, 0.1994, 0.2010),
        weights=Published(
            filename=filename,
            url=f"{_REPOSITORY}/releases/download/{group}/{filename}",
            sha256=sha256,
        ),
        source=_REPOSITORY,
        licence="BSD-3-Clause",
        parameters=parameters,
        accuracy=accuracy,
    )


def _resnet(depth: int, sha256: str, parameters: int, accuracy: float) -> ModelEntry:
    return _entry(
        f"resnet{depth}",
        sha256,
        parameters,
        accuracy,
        group="resnet",
        build="projected_resnet:projected_resnet",
        head="fc",
        layers=stages.RESNET,
        arguments={"depth": depth},
    )


def _vgg(depth: int, sha256: str, parameters: int, accuracy: float) -> ModelEntry:
    return _entry(
        f"vgg{depth}_bn",
        sha256,
        parameters,
        accuracy,
        group="vgg",
        build="vgg:vgg",
        head="classifier.6",
        layers=stages.vgg(depth),
        arguments={"depth": depth, "hidden": 512},
    )


def _mobilenet(
    width: float, sha256: str, parameters: int, accuracy: float
) -> ModelEntry:
    return _entry(
        f"mobilenetv2_x{width}".replace(".", "_"),
        sha256,
        parameters,
        accuracy,
        group="mobilenetv2",
        build="adapted:mobilenet_v2",
        head="classifier.1",
        layers=stages.MOBILENET,
        arguments={"width": width},
    )


def _shufflenet(
    width: float, sha256: str, parameters: int, accuracy: float
) -> ModelEntry:
    return _entry(
        f"shufflenetv2_x{width}".replace(".", "_"),
        sha256,
        parameters,
        accuracy,
        group="shufflenetv2",
        build="adapted:shufflenet_v2",
        head="fc",
        layers=stages.SHUFFLENET,
        arguments={"width": width},
    )


def _repvgg(variant: str, sha256: str, parameters: int, accuracy: float) -> ModelEntry:
    return _entry(
        f"repvgg_{variant}",
        sha256,
        parameters,
        accuracy,
        group="repvgg",
        build="repvgg:repvgg",
        head="linear",
        layers=stages.REPVGG,
        arguments={"variant": variant},
    )


CHENYAOFO_ENTRIES = (
    _resnet(20, "4118986f", 272_474, 0.9260),
    _resnet(32, "ef93fc4d", 466_906, 0.9353),
    _resnet(44, "2a3cabcb", 661_338, 0.9401),
    _resnet(56, "187c023a", 855_770, 0.9437),
    _vgg(11, "eaeebf42", 9_756_426, 0.9279),
    _vgg(13, "c01e4a43", 9_941_322, 0.9400),
    _vgg(16, "6ee7ea24", 15_253_578, 0.9416),
    _vgg(19, "57191229", 20_565_834, 0.9391),
    _mobilenet(0.5, "ca14ced9", 700_490, 0.9288),
    _mobilenet(0.75, "a53c314e", 1_368_234, 0.9372),
    _mobilenet(1.0, "fe6a5b48", 2_236_682, 0.9379),
    _mobilenet(1.4, "3bbbd6e2", 4_333_706, 0.9422),
    _shufflenet(0.5, "1308b4e9", 352_042, 0.9013),
    _shufflenet(1.0, "98807be3", 1_263_854, 0.9298),
    _shufflenet(1.5, "296694dd", 2_488_874, 0.9355),
    _shufflenet(2.0, "ec31611c", 5_365_486, 0.9381),
    _repvgg("a0", "ef08a50e", 7_840_874, 0.9439),
    _repvgg("a1", "38d2431b", 12_824_202, 0.9489),
    _repvgg("a2", "09488915", 26_815_690, 0.9498),
)
