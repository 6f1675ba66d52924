"""Base ImageNet-1k: its validation and training pictures in the layouts people have.

Pictures are read as torchvision's and timm's loaders read them, so not turned by what
cameras noted, and brought to what each network asks for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.datasets.bases.imagenet_classes import WNID, WNIDS
from harness.datasets.bases.once import once_a_run
from harness.datasets.family import Base
from harness.datasets.geometry import Geometry
from harness.datasets.places import possible_places
from harness.datasets.readers.later import Later
from harness.datasets.readers.picture_sets import PictureImages
from harness.datasets.readers.validation_labels import validation_wnids
from harness.datasets.readers.wnid_folders import (
    VALIDATION,
    Listing,
    folders_of,
    list_classes,
    list_flat,
)
from harness.errors import MissingData

if TYPE_CHECKING:
    from harness.datasets.images import Images
    from harness.settings import Settings

SIZE = (224, 224, 3)
#: What networks get that ask for nothing.
USUAL = Geometry(resize=256, crop=224)
# Checked in this order under the data root and then the cache; the last but one holds
# 1,000 of the validation pictures, on which networks do better than on all.
FOLDERS = (
    *("imagenet", "ImageNet", "imagenet-1k", "imagenet1k", "ILSVRC2012"),
    *("ILSVRC/Data/CLS-LOC", "imagenet-sample", "."),
)
PARTS = {
    "test": ("val", "validation", "ILSVRC2012_img_val"),
    "train": ("train", "ILSVRC2012_img_train"),
}
PUBLISHED = {"test": 50_000, "train": 1_281_167}


def pictures(
    listing: Listing,
    settings: Settings,
    *,
    labelled: bool = True,
    whole: bool = False,
) -> PictureImages:
    """The pictures of a listing, read as the field's loaders do.

    Parameters
    ----------
    labelled
        Whether the folders say what the pictures show.
    whole
        Whether the files are already what a network is to see: then they are not
        resized and cropped again.
    """
    return PictureImages(
        listing.root,
        [listing.root / file for file in listing.files],
        listing.labels if labelled else None,
        classes=len(WNIDS),
        size=SIZE,
        geometry=USUAL,
        whole=whole,
        as_stored=True,
        quick=settings.decoder == "torchvision",
    )


def place_of(part: str, settings: Settings) -> Path:
    """The folder of a part's pictures.

    Raises
    ------
    MissingData
        If there is none.
    """
    usual, *others = PARTS[part]
    places = possible_places(settings, FOLDERS)
    for place in places:
        for name in (usual, *others):
            if _holds_classes(place / name):
                return place / name
    raise MissingData(
        f"base imagenet ({part} part)",
        [place / usual for place in places],
        f"set --harness-data-root to the folder above one of these (or {usual} may be "
        f"called {' or '.join(others)}), which holds the pictures in one folder a "
        "class (n01440764, ...), or all in one with the devkit beside it; they come "
        "from https://image-net.org/download.php after "
        "registration, or from Kaggle (imagenet-object-localization-challenge)",
    )


def _holds_classes(place: Path) -> bool:
    """Whether a folder has one of a class, or a picture of the validation set."""
    try:
        with os.scandir(place) as entries:
            return any(
                WNID.match(e.name) is not None or VALIDATION.fullmatch(e.name)
                for e in entries
            )
    except OSError:
        return False


def list_part(part: str, settings: Settings) -> Listing:
    """Its pictures and their classes.

    Raises
    ------
    MissingData, BadData
        If pictures or their labels are not there, or a folder is no class.
    """
    place = place_of(part, settings)
    of = f"base imagenet ({part} part)"
    if any(WNID.fullmatch(name) for name in folders_of(place)):
        return list_classes(place, WNIDS, of=of)
    return list_flat(place, WNIDS, validation_wnids, of=of)


@once_a_run
def _later(part: str, settings: Settings) -> Callable[[], Images]:
    place = place_of(part, settings)
    return Later(place, lambda: pictures(list_part(part, settings), settings))


def part(name: str, settings: Settings) -> Images:
    """The pictures of a part, listed once a run."""
    return _later(name, settings)()


IMAGENET = Base(
    name="imagenet",
    classes=WNIDS,
    size=SIZE,
    geometry=USUAL,
    train=partial(part, "train"),
    test=partial(part, "test"),
    locate=lambda settings: str(place_of("test", settings)),
    description="ImageNet-1k (ILSVRC 2012), photographs of any size, 1000 classes",
    source="Russakovsky et al., IJCV 115(3), 2015, arXiv:1409.0575",
    licence="non-commercial research and education",
)
