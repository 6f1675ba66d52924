"""Bases of small images whose parts are a file or two, laid out as torchvision does.

Each is looked for under --harness-data-root and then in the cache. A user's own files
are held to kind, shape and range of labels; a download is held to its checksum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.datasets.family import Base
from harness.datasets.images import of_files
from harness.datasets.places import possible_places
from harness.datasets.readers.mnist import read_mnist
from harness.datasets.readers.svhn import read_svhn
from harness.datasets.readers.usps import read_usps
from harness.errors import MissingData

if TYPE_CHECKING:
    from harness.datasets.images import ArrayImages, Images
    from harness.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The published files of a base.

    Attributes
    ----------
    folders
        Where they lie in a root, the usual place first; "." is the root itself.
    url
        Of the folder on the server.
    parts
        For "train" and "test", the files' names and md5 sums. A name that ends in .gz
        is looked for unpacked, too.
    read
        Makes images of a part's files.
    """

    folders: tuple[str, ...]
    url: str
    parts: dict[str, dict[str, str]]
    read: Callable[..., ArrayImages]

    def find(self, part: str, settings: Settings) -> tuple[Path, ...] | None:
        """The part's files in the first folder that has them all."""
        for place in possible_places(settings, self.folders):
            found = [_existing(place, name) for name in self.parts[part]]
            files = tuple(path for path in found if path is not None)
            if len(files) == len(found):
                return files
        return None

    def fetch(self, part: str, settings: Settings) -> tuple[Path, ...]:
        """The part's files, downloaded to the cache.

        Raises
        ------
        MissingData, BadData
            If one cannot be fetched, or is not the published file.
        """
        from harness.download import download

        place = settings.cache_dir / self.folders[0]
        return tuple(
            download(self.url + name, place / name, checksum=md5, algorithm="md5")
            for name, md5 in self.parts[part].items()
        )

    def missing(
        self, part: str, settings: Settings, *, what: str, fetching: str
    ) -> MissingData:
        """The error that says where was looked, and the options that fetch it."""
        names = " and ".join(self.parts[part])
        return MissingData(
            f"{what} ({part} part)",
            possible_places(settings, self.folders),
            f"set --harness-data-root to a folder that holds {names} in one of these, "
            f"from {self.url}, or fetch it with {fetching}",
        )


def _existing(place: Path, name: str) -> Path | None:
    paths = (place / name.removesuffix(".gz"), place / name)
    return next((path for path in paths if path.exists()), None)


def _idx(
    folder: str, url: str, train: tuple[str, str], test: tuple[str, str]
) -> Layout:
    """Files named as MNIST's; sums are of the packed images and labels."""
    sums = {"train": train, "test": test}
    return Layout(
        folders=(f"{folder}/raw",),
        url=url,
        parts={
            part: {
                f"{prefix}-images-idx3-ubyte.gz": sums[part][0],
                f"{prefix}-labels-idx1-ubyte.gz": sums[part][1],
            }
            for part, prefix in (("train", "train"), ("test", "t10k"))
        },
        read=read_mnist,
    )


# URLs and md5 sums: torchvision 0.29, torchvision/datasets/{mnist,svhn,usps}.py.
LAYOUTS = {
    "mnist": _idx(
        "MNIST",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ("f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("9fb629c4189551a2d022fa330f9573f3", "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
    "kmnist": _idx(
        "KMNIST",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ("bdb82020997e1d708af4cf47b453dcf7", "e144d726b3acfaa3e44228e80efcd344"),
        ("5c965bf0a639b31b8f53240b1b52f4d7", "7320c461ea6c1c855c0b718fb2a4b134"),
    ),
    "fashionmnist": _idx(
        "FashionMNIST",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe"),
        ("bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310"),
    ),
    "svhn": Layout(
        folders=("SVHN", "svhn", "."),
        url="http://ufldl.stanford.edu/housenumbers/",
        parts={
            "train": {"train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373"},
            "test": {"test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3"},
        },
        read=read_svhn,
    ),
    "usps": Layout(
        folders=("USPS", "usps", "."),
        url="https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
        parts={
            "train": {"usps.bz2": "ec16c51db3855ca6c91edd34d0e9b197"},
            "test": {"usps.t.bz2": "8ea070ee2aca1ac39742fdd1ef5ed118"},
        },
        read=read_usps,
    ),
}


def _missing(name: str, part: str, settings: Settings) -> MissingData:
    return LAYOUTS[name].missing(
        part, settings, what=f"base {name}", fetching="--harness-download"
    )


def _part(name: str, part: str, settings: Settings) -> Images:
    layout = LAYOUTS[name]
    files = layout.find(part, settings)
    if files is None:
        if not settings.download:
            raise _missing(name, part, settings)
        files = layout.fetch(part, settings)
    return of_files(layout.read, *files)


def _locate(name: str, settings: Settings) -> str:
    """The test part's folder, or the URL that it will be downloaded from."""
    if files := LAYOUTS[name].find("test", settings):
        return str(files[0].parent)
    if settings.download:
        return LAYOUTS[name].url
    raise _missing(name, "test", settings)


def _base(
    name: str,
    description: str,
    *,
    classes: tuple[str, ...] = tuple("0123456789"),
    size: tuple[int, int, int] = (28, 28, 1),
    source: str,
    licence: str,
) -> Base:
    return Base(
        name=name,
        classes=classes,
        size=size,
        train=partial(_part, name, "train"),
        test=partial(_part, name, "test"),
        locate=partial(_locate, name),
        description=description,
        source=source,
        licence=licence,
    )


MNIST = _base(
    "mnist",
    "handwritten digits in the middle of 28x28, bright on black",
    source="LeCun, Cortes and Burges, The MNIST database of handwritten digits",
    licence="CC BY-SA 3.0",
)
KMNIST = _base(
    "kmnist",
    "ten cursive Japanese characters of old books, 28x28 grey",
    classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    source="Clanuwat et al., 2018, arXiv:1812.01718",
    licence="CC BY-SA 4.0",
)
FASHIONMNIST = _base(
    "fashionmnist",
    "photographs of ten kinds of clothing, 28x28 grey",
    classes=(
        "t-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    source="Xiao, Rasul and Vollgraf, 2017, arXiv:1708.07747",
    licence="MIT",
)
SVHN = _base(
    "svhn",
    "house numbers of street views, cropped to a digit, 32x32 RGB",
    size=(32, 32, 3),
    source="Netzer et al., NIPS 2011 workshop on deep learning",
    licence="for non-commercial use",
)
USPS = _base(
    "usps",
    "digits scanned from envelopes, filling 16x16, bright on black",
    size=(16, 16, 1),
    source="Hull, IEEE TPAMI 16(5), 1994",
    licence="none stated",
)
SMALL_BASES = (MNIST, KMNIST, FASHIONMNIST, SVHN, USPS)
