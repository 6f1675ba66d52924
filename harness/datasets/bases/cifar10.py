"""Base CIFAR-10: where its files are, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.datasets.family import Base
from harness.datasets.readers.cifar_names import CLASSES, SIZE
from harness.errors import MissingData

if TYPE_CHECKING:
    from harness.datasets.images import Images
    from harness.settings import Settings

# Checked in this order under the data root and then the cache; the last is a public
# copy that was recompressed as JPEG, on which published weights lose some ten points.
CIFAR10_FOLDERS = ("cifar-10-batches-py", "cifar10", "cifar10-jpeg75")


def _locate_cifar10(settings: Settings) -> Path:
    roots = [root for root in (settings.data_root, settings.cache_dir) if root]
    places = [root / name for root in roots for name in CIFAR10_FOLDERS]
    for place in places:
        if (place / "test_batch").exists() or (place / "test" / "data.npy").exists():
            return place
    if settings.download:
        from harness.datasets.readers.cifar import download_cifar10

        return download_cifar10(settings.cache_dir)
    raise MissingData(
        "base cifar10",
        places,
        "set --harness-data-root to the folder that holds one of them (torchvision's "
        "cifar-10-batches-py, or test/ and train/ with data.npy and labels.npy), or "
        "fetch it with --harness-download",
    )


def _cifar10(settings: Settings, part: str) -> Images:
    folder = _locate_cifar10(settings)
    if (folder / "test_batch").exists():
        from harness.datasets.readers.cifar import cifar10_batches

        return cifar10_batches(folder, part)
    from harness.datasets.readers.arrays import npy_folder

    return npy_folder(folder / part, classes=10, size=(32, 32, 3))


CIFAR10 = Base(
    name="cifar10",
    classes=CLASSES,
    size=SIZE,
    train=lambda settings: _cifar10(settings, "train"),
    test=lambda settings: _cifar10(settings, "test"),
    locate=lambda settings: str(_locate_cifar10(settings)),
    description="photographs of ten kinds of thing, 32x32 RGB",
    source="Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    licence="none stated",
)
