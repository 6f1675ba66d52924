"""Base Pascal VOC 2007 and 2012 as classification of several labels an image.

Trained on is trainval of both years, tested on the test part of 2007. A class holds of
an image if any object of it is there; objects that are marked difficult count in
training and not on the test split, as in the code of "When Deep Classifiers Agree".
Test images whose objects are all difficult have no class and stay: an answer of no
class is right there.
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
from harness.datasets.readers.picture_sets import PictureImages
from harness.datasets.readers.voc_annotations import (
    CLASSES,
    PRESENT,
    Annotation,
    read_annotation,
)
from harness.errors import BadData, MissingData

if TYPE_CHECKING:
    from harness.settings import Settings

FOLDERS = ("VOCdevkit", "voc/VOCdevkit", "VOC/VOCdevkit", "voc", ".")
#: By part the years' folders and the lists of their images.
PARTS = {
    "train": (("VOC2007", "trainval"), ("VOC2012", "trainval")),
    "test": (("VOC2007", "test"),),
}
ARCHIVES = {
    ("VOC2007", "trainval"): "VOCtrainval_06-Nov-2007.tar",
    ("VOC2007", "test"): "VOCtest_06-Nov-2007.tar",
    ("VOC2012", "trainval"): "VOCtrainval_11-May-2012.tar",
}
SIZE = (224, 224, 3)
USUAL = Geometry(resize=256, crop=224)
FACTS = ("num_instances", "object_share", "object_share_union")


def place_of(part: str, settings: Settings) -> Path:
    """The folder of the years of a part.

    Raises
    ------
    MissingData
        If a list of its images is in none of the places.
    """
    places = possible_places(settings, FOLDERS)
    lists = [Path(year, "ImageSets", "Main", f"{of}.txt") for year, of in PARTS[part]]
    for place in places:
        if all((place / one).is_file() for one in lists):
            return place
    archives = " and ".join(ARCHIVES[of] for of in PARTS[part])
    raise MissingData(
        f"base voc ({part} part)",
        [place / one for place in places for one in lists],
        f"unpack {archives} of http://host.robots.ox.ac.uk/pascal/VOC/ and set "
        "--harness-data-root to the folder that holds VOCdevkit",
    )


def stems_of(file: Path) -> list[str]:
    """Names of the images in a list of ``ImageSets/Main``, one a line.

    Raises
    ------
    BadData
        If there are none, or one is named twice.
    """
    stems = [line.split()[0] for line in file.read_text().splitlines() if line.strip()]
    if not stems or len(set(stems)) < len(stems):
        raise BadData(f"{file} must name images, each once, one a line")
    return stems


@once_a_run
def part(name: str, settings: Settings) -> KnownPictures:
    """Pictures of a part with the classes and the objects of each.

    Raises
    ------
    MissingData, BadData
        If lists, pictures or annotations are not there, or one is none.
    """
    root = place_of(name, settings)
    files: list[Path] = []
    known: list[Annotation] = []
    for year, of in PARTS[name]:
        place = root / year
        for stem in stems_of(place / "ImageSets" / "Main" / f"{of}.txt"):
            files.append(place / "JPEGImages" / f"{stem}.jpg")
            known.append(read_annotation(place / "Annotations" / f"{stem}.xml"))
    states = np.stack([one.states() for one in known])
    least = PRESENT if name == "test" else PRESENT - 1  # difficult ones, in training
    return KnownPictures(
        PictureImages(
            root,
            files,
            None,
            classes=len(CLASSES),
            size=SIZE,
            geometry=USUAL,
            as_stored=True,
            quick=settings.decoder == "torchvision",
        ),
        sets=states >= least,
        facts={
            fact: np.array([getattr(one, fact)() for one in known], dtype=np.float64)
            for fact in FACTS
        },
    )


VOC = Base(
    name="voc",
    classes=CLASSES,
    size=SIZE,
    geometry=USUAL,
    several=True,
    facts=FACTS,
    train=partial(part, "train"),
    test=partial(part, "test"),
    locate=lambda settings: str(place_of("test", settings)),
    description="Pascal VOC 2007 and 2012, photographs of any size, 20 classes of "
    "which several may hold of an image",
    source="Everingham et al., IJCV 88(2), 2010; trainval of both years, test of 2007",
    licence="of Flickr; research use",
)
