"""Base digits, bundled with scikit-learn, and the families of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.datasets.dataset import Dataset, Transformation
from harness.datasets.family import Base, Family
from harness.datasets.images import Images
from harness.datasets.made.corruptions.catalogue import target as corruption_target
from harness.errors import MissingData
from harness.measurement import Domain

if TYPE_CHECKING:
    from harness.settings import Settings

# Exterior corruptions of the digits, of other kinds than the interior's. The strengths
# are ours: those of CIFAR-10-C hardly touch images of so few, large pixels.
DIGITS_CORRUPTIONS: dict[str, tuple[str, tuple[float, ...]]] = {
    "gaussian_noise": ("sigma", (0.1, 0.2, 0.3, 0.4, 0.5)),
    "shot_noise": ("photons", (30.0, 10.0, 5.0, 3.0, 2.0)),
    "impulse_noise": ("amount", (0.03, 0.07, 0.12, 0.2, 0.3)),
    "pixelate": ("scale", (0.88, 0.75, 0.63, 0.5, 0.38)),
}


def _digits(part: str) -> Images:
    from harness.datasets.readers.digits import read_digits

    return read_digits(part)


DIGITS = Base(
    name="digits",
    classes=tuple("0123456789"),
    size=(8, 8, 1),
    train=lambda settings: _digits("train"),
    test=lambda settings: _digits("test"),
    locate=lambda settings: "bundled with scikit-learn",
    description="1,797 handwritten digits of 14 writers, 8x8 grey, cut by writer",
    source="Alpaydin and Kaynak, UCI Machine Learning Repository, 1998",
    licence="CC BY 4.0",
)


def _writers(settings: Settings) -> Images:
    from harness.datasets.readers.digits import read_digits

    return read_digits("writers")


def _digits_writers(settings: Settings) -> tuple[Dataset, ...]:
    return (
        Dataset(
            name="writers",
            family="writers",
            domain=Domain.EXTERIOR,
            load=partial(_writers, settings),
            traits={"split": "writers"},
        ),
    )


def _digits_writers_c(settings: Settings) -> tuple[Dataset, ...]:
    return tuple(
        Dataset(
            name=f"writers-c/{name}-{severity}",
            family="writers-c",
            domain=Domain.EXTERIOR,
            load=partial(_writers, settings),
            transformations=(
                Transformation(
                    name=f"{name}-{severity}",
                    target=corruption_target(name),
                    parameters={parameter: strength},
                ),
            ),
            seed=(settings.seed, number, severity),
            traits={
                "split": "writers",
                "corruption": name,
                "severity": severity,
                "made": "harness",
            },
        )
        for number, (name, (parameter, strengths)) in enumerate(
            DIGITS_CORRUPTIONS.items()
        )
        for severity, strength in enumerate(strengths, start=1)
    )


def _mnist_8x8(settings: Settings) -> tuple[Dataset, ...]:
    from harness.datasets.readers.mnist import idx_files, read_mnist_8x8

    roots = [root for root in (settings.data_root, settings.cache_dir) if root]
    places = [root / "MNIST" / "raw" for root in roots]
    for place in places:
        if files := idx_files(place, "t10k"):
            return (
                Dataset(
                    name="mnist-8x8",
                    family="mnist-8x8",
                    domain=Domain.EXTERIOR,
                    load=partial(read_mnist_8x8, *files),
                    traits={"source": "mnist", "split": "test"},
                ),
            )
    raise MissingData(
        "family mnist-8x8",
        places,
        "set --harness-data-root to a folder that holds MNIST/raw with "
        "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, as torchvision lays it out",
    )


DIGITS_FAMILIES = (
    Family(
        name="writers",
        base="digits",
        domain=Domain.EXTERIOR,
        datasets=_digits_writers,
        description="digits of four writers that neither training nor test has",
        source=DIGITS.source,
        licence=DIGITS.licence,
    ),
    Family(
        name="writers-c",
        base="digits",
        domain=Domain.EXTERIOR,
        datasets=_digits_writers_c,
        description="those writers' digits under noise and pixelation",
        source=DIGITS.source,
        licence=DIGITS.licence,
    ),
    Family(
        name="mnist-8x8",
        base="digits",
        domain=Domain.EXTERIOR,
        datasets=_mnist_8x8,
        description="MNIST's test images shrunk to 8x8",
        source="LeCun, Cortes and Burges, The MNIST database of handwritten digits",
        licence="CC BY-SA 3.0",
    ),
)
