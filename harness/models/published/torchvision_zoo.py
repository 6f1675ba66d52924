"""ImageNet classifiers that torchvision publishes: a choice from weak to strong.

Files, numbers of parameters, accuracies and geometries are those of its weights'
``meta`` and ``transforms()`` (torchvision 0.29); tests hold every row to the installed
version. Hex digits in a file's name begin its sha256. Others of its models are run by
``--harness-model 'torchvision:NAME?weights=DEFAULT'``.
"""

from __future__ import annotations

from harness.datasets.geometry import Geometry
from harness.models import stages
from harness.models.entry import ModelEntry, Published
from harness.models.layers import Layer

_URL = "https://download.pytorch.org/models"
_USUAL = Geometry(resize=256, crop=224)


def _entry(
    name: str,
    filename: str,
    parameters: int,
    accuracy: float,
    *,
    head: str,
    version: str = "",
    layers: tuple[Layer, ...] = (),
    geometry: Geometry = _USUAL,
) -> ModelEntry:
    return ModelEntry(
        name=f"torchvision-{name}{version}",
        base="imagenet",
        build="harness.models.architectures.zoo:torchvision_network",
        arguments={"name": name},
        head=head,
        layers=layers,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        geometry=geometry,
        weights=Published(
            filename=filename,
            url=f"{_URL}/{filename}",
            sha256=filename.rpartition("-")[2].partition(".")[0],
        ),
        source="https://github.com/pytorch/vision",
        licence="BSD-3-Clause",
        parameters=parameters,
        accuracy=accuracy,
    )


TORCHVISION_ENTRIES = (
    _entry(
        "alexnet",
        "alexnet-owt-7be5be79.pth",
        61_100_840,
        0.56522,
        head="classifier.6",
        layers=stages.ALEXNET,
    ),
    # No linear layer: a convolution, ReLU and pooling give the logits.
    _entry("squeezenet1_1", "squeezenet1_1-b8a52dc0.pth", 1_235_496, 0.58178, head=""),
    _entry(
        "mobilenet_v3_small",
        "mobilenet_v3_small-047dcff4.pth",
        2_542_856,
        0.67668,
        head="classifier.3",
    ),
    _entry(
        "resnet18",
        "resnet18-f37072fd.pth",
        11_689_512,
        0.69758,
        head="fc",
        layers=stages.WIDE_RESNET,
    ),
    _entry(
        "densenet121",
        "densenet121-a639ec97.pth",
        7_978_856,
        0.74434,
        head="classifier",
        layers=stages.DENSENET,
    ),
    _entry(
        "resnet50",
        "resnet50-0676ba61.pth",
        25_557_032,
        0.7613,
        version="-v1",
        head="fc",
        layers=stages.WIDE_RESNET,
    ),
    _entry(
        "efficientnet_b0",
        "efficientnet_b0_rwightman-7f5810bc.pth",
        5_288_548,
        0.77692,
        head="classifier.1",
        geometry=Geometry(resize=256, crop=224, interpolation="bicubic"),
    ),
    _entry(
        "resnet50",
        "resnet50-11ad3fa6.pth",
        25_557_032,
        0.80858,
        version="-v2",
        head="fc",
        layers=stages.WIDE_RESNET,
        geometry=Geometry(resize=232, crop=224),
    ),
)
