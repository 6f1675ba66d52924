"""Pictures in files, decoded one by one into one array."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.datasets.dataset import Images
from harness.datasets.sources.arrays import Stamps, checked, stamps
from harness.errors import BadData

PICTURES = (".png", ".jpg", ".jpeg")


def is_picture(path: Path) -> bool:
    """Whether a path is a PNG or JPEG file, by its name."""
    return path.suffix.lower() in PICTURES and path.is_file()


def read_pictures(
    root: Path,
    files: Sequence[Path],
    labels: Sequence[int] | None,
    *,
    classes: int,
    size: tuple[int, int, int],
    resize: bool,
) -> Images:
    """(n, *size) uint8 of the files in their order, held in memory.

    Read once a process as long as the files do not change.

    Parameters
    ----------
    root
        The folder they are in, for messages.
    labels
        Class of each, or None.
    resize
        Bring pictures of another size to this one; else they are refused.
    """
    truth = None if labels is None else tuple(labels)
    files = tuple(files)
    return _read(root, files, stamps(*files), truth, classes, size, resize)


@cache
def _read(
    root: Path,
    files: tuple[Path, ...],
    _stamps: Stamps,
    labels: tuple[int, ...] | None,
    classes: int,
    size: tuple[int, int, int],
    resize: bool,
) -> Images:
    pixels = np.empty((len(files), *size), dtype=np.uint8)
    for row, file in zip(pixels, files, strict=True):
        row[...] = read_picture(file, size, resize=resize)
    truth = None if labels is None else np.array(labels)
    return checked(root, pixels, truth, classes=classes, size=size)


def read_picture(
    file: Path, size: tuple[int, int, int], *, resize: bool
) -> NDArray[np.uint8]:
    """(h, w, c) of one picture, turned as its EXIF data say; codecs work one by one."""
    from PIL import Image, ImageOps

    height, width, channels = size
    try:
        with Image.open(file) as image:
            upright = ImageOps.exif_transpose(image).convert(
                "RGB" if channels == 3 else "L"
            )
    except Exception as error:  # PIL raises many kinds for damaged files
        raise BadData(f"picture {file} cannot be read: {error}") from error
    if upright.size != (width, height):
        if not resize:
            raise BadData(
                f"picture {file} must be {width}x{height} pixels, got "
                f"{upright.width}x{upright.height}; add ?resize=yes to its folder, as "
                "named with --harness-data, to have every picture brought to that size"
            )
        upright = upright.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(upright, dtype=np.uint8).reshape(size)
