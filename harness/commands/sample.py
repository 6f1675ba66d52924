"""A folder of pictures that nobody labelled, to try the other commands on.

    harness sample photos
    harness predict --model resnet --data photos

They are 510 digits, of writers that the models of base `digits` have not seen; they
come with scikit-learn, and nothing is downloaded.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import TYPE_CHECKING

from harness.artifacts import write_whole
from harness.errors import HarnessError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="to be made")


def run(arguments: argparse.Namespace) -> int:
    """Write the pictures; a folder that holds them all is left as it is.

    Raises
    ------
    HarnessError
        If anything else lies there, or it cannot be written to.
    """
    from harness.datasets.readers.digits import read_digits

    folder: Path = arguments.folder
    pixels = read_digits("writers").pixels
    names = [f"digit-{i:03}.png" for i in range(len(pixels))]
    try:
        there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    except OSError as error:
        raise HarnessError(f"{folder} must be a folder: {error}") from error
    if other := sorted(there - set(names)):
        raise HarnessError(
            f"{folder} must be a new folder, but holds {other[0]}; name another"
        )
    if there != set(names):
        for name, image in zip(names, pixels, strict=True):
            write_whole(folder / name, _png(image), what="pictures", folders=True)
    print(f"{folder}: {len(names)} pictures of digits, without labels")
    return 0


def _png(image: NDArray[np.uint8]) -> bytes:
    """A picture of (h, w, 1) pixels, as a file."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(image[:, :, 0]).save(content, "PNG")
    return content.getvalue()
