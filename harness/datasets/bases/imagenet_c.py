"""ImageNet-C as published: the validation set in files for each corruption, severity.

Its pictures were resized and cropped to 224x224 before they were corrupted, and are not
resized again: that alone adds 1.5 points to a ResNet-50's mean corruption error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.datasets.bases.imagenet import pictures
from harness.datasets.bases.imagenet_classes import WNIDS
from harness.datasets.dataset import Dataset
from harness.datasets.family import Family
from harness.datasets.made.corruptions.catalogue import EXTRA, SEVERITIES, STANDARD
from harness.datasets.places import possible_places
from harness.datasets.readers.later import Later
from harness.datasets.readers.wnid_folders import folders_of, list_classes
from harness.errors import MissingData
from harness.measurement import Domain

if TYPE_CHECKING:
    from harness.settings import Settings

FOLDERS = ("imagenet-c", "ImageNet-C", "Imagenet-C")
# Archives, which some unpack each into a folder of its own.
GROUPS = ("", "blur", "digital", "noise", "weather", "extra")
IMAGES = 50_000  # of each corruption at each severity


def _folder(place: Path, corruption: str) -> Path | None:
    """Of a corruption's severities."""
    folders = (place / group / corruption for group in GROUPS)
    return next((folder for folder in folders if folder.is_dir()), None)


def _found(
    family: str, corruptions: Sequence[str], settings: Settings
) -> dict[str, Path]:
    """The folder of each corruption that is here."""
    places = possible_places(settings, FOLDERS)
    for place in places:
        here = {name: _folder(place, name) for name in corruptions}
        if found := {name: folder for name, folder in here.items() if folder}:
            return found
    raise MissingData(
        f"family {family}",
        [place / corruptions[0] for place in places],
        "set --harness-data-root to the folder above one of these, which holds "
        "CORRUPTION/SEVERITY/n01440764/...; the archives come from "
        "https://zenodo.org/records/2235448",
    )


def _members(
    family: str, corruptions: Sequence[str], settings: Settings
) -> tuple[Dataset, ...]:
    found = _found(family, corruptions, settings)
    cells = [(name, severity) for name in found for severity in SEVERITIES]
    places = {cell: found[cell[0]] / str(cell[1]) for cell in cells}
    if absent := [place for place in places.values() if not folders_of(place)]:
        raise MissingData(
            f"part of family {family}", absent, "unpack the corruption's archive anew"
        )
    missing = [name for name in corruptions if name not in found]

    def check(tell: Callable[[str], None]) -> None:
        _tell(family, places, missing, tell)

    return tuple(
        Dataset(
            name=f"{family}/{name}-{severity}",
            family=family,
            domain=Domain.EXTERIOR,
            load=_later(family, places[name, severity], settings),
            verify=check if (name, severity) == cells[0] else None,
            traits={"source": "imagenet-c", "corruption": name, "severity": severity},
        )
        for name, severity in cells
    )


def _later(family: str, place: Path, settings: Settings) -> Later:
    return Later(
        place,
        lambda: pictures(list_classes(place, WNIDS, of=family), settings, whole=True),
    )


def _tell(
    family: str,
    places: dict[tuple[str, int], Path],
    missing: Sequence[str],
    tell: Callable[[str], None],
) -> None:
    """Warn of what is not as published; BadData if a folder is no class."""
    counts = {
        f"{name}-{severity}": len(list_classes(place, WNIDS, of=family))
        for (name, severity), place in places.items()
    }
    other = {name: count for name, count in counts.items() if count != IMAGES}
    if other:
        name, count = next(iter(other.items()))
        tell(
            f"{family}: {len(other)} of {len(counts)} sets have not the {IMAGES:,} "
            f"published images ({name}: {count:,}), so no number is that of the whole "
            "set"
        )
    if missing:
        tell(
            f"{family}: not here: {', '.join(missing)}; no mean over corruptions is "
            "that of ImageNet-C"
        )


def _family(name: str, corruptions: Sequence[str], description: str) -> Family:
    return Family(
        name=name,
        base="imagenet",
        domain=Domain.EXTERIOR,
        datasets=partial(_members, name, corruptions),
        description=description,
        source="Hendrycks and Dietterich, ICLR 2019, arXiv:1903.12261",
        licence="CC BY 4.0",
        on_request=True,
    )


IMAGENET_C_FAMILIES = (
    _family(
        "imagenet-c-published",
        STANDARD,
        "ImageNet-C's own files: 15 corruptions at 5 severities",
    ),
    _family(
        "imagenet-c-published-extra",
        EXTRA,
        "ImageNet-C's own files: the other 4 corruptions at 5 severities",
    ),
)
