"""MNIST and its like in idx files, and MNIST shrunk to the bundled digits' size."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.datasets.images import ArrayImages
from harness.datasets.kept import kept
from harness.datasets.readers.arrays import Stamps, checked, stamps
from harness.errors import BadData


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The uint8 array in an idx file, plain or gzipped, or BadData naming the file."""
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        zero, kind, axes = struct.unpack(">HBB", raw[:4])
        shape = struct.unpack(f">{axes}I", raw[4 : 4 + 4 * axes])
    except (OSError, EOFError, struct.error, zlib.error) as error:
        raise BadData(f"{path} cannot be read as an idx file: {error}") from error
    body = raw[4 + 4 * axes :]
    if zero != 0 or kind != 8:
        raise BadData(f"{path} is no idx file of bytes: it begins with {raw[:4].hex()}")
    if len(body) != np.prod(shape):
        raise BadData(
            f"{path} should hold {np.prod(shape)} bytes for shape {shape}, "
            f"got {len(body)}; it may be truncated"
        )
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)


def idx_files(folder: Path, part: str) -> tuple[Path, Path] | None:
    """The image and label files of "train" or "t10k" in a folder, if both are there."""
    found = []
    for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
        plain = folder / f"{part}-{kind}"
        packed = folder / f"{part}-{kind}.gz"
        existing = next((p for p in (plain, packed) if p.exists()), None)
        if existing is None:
            return None
        found.append(existing)
    return found[0], found[1]


def read_mnist(images: Path, labels: Path) -> ArrayImages:
    """(n, 28, 28, 1) uint8 and labels from a pair of idx files.

    Read once a process as long as the files do not change.
    """
    return _read_mnist(images, labels, stamps(images, labels))


@kept
def _read_mnist(images: Path, labels: Path, _stamps: Stamps) -> ArrayImages:
    pixels = read_idx(images)[..., None]
    return checked(images, pixels, read_idx(labels), classes=10, size=(28, 28, 1))


def read_mnist_8x8(images: Path, labels: Path) -> ArrayImages:
    """MNIST shrunk to (n, 8, 8, 1), made to look like the bundled digits.

    Those were made by counting the ink pixels of each 4x4 block of a 32x32 bitmap that
    the digit fills. So the 28x28 image is cut to the middle 20x24, which holds MNIST's
    20x20 digit boxes, stretched to 32x32 and averaged over 4x4 blocks, in one
    area-weighted step. Read once a process as long as the files do not change.
    """
    return _read_mnist_8x8(images, labels, stamps(images, labels))


@kept
def _read_mnist_8x8(images: Path, labels: Path, _stamps: Stamps) -> ArrayImages:
    full = read_mnist(images, labels)
    grey = full.pixels[:, 2:26, 4:24, 0].astype(np.float64)
    rows, columns = _shrinking(24, 8), _shrinking(20, 8)
    small = np.clip(np.rint(rows @ grey @ columns.T), 0, 255).astype(np.uint8)
    return checked(images, small[..., None], full.labels, classes=10)


def _shrinking(size: int, to: int) -> NDArray[np.float64]:
    """(to, size) weights that average `size` pixels over `to` equal stretches."""
    edges = np.arange(to + 1) * size / to
    low, high = edges[:-1, None], edges[1:, None]
    pixel = np.arange(size)
    overlap = np.minimum(high, pixel + 1) - np.maximum(low, pixel)
    weights: NDArray[np.float64] = np.clip(overlap, 0, None) * (to / size)
    return weights
