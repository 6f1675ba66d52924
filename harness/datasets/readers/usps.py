"""USPS's scanned digits in the text files that the LIBSVM pages publish."""

from __future__ import annotations

import bz2
from pathlib import Path

import numpy as np

from harness.datasets.images import ArrayImages
from harness.datasets.kept import kept
from harness.datasets.readers.arrays import Stamps, checked, stamps
from harness.errors import BadData

SIDE = 16


def read_usps(path: Path) -> ArrayImages:
    """(n, 16, 16, 1) uint8 and labels of ``usps.bz2`` or ``usps.t.bz2``.

    A line is an image: its digit plus one, then ``1:VALUE`` to ``256:VALUE``, row by
    row, from -1 for paper to 1 for ink. Values go to 0..255, rounded; ink is bright.
    Read once a process as long as the file does not change.

    Raises
    ------
    BadData
        If the file is damaged, or a line holds something else.

    References
    ----------
    Hull, "A Database for Handwritten Text Recognition Research", IEEE Transactions on
    Pattern Analysis and Machine Intelligence 16(5), 1994.
    """
    return _read_usps(path, stamps(path))


@kept
def _read_usps(path: Path, _stamps: Stamps) -> ArrayImages:
    try:
        lines = bz2.decompress(path.read_bytes()).decode("ascii").splitlines()
    except (OSError, ValueError, EOFError) as error:
        raise BadData(f"{path} cannot be unpacked as bz2 text: {error}") from error
    cells = SIDE * SIDE
    expected = np.arange(1, cells + 1)
    pixels = np.empty((len(lines), cells), dtype=np.uint8)
    labels = np.empty(len(lines), dtype=np.int64)
    for row, line in enumerate(lines):
        try:
            numbers = np.array(line.replace(":", " ").split(), dtype=np.float64)
        except ValueError as error:
            raise BadData(f"line {row + 1} of {path}: {error}") from error
        if len(numbers) != 1 + 2 * cells or (numbers[1::2] != expected).any():
            raise BadData(
                f"line {row + 1} of {path} must hold a label and values 1: to {cells}: "
                "in order; the file may be of another data set"
            )
        label, values = numbers[0], numbers[2::2]
        if label not in range(1, 11) or not (np.abs(values) <= 1).all():
            raise BadData(
                f"line {row + 1} of {path} must have a label in 1..10 and values in "
                f"-1..1, got {label:g} and {values.min():g}..{values.max():g}"
            )
        pixels[row] = np.rint((values + 1) * 127.5)
        labels[row] = int(label) - 1
    return checked(path, pixels.reshape(-1, SIDE, SIDE, 1), labels, classes=10)
