"""The dataset families that the harness brings along: one entry each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.datasets.bases import CIFAR10, DIGITS
from harness.datasets.cifar_variants import CIFAR10_FAMILIES
from harness.datasets.dataset import Dataset, Transformation
from harness.datasets.family import Base, Family
from harness.datasets.images import Images
from harness.datasets.made.corruptions.catalogue import target as corruption_target
from harness.datasets.small_bases import SMALL_BASES
from harness.datasets.small_families import SMALL_FAMILIES
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

# Where the pools of the interior's other families come from, by letter.
OTHER_SOURCES = {
    "a": "https://github.com/Simon4Yan/Meta-set, group A",
    "b": "https://github.com/Simon4Yan/Meta-set, group B",
    "c": "Deng, Gould and Zheng, ICML 2021, arXiv:2106.05961",
}


def _test(base: Base, settings: Settings) -> tuple[Dataset, ...]:
    return (
        Dataset(
            name="test",
            family="test",
            domain=Domain.INTERIOR,
            load=partial(base.test, settings),
            traits={"split": "test"},
        ),
    )


def _interior(base: Base, settings: Settings) -> tuple[Dataset, ...]:
    from harness.datasets.metaset import metaset
    from harness.datasets.pools import DEFAULT_POOL, GREY_POOL

    pool = DEFAULT_POOL if base.size[2] == 3 else GREY_POOL
    return tuple(
        Dataset(
            name=f"interior/{i:04d}",
            family="interior",
            domain=Domain.INTERIOR,
            load=partial(base.test, settings),
            transformations=metaset(settings.seed, i, pool),
            seed=(settings.seed, i),
            traits={"split": "test", "pool": "default"},
        )
        for i in range(settings.interior)
    )


def _other_interior(letter: str, base: Base, settings: Settings) -> tuple[Dataset, ...]:
    from harness.datasets.metaset import metaset
    from harness.datasets.pools import OTHER_POOLS

    colour, grey = OTHER_POOLS[letter]
    pool = colour if base.size[2] == 3 else grey
    return tuple(
        Dataset(
            name=f"interior-{letter}/{i:04d}",
            family=f"interior-{letter}",
            domain=Domain.INTERIOR,
            load=partial(base.test, settings),
            transformations=metaset(settings.seed, i, pool),
            # The letter's number, so that no pool shares the default pool's draws.
            seed=(settings.seed, i, 1 + list(OTHER_POOLS).index(letter)),
            traits={"split": "test", "pool": letter},
        )
        for i in range(settings.interior)
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
            traits={"split": "writers", "corruption": name, "severity": severity},
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


def _other(base: Base, letter: str, source: str) -> Family:
    return Family(
        name=f"interior-{letter}",
        base=base.name,
        domain=Domain.INTERIOR,
        datasets=partial(_other_interior, letter, base),
        description=f"the test split under three of pool {letter.upper()} a set",
        source=source,
        licence=base.licence,
        on_request=True,
    )


def _shared(base: Base) -> tuple[Family, ...]:
    """The families that every base has."""
    return (
        Family(
            name="test",
            base=base.name,
            domain=Domain.INTERIOR,
            datasets=partial(_test, base),
            description="the base's test split, untransformed",
            source=base.source,
            licence=base.licence,
        ),
        Family(
            name="interior",
            base=base.name,
            domain=Domain.INTERIOR,
            datasets=partial(_interior, base),
            description="the test split under three of seven transformations a set",
            source="Deng and Zheng, CVPR 2021, arXiv:2007.02915",
            licence=base.licence,
        ),
        *(_other(base, letter, source) for letter, source in OTHER_SOURCES.items()),
    )


FAMILIES = (
    *_shared(DIGITS),
    *_shared(CIFAR10),
    *CIFAR10_FAMILIES,
    *(family for base in SMALL_BASES for family in _shared(base)),
    *SMALL_FAMILIES,
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
