"""Families of published test sets for CIFAR-10 classifiers.

Each is looked for under --harness-data-root and then in the cache, in the files that
its makers published. A user's own files are held to kind, shape and range of labels; a
download is held to its checksum. What is large (CIFAR-10-C, CIFAR-10-W) or close to
another (CIFAR-10.1 v4, to v6) runs on request.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.datasets.dataset import Dataset
from harness.datasets.family import Family
from harness.datasets.images import Images, of_files
from harness.datasets.made.corruptions.catalogue import EXTRA, STANDARD
from harness.datasets.places import may_download, possible_places
from harness.datasets.readers.cifar_variants import (
    SEVERITIES,
    check_pair,
    check_stack,
    class_folders,
    read_class_folders,
    read_npz,
    read_numbered_pictures,
    read_pair,
    read_severity,
)
from harness.datasets.tree import is_hidden
from harness.errors import MissingData
from harness.measurement import Domain
from harness.queries import safe_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.settings import Settings

_CIFAR10_1 = "https://github.com/modestyachts/CIFAR-10.1/raw/master/datasets"
# A commit, since the repository's test set was once a file of another name.
_CIFAR10_2 = (
    "https://github.com/modestyachts/cifar-10.2/raw/"
    "521467a52ad494b78ff9c70051099c0d9ba74d40"
)
# URL and sha256 of what can be fetched. Sums of CIFAR-10.1 and -C: TensorFlow Datasets,
# url_checksums/cifar10_1.txt and cifar10_corrupted.txt.
DOWNLOADS = {
    "cifar10.1_v4_data.npy": (
        f"{_CIFAR10_1}/cifar10.1_v4_data.npy",
        "5aaedc268df8f4cffca2ac0cf9e608ae1897a8cddb630c7a850a2ea8f6558e75",
    ),
    "cifar10.1_v4_labels.npy": (
        f"{_CIFAR10_1}/cifar10.1_v4_labels.npy",
        "1f9544300ded199539b6662364ce7fe6c2e1ea9f87408f06db4b1a6184cffb18",
    ),
    "cifar10.1_v6_data.npy": (
        f"{_CIFAR10_1}/cifar10.1_v6_data.npy",
        "2997188e5816f5bd545dc77771b6227828c28146049fcecf3fa10775474cacc6",
    ),
    "cifar10.1_v6_labels.npy": (
        f"{_CIFAR10_1}/cifar10.1_v6_labels.npy",
        "ae40beda001693674edc94d925ee8268cfe68905f8f9aff800c8dcdfcd6c9448",
    ),
    "cifar102_test.npz": (
        f"{_CIFAR10_2}/cifar102_test.npz",
        "e4fd6462bd5141ed293acd52ea570952f65d1bfd4ec9b068f87742f75a7a632e",
    ),
    "CIFAR-10-C": (
        "https://zenodo.org/record/2535967/files/CIFAR-10-C.tar",
        "c72763e101c723b7c507b96205f7e938912a5d587376173b825850cf3cb876a7",
    ),
}


def _files(
    settings: Settings, family: str, folders: Sequence[str], names: Sequence[str]
) -> list[Path]:
    """Files of these names in the first folder that has them all, or fetched."""
    places = possible_places(settings, folders)
    for place in places:
        if all((place / name).exists() for name in names):
            return [place / name for name in names]
    if may_download(settings, family):
        from harness.download import download

        place = settings.cache_dir / folders[0]
        return [
            download(DOWNLOADS[name][0], place / name, checksum=DOWNLOADS[name][1])
            for name in names
        ]
    urls = [DOWNLOADS[name][0] for name in names]
    raise MissingData(
        f"family {family}",
        places,
        f"set --harness-data-root to a folder that holds {' and '.join(names)} in one "
        f"of these, from {' and '.join(urls)}, or fetch it with --harness-download "
        f"--harness-families {family}",
    )


def _one(name: str, load: Callable[[], Images]) -> tuple[Dataset, ...]:
    return (
        Dataset(
            name=name,
            family=name,
            domain=Domain.EXTERIOR,
            load=load,
            traits={"source": "tiny-images", "split": "test"},
        ),
    )


def _cifar10_1(name: str, version: str, settings: Settings) -> tuple[Dataset, ...]:
    pixels, labels = _files(
        settings,
        name,
        ("CIFAR-10.1", "CIFAR-10.1/datasets", "cifar-10.1", "."),
        (f"cifar10.1_{version}_data.npy", f"cifar10.1_{version}_labels.npy"),
    )
    check_pair(pixels, labels)
    return _one(name, partial(of_files, read_pair, pixels, labels))


def _cifar10_2(settings: Settings) -> tuple[Dataset, ...]:
    (path,) = _files(
        settings, "cifar10.2", ("cifar-10.2", "CIFAR-10.2", "."), ("cifar102_test.npz",)
    )
    return _one("cifar10.2", partial(of_files, read_npz, path))


def _cifar10_c(
    family: str, corruptions: Sequence[str], settings: Settings
) -> tuple[Dataset, ...]:
    places = possible_places(settings, ("CIFAR-10-C",))
    folder = next((place for place in places if place.is_dir()), None)
    url, checksum = DOWNLOADS["CIFAR-10-C"]
    if folder is None and may_download(settings, family):
        from harness.datasets.readers.archives import fetch_archive

        folder = fetch_archive(
            url, settings.cache_dir / "CIFAR-10-C", checksum=checksum
        )
    needed = [f"{name}.npy" for name in ("labels", *corruptions)]
    looked_at = places if folder is None else [folder / name for name in needed]
    absent = [path for path in looked_at if not path.exists()]
    if folder is None or absent:
        raise MissingData(
            f"family {family}",
            absent,
            f"set --harness-data-root to a folder that holds CIFAR-10-C as {url} "
            f"unpacks (2.9 GB), or fetch it with --harness-download "
            f"--harness-families {family}",
        )
    labels = folder / "labels.npy"
    for name in corruptions:
        check_stack(folder / f"{name}.npy", labels)
    return tuple(
        Dataset(
            name=f"{family}/{name}-{severity}",
            family=family,
            domain=Domain.EXTERIOR,
            load=partial(
                of_files,
                read_severity,
                folder / f"{name}.npy",
                labels,
                severity=severity,
            ),
            traits={"split": "test", "corruption": name, "severity": severity},
        )
        for name in corruptions
        for severity in range(1, SEVERITIES + 1)
    )


def _cifar10_f(settings: Settings) -> tuple[Dataset, ...]:
    places = possible_places(settings, ("cifar10-f-32", "CIFAR-10-F-32"))
    for place in places:
        if place.is_dir():
            folders = sorted(
                path
                for path in place.iterdir()
                if path.is_dir() and not is_hidden(path.name)
            )
            if folders:
                return tuple(_cifar10_f_set(folder) for folder in folders)
    raise MissingData(
        "family cifar10-f",
        places,
        "set --harness-data-root to a folder that holds cifar10-f-32, whose folders "
        "hold 32x32 pictures named CLASS_NUMBER, or data.npy and labels.npy; it "
        "came with the DataCV challenge of CVPR 2023",
    )


def _cifar10_f_set(folder: Path) -> Dataset:
    images: Images
    if (folder / "data.npy").exists():
        arrays = folder / "data.npy", folder / "labels.npy"
        check_pair(*arrays)
        images = of_files(read_pair, *arrays)
    else:
        images = read_numbered_pictures(folder)
    return Dataset(
        name=f"cifar10-f/{safe_name(folder.name)}",
        family="cifar10-f",
        domain=Domain.EXTERIOR,
        load=lambda: images,
        traits={"source": "flickr"},
    )


def _cifar10_w(settings: Settings) -> tuple[Dataset, ...]:
    places = possible_places(settings, ("CIFAR-10-W",))
    for place in places:
        if place.is_dir() and (folders := tuple(class_folders(place))):
            return tuple(_cifar10_w_set(place, folder) for folder in folders)
    raise MissingData(
        "family cifar10-w",
        places,
        "set --harness-data-root to a folder that holds CIFAR-10-W with its archives "
        "unpacked (35 GB), as https://github.com/sxzrt/CIFAR-10-W tells",
    )


def _cifar10_w_set(root: Path, folder: Path) -> Dataset:
    return Dataset(
        name=f"cifar10-w/{safe_name(folder.relative_to(root).as_posix())}",
        family="cifar10-w",
        domain=Domain.EXTERIOR,
        load=cache(partial(read_class_folders, folder)),
        traits={"source": folder.relative_to(root).as_posix().partition("/")[0]},
    )


_HENDRYCKS = "Hendrycks and Dietterich, ICLR 2019, arXiv:1903.12261"
_RECHT = "Recht, Roelofs, Schmidt and Shankar, 2018, arXiv:1806.00451"

CIFAR10_FAMILIES = (
    Family(
        name="cifar10.1",
        base="cifar10",
        domain=Domain.EXTERIOR,
        datasets=partial(_cifar10_1, "cifar10.1", "v6"),
        description="CIFAR-10.1 v6: 2,000 new images from Tiny Images",
        source=_RECHT,
        licence="MIT",
    ),
    Family(
        name="cifar10.1-v4",
        base="cifar10",
        domain=Domain.EXTERIOR,
        datasets=partial(_cifar10_1, "cifar10.1-v4", "v4"),
        description="CIFAR-10.1 v4: 2,021 images, the paper's first version",
        source=_RECHT,
        licence="MIT",
        on_request=True,
    ),
    Family(
        name="cifar10.2",
        base="cifar10",
        domain=Domain.EXTERIOR,
        datasets=_cifar10_2,
        description="test part of CIFAR-10.2: 2,000 new images from Tiny Images",
        source="Lu et al., Harder or Different?, ICML 2020 workshop on uncertainty",
        licence="none stated",
    ),
    Family(
        name="cifar10-c-published",
        base="cifar10",
        domain=Domain.EXTERIOR,
        datasets=partial(_cifar10_c, "cifar10-c-published", STANDARD),
        description="CIFAR-10-C's own files: 15 corruptions at 5 severities",
        source=_HENDRYCKS,
        licence="CC BY 4.0",
        on_request=True,
    ),
    Family(
        name="cifar10-c-published-extra",
        base="cifar10",
        domain=Domain.EXTERIOR,
        datasets=partial(_cifar10_c, "cifar10-c-published-extra", EXTRA),
        description="CIFAR-10-C's own files: the other 4 corruptions at 5 severities",
        source=_HENDRYCKS,
        licence="CC BY 4.0",
        on_request=True,
    ),
    Family(
        name="cifar10-f",
        base="cifar10",
        domain=Domain.EXTERIOR,
        datasets=_cifar10_f,
        description="CIFAR-10-F: 20 sets of photographs from Flickr, at 32x32",
        source="DataCV challenge, CVPR 2023 workshops",
        licence="none stated",
    ),
    Family(
        name="cifar10-w",
        base="cifar10",
        domain=Domain.EXTERIOR,
        datasets=_cifar10_w,
        description="CIFAR-10-Warehouse: 180 sets from search engines and diffusion",
        source="Sun et al., CIFAR-10-Warehouse, ICLR 2024",
        licence="see its repository",
        on_request=True,
    ),
)
