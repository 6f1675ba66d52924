"""ImageNet-P as published: each validation image as a short video of one perturbation.

Its frames follow each other in the dataset: image ``i * frames + j`` is frame j of
video i, and the trait `frames` says how many there are. What is measured on them goes
from frame to frame, but under noise from the first frame to each
(hendrycks/robustness, ``ImageNet-P/test.py``).
"""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from harness.datasets.bases.imagenet import SIZE, USUAL
from harness.datasets.bases.imagenet_classes import WNIDS
from harness.datasets.dataset import Dataset
from harness.datasets.family import Family
from harness.datasets.places import possible_places
from harness.datasets.readers.later import Later
from harness.datasets.readers.videos import VIDEOS, VideoImages, read_video
from harness.datasets.readers.wnid_folders import Listing, folders_of, list_classes
from harness.errors import BadData, MissingData
from harness.extras import install
from harness.measurement import Domain

if TYPE_CHECKING:
    from harness.settings import Settings

FOLDERS = ("imagenet-p", "ImageNet-P", "Imagenet-P")
#: The ten whose mean is published, and four to choose by; those of noise have harder
#: versions in folders of their own (``gaussian_noise_2``).
STANDARD = (
    *("gaussian_noise", "shot_noise", "motion_blur", "zoom_blur", "snow"),
    *("brightness", "translate", "rotate", "tilt", "scale"),
)
EXTRA = ("speckle_noise", "gaussian_blur", "spatter", "shear")
HARDER = tuple(
    f"{noise}_{difficulty}"
    for noise in ("gaussian_noise", "shot_noise", "speckle_noise")
    for difficulty in (2, 3)
)
_SOURCE = "https://zenodo.org/records/3565846"


def _members(
    family: str, names: tuple[str, ...], settings: Settings
) -> tuple[Dataset, ...]:
    places = possible_places(settings, FOLDERS)
    root = next((p for p in places if set(names) & set(folders_of(p))), None)
    if root is None:
        raise MissingData(
            f"family {family}",
            [place / names[0] for place in places],
            "set --harness-data-root to the folder above one of these, which holds "
            f"PERTURBATION/n01440764/....mp4; the archives come from {_SOURCE}",
        )
    if find_spec("av") is None:
        raise MissingData(
            f"package av, which decodes the videos of family {family},",
            ["this environment"],
            install("video"),
        )
    here = folders_of(root)
    return tuple(_member(family, root, name) for name in names if name in here)


def _member(family: str, root: Path, name: str) -> Dataset:
    listing = list_classes(root / name, WNIDS, of=family, suffixes=VIDEOS)
    if not len(listing):
        raise BadData(f"{root / name} holds no videos; unpack it anew")
    files = [listing.root / file for file in listing.files]
    kind, _, difficulty = name.rpartition("_")
    harder = difficulty.isdecimal()
    return Dataset(
        name=f"{family}/{name}",
        family=family,
        domain=Domain.EXTERIOR,
        load=Later(listing.root, partial(_videos, listing, files)),
        traits={
            "source": "imagenet-p",
            "perturbation": kind if harder else name,
            "difficulty": int(difficulty) if harder else 1,
            "frames": len(read_video(files[0])),
        },
    )


def _videos(listing: Listing, files: list[Path]) -> VideoImages:
    return VideoImages(
        listing.root,
        files,
        listing.labels,
        classes=len(WNIDS),
        size=SIZE,
        geometry=USUAL,
    )


def _family(name: str, names: tuple[str, ...], description: str) -> Family:
    return Family(
        name=name,
        base="imagenet",
        domain=Domain.EXTERIOR,
        datasets=partial(_members, name, names),
        description=description,
        source="Hendrycks and Dietterich, ICLR 2019, arXiv:1903.12261",
        licence="CC BY 4.0",
        on_request=True,
    )


IMAGENET_P_FAMILIES = (
    _family(
        "imagenet-p-published",
        STANDARD,
        "ImageNet-P's own videos: 10 perturbations, frame by frame",
    ),
    _family(
        "imagenet-p-published-extra",
        (*EXTRA, *HARDER),
        "ImageNet-P's own videos: 4 more perturbations, and harder noise",
    ),
)
