"""CIFAR-10 in the layout that torchvision downloads."""

from __future__ import annotations

import io
import pickle
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from harness.datasets.images import ArrayImages, FileArrays
from harness.datasets.kept import kept
from harness.datasets.readers.arrays import Stamps, checked, stamps
from harness.errors import BadData

# What a batch file may hold besides plain containers; anything else is refused, since
# unpickling runs whatever a file says.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _read_batch(path: Path) -> tuple[np.ndarray, list[int]]:
    try:
        raw = path.read_bytes()
        batch = _ArrayUnpickler(io.BytesIO(raw), encoding="bytes").load()
        data = np.asarray(batch[b"data"])
        pixels = data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return pixels, list(batch[b"labels"])
    except Exception as error:  # a damaged pickle can raise anything at all
        raise BadData(f"{path} cannot be read as a CIFAR-10 batch: {error}") from error


def read_cifar10_batches(folder: Path, part: str) -> ArrayImages:
    """All images of "train" or "test" from a ``cifar-10-batches-py`` folder.

    Read once a process as long as the files do not change.

    Returns
    -------
    ArrayImages
        (n, 32, 32, 3) uint8 RGB in the order of the files.
    """
    files = _batches(folder, part)
    return _read_batches(folder, files, stamps(*files))


def cifar10_batches(folder: Path, part: str) -> FileArrays:
    """The same, once somebody looks at them."""
    return FileArrays(
        _batches(folder, part),
        partial(read_cifar10_batches, folder, part),
        reader=f"{__name__}:read_cifar10_batches",
        arguments={"part": part},
    )


def _batches(folder: Path, part: str) -> tuple[Path, ...]:
    train = [f"data_batch_{i}" for i in range(1, 6)]
    names = train if part == "train" else ["test_batch"]
    return tuple(folder / name for name in names)


@kept
def _read_batches(
    folder: Path, files: tuple[Path, ...], _stamps: Stamps
) -> ArrayImages:
    batches = [_read_batch(file) for file in files]
    pixels = np.ascontiguousarray(np.concatenate([pixels for pixels, _ in batches]))
    labels = np.array([label for _, labels in batches for label in labels])
    return checked(folder, pixels, labels, classes=10)


URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
MD5 = "c58f30108f718f92721af3b95e74349a"


def download_cifar10(folder: Path, *, url: str = URL, md5: str = MD5) -> Path:
    """Fetch the published archive and unpack it; return ``cifar-10-batches-py``.

    Raises
    ------
    MissingData, BadData
        If it cannot be fetched, or is not the published file.
    """
    from harness.datasets.readers.archives import fetch_archive

    return fetch_archive(
        url, folder / "cifar-10-batches-py", checksum=md5, algorithm="md5"
    )
