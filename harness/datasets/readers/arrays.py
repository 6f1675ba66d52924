"""Arrays in files: what every reader checks, and folders of .npy."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from tokenize import TokenError
from typing import cast

import numpy as np
from numpy.typing import NDArray

from harness.datasets.family import ANOTHER_BASE
from harness.datasets.images import ArrayImages, FileArrays
from harness.datasets.kept import kept
from harness.datasets.label_numbers import check_numbers
from harness.errors import BadData


def checked(
    path: Path,
    pixels: NDArray[np.generic],
    labels: NDArray[np.generic] | None,
    *,
    classes: int | None = None,
    size: tuple[int, int, int] | None = None,
) -> ArrayImages:
    """Images read from `path`, or BadData that names the file and what is wrong.

    Parameters
    ----------
    path
        File or folder, for messages.
    pixels
        Should be (n, h, w, c) uint8.
    labels
        Should be (n,) whole numbers in 0..classes-1, or None.
    classes, size
        What the base demands; None to accept any.
    """
    checked_pixels(path, pixels, size=size)
    whole = None
    if labels is not None:
        whole = checked_labels(path, labels, len(pixels), classes)
    return ArrayImages(pixels=cast("NDArray[np.uint8]", pixels), labels=whole)


def checked_pixels(
    path: Path,
    pixels: NDArray[np.generic],
    *,
    size: tuple[int, int, int] | None = None,
) -> None:
    """Refuse images of a wrong kind or shape; looks at no pixel."""
    if pixels.dtype != np.uint8:
        raise BadData(
            f"images in {path} must be uint8, from 0 to 255, got {pixels.dtype}; save "
            "them so, before any normalisation"
        )
    if len(pixels.shape) > 0 and len(pixels) == 0:
        raise BadData(f"images in {path} must be at least one, got none")
    if pixels.ndim != 4 or pixels.shape[3] not in (1, 3):
        raise BadData(
            f"images in {path} must have shape (n, height, width, 1 or 3), "
            f"got {pixels.shape}"
        )
    if size is not None and pixels.shape[1:] != size:
        raise BadData(
            f"images in {path} must be {'x'.join(map(str, size))}, "
            f"got {'x'.join(map(str, pixels.shape[1:]))}"
        )


def checked_labels(
    path: Path,
    labels: NDArray[np.generic],
    n: int,
    classes: int | None,
    *,
    base: str = "",
) -> NDArray[np.int64]:
    """(n,) int64 classes read from `path`, or BadData that says what is wrong.

    Parameters
    ----------
    base
        Whose classes they are, for messages.
    """
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise BadData(
            f"labels in {path} must be one whole number an image, "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    if len(labels) != n:
        raise BadData(f"{path} holds {n} images but {len(labels)} labels")
    otherwise = f"these are the classes of base {base}: {ANOTHER_BASE}" if base else ""
    check_numbers(f"labels in {path}", labels, classes, otherwise=otherwise)
    return labels.astype(np.int64)


def numpys_reason(error: Exception) -> str:
    """Why NumPy cannot read a file; without its hint at how to load pickles unsafely.

    It takes any file for a pickle that it does not know.
    """
    text = str(error)
    return "it holds no NumPy arrays" if "pickle" in text else text


def read_npy(path: Path, *, memory_map: bool = False) -> NDArray[np.generic]:
    """The array in a .npy file, or BadData if it is truncated or no such file."""
    try:
        array: NDArray[np.generic] = np.load(
            path, mmap_mode="r" if memory_map else None, allow_pickle=False
        )
    except (ValueError, EOFError, OSError, SyntaxError, TokenError) as error:
        raise BadData(
            f"{path} cannot be read as a .npy array: {numpys_reason(error)}; write it "
            "with numpy.save"
        ) from error
    return array


Stamps = tuple[tuple[int, int], ...]


def stamps(*files: Path) -> Stamps:
    """Size and time of the files that exist: readers memoise by them, not by path."""
    found = []
    for file in files:
        with suppress(FileNotFoundError):
            stat = os.stat(file)
            found.append((stat.st_size, stat.st_mtime_ns))
    return tuple(found)


@kept
def _read_folder(
    folder: Path,
    _stamps: Stamps,
    classes: int | None,
    size: tuple[int, int, int] | None,
    labelled: bool,
) -> ArrayImages:
    labels = folder / "labels.npy"
    return checked(
        folder,
        read_npy(folder / "data.npy", memory_map=True),
        read_npy(labels) if labelled and labels.exists() else None,
        classes=classes,
        size=size,
    )


def read_npy_folder(
    folder: Path,
    *,
    classes: int | None = None,
    size: tuple[int, int, int] | None = None,
    labelled: bool = True,
) -> ArrayImages:
    """``data.npy`` (memory-mapped) and, if it is there, ``labels.npy`` of a folder.

    Labels are left alone if not `labelled`.

    Read once a process as long as the files do not change.
    """
    stamped = stamps(folder / "data.npy", folder / "labels.npy")
    return _read_folder(folder, stamped, classes, size, labelled)


def npy_folder(
    folder: Path,
    *,
    classes: int | None = None,
    size: tuple[int, int, int] | None = None,
    labelled: bool = True,
) -> FileArrays:
    """The same, once somebody looks at them."""
    files = [folder / "data.npy"]
    if labelled and (folder / "labels.npy").exists():
        files.append(folder / "labels.npy")
    return FileArrays(
        tuple(files),
        partial(read_npy_folder, folder, classes=classes, size=size, labelled=labelled),
        reader=f"{__name__}:read_npy_folder",
        arguments={"labelled": len(files) == 2},
    )
