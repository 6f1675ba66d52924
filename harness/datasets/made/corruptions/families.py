"""Families of corrupted datasets: each member of another under each corruption."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from harness.datasets.dataset import Dataset, Transformation
from harness.datasets.family import CORRUPTED_SUFFIXES, Family
from harness.datasets.made.corruptions.catalogue import (
    CATALOGUE,
    EXTRA,
    SEVERITIES,
    STANDARD,
    Corruption,
    corruption,
)
from harness.datasets.made.corruptions.photographs import (
    CATALOGUE_224,
    LEAST_SIDE,
    CorruptedImages,
)
from harness.errors import HarnessError
from harness.measurement import Domain

if TYPE_CHECKING:
    from harness.datasets.family import Base
    from harness.datasets.images import Images
    from harness.settings import Settings


# Which corruptions a family's name with a suffix asks for.
ASKED = dict(zip(CORRUPTED_SUFFIXES, (EXTRA, STANDARD), strict=True))
IN_COLOUR = ("saturate",)  # changes nothing but the strength of colours


def suffixed(name: str, families: Mapping[str, Family], base: Base) -> Family | None:
    """The family that a name with a suffix asks for; None if it is no such name.

    Parameters
    ----------
    name
        ``FAMILY-c`` for the fifteen corruptions of each member of a family at five
        severities, ``FAMILY-c-extra`` for the other four; of grey images those that
        need no colour. In place of a family the name of the base stands for its test
        split.
    families, base
        What is known.
    """
    for suffix, names in ASKED.items():
        if name.endswith(suffix):
            stem = name.removesuffix(suffix)
            origin = families.get("test" if stem == base.name else stem)
            if origin is not None:
                grey = base.size[2] == 1
                possible = [n for n in names if not (grey and n in IN_COLOUR)]
                large = min(base.size[:2]) >= LEAST_SIDE
                return _family(name, origin, possible, large=large)
    return None


def _family(name: str, origin: Family, names: Sequence[str], *, large: bool) -> Family:
    def datasets(settings: Settings) -> tuple[Dataset, ...]:
        members = tuple(
            replace(member, seed=(settings.seed, *member.seed))
            for member in origin.datasets(settings)
        )
        if large:
            quick = settings.decoder == "torchvision"
            return corrupted_photographs(members, name, names=names, quick=quick)
        return corrupted(members, name, names=names)

    return replace(
        origin,
        name=name,
        domain=Domain.EXTERIOR,
        datasets=datasets,
        description=f"{len(names)} corruptions of {origin.name} at 5 severities",
        source=f"{origin.source}; Hendrycks and Dietterich, ICLR 2019, "
        "arXiv:1903.12261",
        on_request=True,
    )


def corrupted(
    datasets: tuple[Dataset, ...],
    family: str,
    *,
    names: Sequence[str] = STANDARD,
    severities: Sequence[int] = SEVERITIES,
) -> tuple[Dataset, ...]:
    """Each dataset under each corruption at each severity, after its own.

    They are exterior, but for those of a target, which stay targets without labels;
    their content and labels are those of what they are made from. A draw depends on the
    dataset's seed, the corruption's place in the whole catalogue and the severity: not
    on which others are chosen.

    Parameters
    ----------
    datasets
        What to corrupt.
    family
        Name of the new family. Members are called ``family/gaussian_noise-1``, or, when
        several datasets are corrupted, ``family/member/gaussian_noise-1``. The traits
        say the same: `corruption`, `severity`, and of several the `member`; `made` says
        that they are no published files.
    names, severities
        Which of the catalogue's corruptions; the fifteen of the standard at all five.

    Raises
    ------
    UnknownName
        If there is no corruption of a name.
    ValueError
        If a severity is not in 1..5, or two members would have the same name.

    Examples
    --------
    >>> test = Dataset(name="test", family="test", domain=Domain.INTERIOR, load=None)
    >>> made = corrupted((test,), "test-c", names=["snow", "fog"], severities=[1, 5])
    >>> [dataset.name for dataset in made]
    ['test-c/snow-1', 'test-c/snow-5', 'test-c/fog-1', 'test-c/fog-5']
    >>> other = Dataset(name="own/b", family="own", domain=Domain.TARGET, load=None)
    >>> made = corrupted((test, other), "all-c", names=["fog"], severities=[3])
    >>> [(dataset.name, dataset.domain.value) for dataset in made]
    [('all-c/test/fog-3', 'exterior'), ('all-c/b/fog-3', 'target')]
    """

    def under(dataset: Dataset, corruption: Transformation) -> Dataset:
        made = (*dataset.transformations, corruption)
        return replace(dataset, transformations=made)

    return _each(datasets, family, names, severities, under, CATALOGUE)


def corrupted_photographs(
    datasets: tuple[Dataset, ...],
    family: str,
    *,
    names: Sequence[str] = STANDARD,
    severities: Sequence[int] = SEVERITIES,
    quick: bool = True,
) -> tuple[Dataset, ...]:
    """The same of photographs: see `harness.datasets.made.corruptions.photographs`.

    Parameters
    ----------
    datasets, family, names, severities
        As of `corrupted`.
    quick
        As of `photographs.CorruptedImages`.

    Raises
    ------
    HarnessError
        If a dataset is itself made by transformations, which would come too late.
    UnknownName, ValueError
        As `corrupted`.
    """
    for dataset in datasets:
        if dataset.transformations:
            raise HarnessError(
                f"{dataset.name} is made by transformations, and photographs are "
                "corrupted before these; corrupt what it is made of, such as the test "
                "split"
            )

    def under(dataset: Dataset, corruption: Transformation) -> Dataset:
        def load() -> Images:
            return CorruptedImages(
                dataset.load(), corruption, dataset.seed, quick=quick
            )

        return replace(dataset, load=cache(load))

    return _each(datasets, family, names, severities, under, CATALOGUE_224)


def _each(
    datasets: tuple[Dataset, ...],
    family: str,
    names: Sequence[str],
    severities: Sequence[int],
    under: Callable[[Dataset, Transformation], Dataset],
    catalogue: Mapping[str, Corruption],
) -> tuple[Dataset, ...]:
    """Each dataset under each corruption at each severity, with names and traits."""
    numbers = {name: number for number, name in enumerate(CATALOGUE)}
    members = []
    for dataset in datasets:
        several = {} if len(datasets) == 1 else {"member": _member(dataset)}
        inside = "".join(f"{member}/" for member in several.values())
        target = dataset.domain is Domain.TARGET
        domain = Domain.TARGET if target else Domain.EXTERIOR
        for name in names:
            for severity in severities:
                transformation = corruption(name, severity, catalogue)
                seeded = (*dataset.seed, numbers[name], severity)
                members.append(
                    replace(
                        under(replace(dataset, seed=seeded), transformation),
                        name=f"{family}/{inside}{transformation.name}",
                        family=family,
                        domain=domain,
                        verify=None,  # what it was made of is verified and counted
                        found=None,
                        traits={
                            **dataset.traits,
                            **several,
                            "corruption": name,
                            "severity": severity,
                            "made": "harness",
                        },
                    )
                )
    found = [member.name for member in members]
    if twice := sorted({name for name in found if found.count(name) > 1}):
        raise ValueError(
            f"`datasets`, `names` and `severities` must be all different, got "
            f"{', '.join(twice[:3])} twice; name each once"
        )
    return tuple(members)


def _member(dataset: Dataset) -> str:
    """Name within its family; the whole name where it is the only one there."""
    return dataset.name.removeprefix(f"{dataset.family}/")
