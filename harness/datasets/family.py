"""Families and bases: the groups that datasets come in, as entries of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.measurement import Domain

if TYPE_CHECKING:
    from harness.datasets.dataset import Dataset, Found
    from harness.datasets.geometry import Geometry
    from harness.datasets.images import Images
    from harness.progress import Tell
    from harness.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What models were trained on: a training set and a test split.

    Attributes
    ----------
    name
        As on the command line.
    classes
        Class names in label order.
    size
        (height, width, channels) of every image; of a base whose pictures have any
        size, what `geometry` brings them to.
    train, test
        Content of the two parts.
    locate
        Where the data were found, for people; raises MissingData, cheaply, when they
        are not there.
    geometry
        Of a base whose pictures have any size: how they are brought to `size` for
        networks that ask for no geometry of their own. None where all images have one
        size; networks then get that, whatever they ask for.
    several
        Whether several classes may hold of an image: its images have `sets`, and no
        labels.
    facts
        Names of what else is known of each image: its images have `facts`.
    stretch
        Of a base whose images have one size: the interpolation that pictures of other
        sizes are brought to it with, both sides at once, as they were for training.
        Empty where those are refused.
    verify
        Reads the test split before a run, telling about its progress, so that what is
        wrong shows then; None where nothing new can be found wrong.
    found
        What the test split holds, for people; None of bases that are no one's own.
    """

    name: str
    classes: tuple[str, ...]
    size: tuple[int, int, int]
    train: Callable[[Settings], Images]
    test: Callable[[Settings], Images]
    locate: Callable[[Settings], str]
    description: str
    source: str
    licence: str
    geometry: Geometry | None = None
    several: bool = False
    facts: tuple[str, ...] = ()
    stretch: str = ""
    verify: Callable[[Settings, Tell], None] | None = None
    found: Callable[[Settings], Found | None] | None = None

    def __post_init__(self) -> None:
        side = self.geometry and self.geometry.crop
        if side and self.size[:2] != (side, side):
            raise HarnessError(
                f"base {self.name} must have the size of its geometry, "
                f"{side}x{side}, got {self.size[0]}x{self.size[1]}"
            )


#: What to do where images or a network are of another base than the chosen one.
ANOTHER_BASE = (
    "choose the base that the network was trained on with --harness-base: a name of "
    "`harness list bases`, or a folder of your own with its labelled test images"
)
# What a name asks for that ends so: the family under corruptions, of two kinds, or as
# sequences under perturbations.
CORRUPTED_SUFFIXES = ("-c-extra", "-c")
PERTURBED_SUFFIX = "-p"
SUFFIXES = (*CORRUPTED_SUFFIXES, PERTURBED_SUFFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A named group of datasets over one base.

    Attributes
    ----------
    name
        As on the command line and in reports.
    base
        Name of the base whose models it is for.
    domain
        How the fits use its datasets.
    datasets
        Declares the members without loading them; raises MissingData, naming the path
        looked at, when the files are not there. It may download them where
        --harness-download is given and --harness-families has the family's name.
    on_request
        Run only where --harness-families names or matches it.
    """

    name: str
    base: str
    domain: Domain
    datasets: Callable[[Settings], tuple[Dataset, ...]]
    description: str
    source: str = ""
    licence: str = ""
    on_request: bool = False


def called_test(dataset: Dataset) -> Dataset:
    """A dataset with the trait of the test split, if its family is called ``test``.

    Of the interior, that is, and where its traits say nothing else: so what is declared
    by name alone has the fact as data from then on.
    """
    said = dataset.family == "test" and dataset.domain is Domain.INTERIOR
    if not said or "split" in dataset.traits:
        return dataset
    return replace(dataset, traits={**dataset.traits, "split": "test"})
