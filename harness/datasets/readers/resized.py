"""Images of one base brought to the size and channels of another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from harness.code import source_digest
from harness.datasets.images import ArrayImages, FileArrays
from harness.datasets.kept import kept
from harness.datasets.readers.arrays import Stamps, checked, stamps


def read_resized(
    read: Callable[..., ArrayImages],
    files: tuple[Path, ...],
    size: tuple[int, int, int],
) -> ArrayImages:
    """What `read` finds in the files, brought to `size` and held in memory.

    Colour becomes grey by the weights of ITU-R BT.601 (0.299, 0.587, 0.114); grey is
    repeated as red, green and blue. The whole frame is then stretched to the height and
    width with Pillow's bilinear filter, which averages where it shrinks. Brightness is
    left alone: nothing is inverted, cropped or centred. Read once a process as long as
    the files do not change.

    Parameters
    ----------
    read
        A reader of `harness.datasets.readers`, called with the files.
    size
        (height, width, channels) wanted.
    """
    return _read_resized(read, files, size, stamps(*files))


def resized(
    read: Callable[..., ArrayImages],
    files: tuple[Path, ...],
    size: tuple[int, int, int],
) -> FileArrays:
    """The same, once somebody looks at them."""
    name = f"{read.__module__}:{read.__qualname__}"
    return FileArrays(
        files,
        partial(read_resized, read, files, size),
        reader=f"{__name__}:read_resized",
        arguments={"read": name, "code": source_digest(name), "size": size},
    )


@kept
def _read_resized(
    read: Callable[..., ArrayImages],
    files: tuple[Path, ...],
    size: tuple[int, int, int],
    _stamps: Stamps,
) -> ArrayImages:
    from PIL import Image

    images = read(*files)
    height, width, channels = size
    mode = "RGB" if channels == 3 else "L"
    pixels = np.empty((len(images.pixels), *size), dtype=np.uint8)
    for row, found in zip(pixels, images.pixels, strict=True):
        picture = Image.fromarray(found[:, :, 0] if found.shape[2] == 1 else found)
        picture = picture.convert(mode)
        if picture.size != (width, height):
            picture = picture.resize((width, height), Image.Resampling.BILINEAR)
        row[...] = np.asarray(picture).reshape(size)
    return checked(files[0], pixels, images.labels, size=size)
