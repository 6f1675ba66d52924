"""SVHN's cropped house numbers in their published MATLAB files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.datasets.images import ArrayImages
from harness.datasets.kept import kept
from harness.datasets.readers.arrays import (
    Stamps,
    checked,
    checked_labels,
    checked_pixels,
    stamps,
)
from harness.errors import BadData

SIZE = (32, 32, 3)


def read_svhn(path: Path) -> ArrayImages:
    """(n, 32, 32, 3) uint8 RGB and labels of ``train_32x32.mat`` or the test file.

    The file's ``X`` is (32, 32, 3, n) and its ``y`` (n, 1) in 1..10, where 10 stands
    for the digit 0. Read once a process as long as the file does not change.

    Raises
    ------
    BadData
        If the file is damaged or holds something else.

    References
    ----------
    Netzer et al., "Reading Digits in Natural Images with Unsupervised Feature
    Learning", NIPS 2011 workshop; http://ufldl.stanford.edu/housenumbers.
    """
    return _read_svhn(path, stamps(path))


@kept
def _read_svhn(path: Path, _stamps: Stamps) -> ArrayImages:
    from scipy.io import loadmat

    try:
        found = loadmat(path, variable_names=("X", "y"))
        pixels, truth = np.asarray(found["X"]), np.asarray(found["y"])
    except Exception as error:  # a damaged file can raise anything at all
        raise BadData(
            f"{path} must be a MATLAB file with the arrays X and y: "
            f"{type(error).__name__}: {error}"
        ) from error
    if pixels.ndim != 4 or truth.ndim != 2 or truth.shape[1] != 1:
        raise BadData(
            f"{path} must hold X of shape (32, 32, 3, n) and y of shape (n, 1), got "
            f"{pixels.shape} and {truth.shape}"
        )
    pixels = np.ascontiguousarray(pixels.transpose(3, 0, 1, 2))
    checked_pixels(path, pixels, size=SIZE)
    labels = checked_labels(path, truth[:, 0], len(pixels), None)
    if labels.min() < 1 or labels.max() > 10:
        raise BadData(
            f"labels in {path} must be in 1..10, got {labels.min()}..{labels.max()}"
        )
    return checked(path, pixels, labels % 10, classes=10, size=SIZE)
