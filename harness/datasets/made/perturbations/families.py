"""Families of sequences: each member of another under the ten perturbations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from harness.datasets.family import PERTURBED_SUFFIX, Family
from harness.datasets.made.corruptions.photographs import LEAST_SIDE as LARGE
from harness.datasets.made.perturbations.catalogue import (
    CIFAR10_P,
    IMAGENET_P,
    NAMES,
    Perturbation,
)
from harness.datasets.made.perturbations.sequences import PerturbedImages
from harness.datasets.made.sample import SampledImages
from harness.datasets.truth import KnownTruth
from harness.errors import HarnessError
from harness.measurement import Domain
from harness.sampling import sampled_rows

if TYPE_CHECKING:
    from harness.datasets.dataset import Dataset
    from harness.datasets.family import Base
    from harness.datasets.images import Images
    from harness.datasets.truth import Truth
    from harness.settings import Settings

#: Pixels of the shorter side: the steps of CIFAR-10-P are of images of 32, and push
#: smaller ones out of sight.
LEAST_SIDE = 28


def suffixed(name: str, families: Mapping[str, Family], base: Base) -> Family | None:
    """The family that ``FAMILY-p`` asks for; None if it is no such name.

    In place of a family the name of the base stands for its test split.
    """
    if not name.endswith(PERTURBED_SUFFIX):
        return None
    stem = name.removesuffix(PERTURBED_SUFFIX)
    origin = families.get("test" if stem == base.name else stem)
    if origin is None:
        return None

    def datasets(settings: Settings) -> tuple[Dataset, ...]:
        return perturbed(origin.datasets(settings), name, base, settings)

    return replace(
        origin,
        name=name,
        domain=Domain.EXTERIOR,
        datasets=datasets,
        description=f"10 perturbations of {origin.name}, frame by frame",
        source=f"{origin.source}; Hendrycks and Dietterich, ICLR 2019, "
        "arXiv:1903.12261",
        on_request=True,
    )


def perturbed(
    datasets: tuple[Dataset, ...], family: str, base: Base, settings: Settings
) -> tuple[Dataset, ...]:
    """Each dataset as sequences under each of the ten perturbations.

    With --harness-max-images as many whole sequences as there is room for, of images
    drawn evenly, but one at least.

    Raises
    ------
    HarnessError
        If images are too small, or a dataset is made by transformations.
    """
    side = min(base.size[:2])
    if side < LEAST_SIDE:
        raise HarnessError(
            f"family {family} must be of images with sides of at least {LEAST_SIDE} "
            f"pixels, for which the steps of its perturbations are meant, got {side}; "
            "choose other families for so small images"
        )
    table = IMAGENET_P if side >= LARGE else CIFAR10_P
    members = []
    for dataset in datasets:
        if dataset.transformations:
            raise HarnessError(
                f"{dataset.name} is made by transformations, and sequences are made "
                "before these; perturb what it is made of, such as the test split"
            )
        several = {} if len(datasets) == 1 else {"member": _member(dataset)}
        inside = "".join(f"{member}/" for member in several.values())
        target = dataset.domain is Domain.TARGET
        members += [
            replace(
                dataset,
                known=_known(dataset, one, settings),
                name=f"{family}/{inside}{one.name}",
                family=family,
                domain=Domain.TARGET if target else Domain.EXTERIOR,
                load=cache(_Load(dataset, one, base, settings)),
                names=(),
                verify=None,  # what it was made of is verified and counted
                found=None,
                traits={
                    **dataset.traits,
                    **several,
                    "perturbation": one.name,
                    "difficulty": 1,
                    "frames": one.frames,
                    "made": "harness",
                },
            )
            for one in table.values()
        ]
    return tuple(members)


class _Load:
    """Makes the sequences of a dataset when they are wanted."""

    def __init__(
        self, dataset: Dataset, one: Perturbation, base: Base, settings: Settings
    ) -> None:
        self._dataset = dataset
        self._perturbation = one
        self._base = base
        self._settings = settings

    def __call__(self) -> Images:
        images = self._dataset.load()
        few = _sequences(len(images), self._perturbation, self._settings)
        if few < len(images):
            images = SampledImages(images, few)
        usual = self._base.geometry
        seed = self._settings.seed, *self._dataset.seed
        return PerturbedImages(
            images,
            self._perturbation,
            (*seed, NAMES.index(self._perturbation.name)),
            size=self._base.size[:2],
            whole=None if usual is None else replace(usual, crop=usual.resize),
            quick=self._settings.decoder == "torchvision",
        )


def _sequences(images: int, one: Perturbation, settings: Settings) -> int:
    """Of how many images there are sequences."""
    if settings.max_images is None:
        return images
    return min(images, max(1, settings.max_images // one.frames))


def _known(
    dataset: Dataset, one: Perturbation, settings: Settings
) -> KnownTruth | None:
    """What is known of a dataset's images, of each frame."""
    known = dataset.known
    if known is None:
        return None

    def read() -> Truth | None:
        if (truth := known()) is None:
            return None
        rows = sampled_rows(len(truth), _sequences(len(truth), one, settings))
        return truth.take(rows.repeat(one.frames))

    return KnownTruth(read, known.classes)


def _member(dataset: Dataset) -> str:
    """Name within its family; the whole name where it is the only one there."""
    return dataset.name.removeprefix(f"{dataset.family}/")
