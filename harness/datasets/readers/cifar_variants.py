"""Test sets for CIFAR-10 classifiers, in the files that their makers published."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.datasets.images import ArrayImages
from harness.datasets.kept import kept
from harness.datasets.readers.arrays import (
    Stamps,
    checked,
    checked_labels,
    checked_pixels,
    read_npy,
    stamps,
)
from harness.datasets.readers.cifar_names import CLASSES as NAMES
from harness.datasets.readers.cifar_names import SIZE
from harness.datasets.readers.picture_sets import PictureImages
from harness.datasets.readers.pictures import is_picture
from harness.datasets.tree import is_hidden
from harness.errors import BadData, UnknownName

CLASSES = len(NAMES)
SEVERITIES = 5
# CIFAR-10-W keeps two kinds of car apart.
_OTHER_NAMES = {"sedan": "automobile", "suv": "automobile"}


# --- pairs of .npy: CIFAR-10.1 --------------------------------------------------------


def check_pair(pixels: Path, labels: Path) -> None:
    """Refuse a pair of .npy files of a wrong kind or shape; reads no pixel."""
    found = read_npy(pixels, memory_map=True)
    checked_pixels(pixels, found, size=SIZE)
    checked_labels(labels, read_npy(labels), len(found), CLASSES)


def read_pair(pixels: Path, labels: Path) -> ArrayImages:
    """Memory-mapped images and their labels; read once as long as neither changes."""
    return _read_pair(pixels, labels, stamps(pixels, labels))


@kept
def _read_pair(pixels: Path, labels: Path, _stamps: Stamps) -> ArrayImages:
    return checked(
        pixels,
        read_npy(pixels, memory_map=True),
        read_npy(labels),
        classes=CLASSES,
        size=SIZE,
    )


# --- an archive of arrays: CIFAR-10.2 -------------------------------------------------


def read_npz(path: Path) -> ArrayImages:
    """``images`` and ``labels`` of an .npz; read once as long as it does not change."""
    return _read_npz(path, stamps(path))


@kept
def _read_npz(path: Path, _stamps: Stamps) -> ArrayImages:
    try:
        # The file's other arrays are lists of text; they stay packed.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            pixels, labels = arrays["images"], arrays["labels"]
    except (
        ValueError,
        TypeError,
        EOFError,
        OSError,
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise BadData(
            f"{path} must be an .npz file with the arrays images and labels: {error}"
        ) from error
    return checked(path, pixels, labels, classes=CLASSES, size=SIZE)


# --- severities in one file: CIFAR-10-C -----------------------------------------------


def check_stack(pixels: Path, labels: Path) -> None:
    """Refuse files that do not hold the same images at five severities, in order."""
    check_pair(pixels, labels)
    truth = read_npy(labels)
    if len(truth) % SEVERITIES:
        raise BadData(
            f"{pixels} must hold as many images at each of {SEVERITIES} severities, "
            f"got {len(truth)} in all"
        )
    each = truth.reshape(SEVERITIES, -1)
    if (each != each[0]).any():
        raise BadData(f"{labels} must repeat the same labels for each severity")


def read_severity(pixels: Path, labels: Path, severity: int) -> ArrayImages:
    """One fifth of a stack, memory-mapped; read once as long as no file changes.

    Parameters
    ----------
    pixels
        (5 n, 32, 32, 3): n images at severity 1, then the same at 2, up to 5.
    labels
        (5 n,) to match.
    severity
        1..5.
    """
    return _read_severity(pixels, labels, severity, stamps(pixels, labels))


@kept
def _read_severity(
    pixels: Path, labels: Path, severity: int, _stamps: Stamps
) -> ArrayImages:
    whole: NDArray[np.generic] = read_npy(pixels, memory_map=True)
    n = len(whole) // SEVERITIES
    part = slice((severity - 1) * n, severity * n)
    return checked(
        pixels, whole[part], read_npy(labels)[part], classes=CLASSES, size=SIZE
    )


# --- sequences of frames: CIFAR-10-P --------------------------------------------------


def frames_in(path: Path) -> int:
    """How many frames each sequence of a file has; reads no pixel.

    Raises
    ------
    BadData
        If it does not hold sequences of two frames or more.
    """
    found = read_npy(path, memory_map=True)
    if found.ndim != 5 or found.shape[2:] != SIZE or found.shape[1] < 2:
        size = "x".join(map(str, SIZE))
        raise BadData(
            f"{path} must hold sequences of at least 2 frames, (n, frames, "
            f"{size.replace('x', ', ')}), got shape {found.shape}"
        )
    checked_pixels(path, found.reshape(-1, *SIZE), size=SIZE)
    return int(found.shape[1])


def read_sequences(path: Path) -> ArrayImages:
    """All frames, those of one sequence one after the other; memory-mapped."""
    return _read_sequences(path, stamps(path))


@kept
def _read_sequences(path: Path, _stamps: Stamps) -> ArrayImages:
    frames_in(path)
    whole = read_npy(path, memory_map=True)
    return checked(path, whole.reshape(-1, *SIZE), None, size=SIZE)


# --- pictures: CIFAR-10-F and CIFAR-10-W ----------------------------------------------


def numbered_pictures(folder: Path) -> tuple[tuple[Path, ...], tuple[int, ...]]:
    """Pictures of a folder, sorted, and the classes that their names begin with.

    Raises
    ------
    BadData
        If there is none, or a name is not like ``3_0012.jpg`` with a class of 0..9.
    """
    files = tuple(sorted(path for path in folder.iterdir() if is_picture(path)))
    if not files:
        raise BadData(f"{folder} holds neither data.npy nor pictures")
    labels = []
    for file in files:
        number = file.name.partition("_")[0]
        if not (number.isdecimal() and int(number) < CLASSES):
            raise BadData(
                f"the name of {file} must begin with its class, 0_ to {CLASSES - 1}_"
            )
        labels.append(int(number))
    return files, tuple(labels)


def read_numbered_pictures(folder: Path) -> PictureImages:
    """The 32x32 pictures of a folder with the classes that their names begin with."""
    files, labels = numbered_pictures(folder)
    return PictureImages(folder, files, labels, classes=CLASSES, size=SIZE)


def class_folders(folder: Path) -> Iterator[Path]:
    """Folders at any depth whose own folders are named for classes, sorted.

    Hidden folders and what archivers leave are passed over.

    Raises
    ------
    UnknownName
        If a folder lies beside those of classes and is none.
    """
    names = _visible_folders(folder)
    if any(_label(name) is not None for name in names):
        for name in names:
            if _label(name) is None:
                known = (*NAMES, *_OTHER_NAMES)
                raise UnknownName(f"class folder of {folder}", name, known)
        yield folder
        return
    for name in names:
        yield from class_folders(folder / name)


def read_class_folders(folder: Path) -> PictureImages:
    """Pictures in folders named for classes, brought to 32x32.

    They are averaged down with Pillow's bilinear filter, which widens as it shrinks.
    """
    files: list[Path] = []
    labels: list[int] = []
    for name in _visible_folders(folder):
        label = _label(name)
        if label is None:
            continue
        inside = sorted(path for path in (folder / name).iterdir() if is_picture(path))
        files.extend(inside)
        labels.extend([label] * len(inside))
    if not files:
        raise BadData(f"{folder} holds no pictures in its folders of classes")
    return PictureImages(
        folder, files, labels, classes=CLASSES, size=SIZE, stretch="bilinear"
    )


def _visible_folders(folder: Path) -> list[str]:
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_dir() and not is_hidden(path.name)
    )


def _label(name: str) -> int | None:
    name = _OTHER_NAMES.get(name.lower(), name.lower())
    return NAMES.index(name) if name in NAMES else None
