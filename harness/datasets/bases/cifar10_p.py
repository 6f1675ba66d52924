"""CIFAR-10-P as published: each test image as a short sequence of one perturbation.

Its frames follow each other in the dataset, as those of ImageNet-P do. Nothing is said
of what they show: what is measured goes from frame to frame.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.datasets.dataset import Dataset
from harness.datasets.family import Family
from harness.datasets.images import of_files
from harness.datasets.places import possible_places
from harness.datasets.readers.cifar_variants import frames_in, read_sequences
from harness.errors import MissingData
from harness.measurement import Domain

if TYPE_CHECKING:
    from harness.settings import Settings

FOLDERS = ("CIFAR-10-P", "cifar-10-p")
#: The ten whose mean is published: with spatter, where ImageNet-P has snow.
STANDARD = (
    *("gaussian_noise", "shot_noise", "motion_blur", "zoom_blur", "spatter"),
    *("brightness", "translate", "rotate", "tilt", "scale"),
)
_SOURCE = "https://zenodo.org/records/2535967"


def _members(settings: Settings) -> tuple[Dataset, ...]:
    places = possible_places(settings, FOLDERS)
    for place in places:
        files = {name: place / f"{name}.npy" for name in STANDARD}
        if here := {name: file for name, file in files.items() if file.is_file()}:
            return tuple(_member(name, file) for name, file in here.items())
    raise MissingData(
        "family cifar10-p-published",
        [place / f"{STANDARD[0]}.npy" for place in places],
        "set --harness-data-root to the folder above one of these; CIFAR-10-P.tar "
        f"comes from {_SOURCE}",
    )


def _member(name: str, file: Path) -> Dataset:
    return Dataset(
        name=f"cifar10-p-published/{name}",
        family="cifar10-p-published",
        domain=Domain.TARGET,
        labelled=False,
        load=partial(of_files, read_sequences, file),
        traits={
            "source": "cifar10-p",
            "perturbation": name,
            "difficulty": 1,
            "frames": frames_in(file),
        },
    )


CIFAR10_P_FAMILIES = (
    Family(
        name="cifar10-p-published",
        base="cifar10",
        domain=Domain.TARGET,
        datasets=_members,
        description="CIFAR-10-P's own files: 10 perturbations, frame by frame",
        source="Hendrycks and Dietterich, ICLR 2019, arXiv:1903.12261",
        licence="CC BY 4.0",
        on_request=True,
    ),
)
