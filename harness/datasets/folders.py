"""A user's own data as a family, without code: arrays or pictures in a folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.datasets.dataset import Dataset, Images
from harness.datasets.family import Base, Family
from harness.datasets.sources.arrays import (
    checked_labels,
    checked_pixels,
    read_npy,
    read_npy_folder,
)
from harness.datasets.sources.pictures import (
    PICTURES,
    is_picture,
    read_picture,
    read_pictures,
)
from harness.errors import BadData, MissingData, UnknownName
from harness.measurement import Domain
from harness.queries import safe_name

if TYPE_CHECKING:
    from harness.settings import OwnData, Settings


def own_family(own: OwnData, base: Base) -> Family:
    """The family of a folder that was named with --harness-data.

    It holds arrays (``data.npy`` and perhaps ``labels.npy``, at any depth: every such
    folder is a dataset, named by its path) or pictures (PNG or JPEG: in one folder a
    class, or all in one place without labels).
    """
    name = own.name or safe_name(own.path.resolve().name)
    return Family(
        name=name,
        base=base.name,
        domain=Domain(own.role) if own.role else Domain.EXTERIOR,
        datasets=partial(_members, own, name, base),
        description="a folder of your own",
        source=str(own.path),
    )


def _members(
    own: OwnData, name: str, base: Base, settings: Settings
) -> tuple[Dataset, ...]:
    if own.path.is_file():
        raise BadData(
            f"--harness-data must name a folder, but {own.path} is a file; name the "
            "folder that it lies in"
        )
    if not own.path.is_dir():
        raise MissingData(
            f"data {name}",
            [own.path],
            "name a folder with --harness-data that holds data.npy (and labels.npy), "
            "or PNG or JPEG pictures, one folder a class",
        )
    leaves = sorted(path.parent for path in own.path.rglob("data.npy"))
    if leaves and own.resize:
        raise BadData(
            f"{own.path} holds data.npy, and only pictures are resized; leave ?resize "
            "out, and save arrays in the base's size"
        )
    if leaves:
        return tuple(_array_leaf(own, name, base, leaf) for leaf in leaves)
    return (_pictures(own, name, base),)


def _array_leaf(own: OwnData, name: str, base: Base, leaf: Path) -> Dataset:
    path = leaf.relative_to(own.path).as_posix()
    labelled = (leaf / "labels.npy").exists() and own.role != Domain.TARGET
    if not labelled and own.role not in ("", Domain.TARGET):
        raise BadData(
            f"{leaf} has no labels.npy, which role={own.role} needs; leave the role "
            "out to have its accuracy predicted"
        )
    # Only the head of a large file is read here: what is wrong shows before any work.
    pixels = read_npy(leaf / "data.npy", memory_map=True)
    checked_pixels(leaf, pixels, size=base.size)
    if labelled:
        labels = read_npy(leaf / "labels.npy")
        checked_labels(leaf, labels, len(pixels), len(base.classes))
    return Dataset(
        name=name if path == "." else f"{name}/{safe_name(path)}",
        family=name,
        domain=_domain(own, labelled=labelled),
        load=partial(_load_arrays, leaf, base, labelled=labelled),
        labelled=labelled,
    )


def _load_arrays(leaf: Path, base: Base, *, labelled: bool) -> Images:
    return read_npy_folder(
        leaf, classes=len(base.classes), size=base.size, labelled=labelled
    )


def _domain(own: OwnData, *, labelled: bool) -> Domain:
    if own.role:
        return Domain(own.role)
    return Domain.EXTERIOR if labelled else Domain.TARGET


# --- pictures -------------------------------------------------------------------------


def _pictures(own: OwnData, name: str, base: Base) -> Dataset:
    files = sorted(path for path in own.path.rglob("*") if is_picture(path))
    if not files:
        raise BadData(
            f"{own.path} holds neither data.npy nor {', '.join(PICTURES)} files"
        )
    labels: tuple[int, ...] | None = None
    if own.role != Domain.TARGET and any(file.parent != own.path for file in files):
        labels = tuple(_label(own.path, file, base) for file in files)
    elif own.role not in ("", Domain.TARGET):
        raise BadData(
            f"{own.path} has no folder for each class, which role={own.role} needs; "
            f"put its pictures into folders named {', '.join(base.classes[:3])}, ..."
        )
    read_picture(files[0], base.size, resize=own.resize)
    return Dataset(
        name=name,
        family=name,
        domain=_domain(own, labelled=labels is not None),
        load=partial(_load_pictures, own, tuple(files), labels, base),
        labelled=labels is not None,
    )


def _label(root: Path, file: Path, base: Base) -> int:
    """The class that a picture's folder names, or numbers."""
    folder = file.relative_to(root).parts[0]
    if file.parent == root:
        raise BadData(
            f"{file} lies beside folders of classes; move it into one of them, or add "
            "?role=target to have the accuracy on all of them predicted"
        )
    names = [name.lower() for name in base.classes]
    if folder.lower() in names:
        return names.index(folder.lower())
    if folder.isdecimal() and int(folder) < len(names):
        return int(folder)
    raise UnknownName(f"class folder of {root}", folder, base.classes)


def _load_pictures(
    own: OwnData, files: tuple[Path, ...], labels: tuple[int, ...] | None, base: Base
) -> Images:
    return read_pictures(
        own.path,
        files,
        labels,
        classes=len(base.classes),
        size=base.size,
        resize=own.resize,
    )
