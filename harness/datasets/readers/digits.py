"""scikit-learn's bundled handwritten digits, cut by writer."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.datasets.images import ArrayImages
from harness.datasets.readers.arrays import checked

# The file keeps the order of the forms that people filled in, each of which begins with
# 0..9 written three times. These are starts of forms, so no writer is in two parts:
# six forms to train on, four to test on, four that neither has seen.
PARTS = {"train": (0, 776), "test": (776, 1287), "writers": (1287, 1797)}


@cache
def read_digits(part: str) -> ArrayImages:
    """One part of the digits: (n, 8, 8, 1) uint8, ink bright on black.

    The scans hold 17 levels, 0..16; they are stretched to 0..255.

    Parameters
    ----------
    part
        "train" (776 images), "test" (511) or "writers" (510).

    References
    ----------
    Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
    Learning Repository, 1998; the test part, as scikit-learn ships it.
    """
    start, stop = PARTS[part]
    rows = _rows()[start:stop]
    pixels = np.rint(rows[:, :64].reshape(-1, 8, 8, 1) * (255 / 16))
    labels = rows[:, 64].astype(np.int64)
    return checked(Path("sklearn digits"), pixels.astype(np.uint8), labels, classes=10)


@cache
def _rows() -> NDArray[np.float64]:
    """(1797, 65): the pixels of each scan, row by row, and its class.

    Of scikit-learn's file, without importing scikit-learn, which takes longer than all
    else before a first answer; where a version keeps the file elsewhere, it is asked.
    """
    found = find_spec("sklearn")
    for folder in (found and found.submodule_search_locations) or ():
        file = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if file.is_file():
            return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits

    digits = load_digits()
    return np.column_stack([digits.data, digits.target])
