"""Base KTH-TIPS2b: textures of eleven materials, each by pose, light and distance.

Sample c of every material is tested on, the other three are trained on.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.datasets.bases.once import once_a_run
from harness.datasets.family import Base
from harness.datasets.geometry import Geometry
from harness.datasets.places import possible_places
from harness.datasets.readers.known_pictures import KnownPictures
from harness.datasets.readers.kth_names import CLASSES, kth_picture
from harness.datasets.readers.picture_sets import PictureImages
from harness.errors import BadData, MissingData

if TYPE_CHECKING:
    from harness.settings import Settings

FOLDERS = ("KTH-TIPS2-b", "kth-tips2-b", "KTH-TIPS2b", ".")
SIZE = (190, 190, 3)
USUAL = Geometry(resize=200, crop=190)
FACTS = ("rotation", "illumination", "scale")


def place_of(settings: Settings) -> Path:
    """The folder of the classes; MissingData if there is none."""
    places = possible_places(settings, FOLDERS)
    for place in places:
        if any((place / name).is_dir() for name in CLASSES):
            return place
    raise MissingData(
        "base kth-tips2b",
        places,
        "unpack kth-tips2-b_col_200x200.tar of "
        "https://www.csc.kth.se/cvap/databases/kth-tips/ and set --harness-data-root "
        "to the folder that holds KTH-TIPS2-b",
    )


@once_a_run
def part(name: str, settings: Settings) -> KnownPictures:
    """Pictures of a part, in the order of class, sample, scale and image.

    Raises
    ------
    MissingData, BadData
        If there are none, a class lacks, or one is called otherwise.
    """
    root = place_of(settings)
    found = sorted(
        (kth_picture(file), file)
        for label in CLASSES
        for file in (root / label).glob("sample_*/*.png")
    )
    chosen = [(one, file) for one, file in found if one.is_test == (name == "test")]
    lacking = set(range(len(CLASSES))) - {one.label for one, _ in chosen}
    if lacking:
        raise BadData(
            f"{root} must have pictures of every class in its {name} part, and has "
            f"none of {CLASSES[min(lacking)]}"
        )
    return KnownPictures(
        PictureImages(
            root,
            [file for _, file in chosen],
            [one.label for one, _ in chosen],
            classes=len(CLASSES),
            size=SIZE,
            geometry=USUAL,
            as_stored=True,
            quick=settings.decoder == "torchvision",
        ),
        facts={
            "rotation": np.array([one.pose for one, _ in chosen]),
            "illumination": np.array([one.light for one, _ in chosen]),
            "scale": np.array([one.scale for one, _ in chosen], dtype=np.float64),
        },
    )


KTH = Base(
    name="kth-tips2b",
    classes=CLASSES,
    size=SIZE,
    geometry=USUAL,
    facts=FACTS,
    train=partial(part, "train"),
    test=partial(part, "test"),
    locate=lambda settings: str(place_of(settings)),
    description="KTH-TIPS2b, textures of 11 materials by pose, light and scale",
    source="Caputo, Hayman and Mallikarjuna, ICCV 2005; sample c is tested on",
    licence="none found",
)
