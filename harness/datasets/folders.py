"""A user's own data as a family, without code: arrays or pictures in a folder."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.datasets.dataset import Dataset, Found
from harness.datasets.family import ANOTHER_BASE, Base, Family
from harness.datasets.geometry import Geometry
from harness.datasets.images import Images
from harness.datasets.own_truth import (
    LABELS,
    Labelling,
    always,
    array_truth,
    by_folder,
    by_name,
    check_labelled,
    chosen_classes,
    notes_of,
)
from harness.datasets.passed_over import (
    beside,
    classes_missing,
    left_out,
    passed_over,
)
from harness.datasets.readers.arrays import (
    checked_labels,
    checked_pixels,
    npy_folder,
    read_npy,
)
from harness.datasets.readers.picture_sets import PictureImages
from harness.datasets.readers.pictures import PICTURES, UNREAD_PICTURES
from harness.datasets.tree import Tree, once, walk
from harness.datasets.truth_files import LABEL_SETS
from harness.errors import BadData, HarnessError, MissingData
from harness.measurement import Domain
from harness.printable import counted
from harness.progress import Tell, silent
from harness.queries import safe_name

if TYPE_CHECKING:
    from harness.datasets.class_map import ClassMap
    from harness.settings import OwnData, SaidGeometry, Settings

DATA = "data.npy"
TRUTHS = (LABELS, LABEL_SETS)


def own_family(own: OwnData, base: Base, tell: Tell = silent) -> Family:
    """The family of a folder that was named with --harness-data.

    It holds arrays (``data.npy`` and perhaps ``labels.npy`` or ``labels.json``, at any
    depth: every such folder is a dataset, named by its path) or pictures (in one folder
    a class, or all in one place, with a ``labels.json`` or without labels). A folder
    that holds both is refused.
    """
    name = own.name or safe_name(own.path.resolve().name)
    return Family(
        name=name,
        base=base.name,
        domain=Domain(own.role) if own.role else Domain.EXTERIOR,
        datasets=lambda settings: members(own, name, base, settings, tell),
        description="a folder of your own",
        source=str(own.path),
    )


def members(
    own: OwnData, name: str, base: Base, settings: Settings, tell: Tell
) -> tuple[Dataset, ...]:
    """The datasets of a folder; see `own_family`.

    Parameters
    ----------
    tell
        Shows how far it is, where pictures that cannot be read are to be left out.

    Raises
    ------
    MissingData, BadData
        If the folder is not there, or holds what cannot be measured as it is.
    """
    _check_folder(own.path, name)
    tree = walk(own.path)
    leaves, again = _array_folders(tree)
    pictures = [file for file in tree.files if file.suffix.lower() in PICTURES]
    _check_kinds(own, tree, leaves, pictures)
    _check_facts(own, base, pictures=bool(pictures))
    classes = chosen_classes(own, base.classes)
    if leaves:
        return _array_leaves(own, name, base, classes, tree, leaves, again)
    quick = settings.decoder == "torchvision"
    return (_pictures(own, name, base, classes, tree, pictures, quick, tell),)


def _check_folder(path: Path, name: str) -> None:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise MissingData(
            f"data {name}",
            [path],
            "name a folder with --harness-data that holds data.npy (and labels.npy), "
            "or pictures, one folder a class",
        ) from None
    except OSError as error:
        raise BadData(
            f"--harness-data {path} cannot be looked at: {error.strerror or error}; "
            "name a folder that can be read"
        ) from error
    if not stat.S_ISDIR(mode):
        raise BadData(
            f"--harness-data must name a folder, but {path} is a file; name the "
            "folder that it lies in"
        )


def _check_kinds(
    own: OwnData, tree: Tree, leaves: list[Path], pictures: list[Path]
) -> None:
    """Refuse a folder of which a part would be left out that was meant."""
    if leaves and pictures:
        raise BadData(
            f"{own.path} holds both arrays ({leaves[0] / DATA}) and "
            f"{counted(len(pictures), 'picture')} ({pictures[0]}); name a folder that "
            "holds one kind"
        )
    for file in tree.files:
        if file.name == LABELS and not (file.parent / DATA).is_file():
            raise BadData(
                f"{file} lies beside no {DATA}; save the images there under that name"
            )
        if file.suffix.lower() in UNREAD_PICTURES:
            raise BadData(
                f"picture {file} is of a kind that is not read; save it as .png, or "
                "take it away"
            )
    if not leaves and not pictures:
        notes = passed_over(tree, tree.files)
        raise BadData(
            f"{own.path} holds neither {DATA} nor pictures (.png, .jpg, ...)"
            + (f"; {'; '.join(notes)}" if notes else "")
        )


def _check_facts(own: OwnData, base: Base, *, pictures: bool) -> None:
    """Refuse what was said of a folder and would change nothing."""
    any_size = base.geometry is not None
    prepared = own.resize or own.geometry is not None
    if (prepared or own.broken) and not pictures:
        raise BadData(
            f"{own.path} holds {DATA}, and only pictures are resized or broken; leave "
            f"?{'resize' if prepared else 'broken'} out, and save arrays in the base's "
            "size"
        )
    if prepared and any_size:
        raise BadData(
            f"pictures of base {base.name} may have any size and are brought to what "
            f"each network asks for; leave ?resize out of {own.path}, or say it of the "
            "network: --harness-model 'SPEC?resize=256&crop=224'"
        )
    if own.interpolation and not prepared:
        raise BadData(
            f"?interpolation of {own.path} says how pictures are resized; add "
            "resize=yes, or resize and crop, or leave it out"
        )
    if own.geometry is not None and base.size[:2] != (own.geometry.crop,) * 2:
        height, width = base.size[:2]
        raise BadData(
            f"?crop of {own.path} must give the size of base {base.name}, {width}x"
            f"{height}, got {own.geometry.crop}; {ANOTHER_BASE}"
        )
    if own.cropped and not (pictures and any_size):
        what = f"base {base.name} has one size" if pictures else "these are arrays"
        raise BadData(
            f"?cropped of {own.path} is for pictures of a base of any size, but "
            f"{what}; leave it out"
        )


def said_geometry(said: SaidGeometry | None, of: Path | str) -> Geometry | None:
    """A geometry as a user says it; BadData names what it is of."""
    if said is None:
        return None
    interpolation = said.interpolation or "bilinear"
    try:
        return Geometry(resize=said.resize, crop=said.crop, interpolation=interpolation)
    except HarnessError as error:
        raise BadData(f"what was said of {of} cannot be: {error}") from error


def _says_classes(own: OwnData, tree: Tree, file: Path) -> bool:
    """Whether a file in the folder is the one that says which classes are answers."""
    return own.classes is not None and Path(tree.files[file]) == own.classes.resolve()


# --- arrays ---------------------------------------------------------------------------


def _array_folders(tree: Tree) -> tuple[list[Path], list[Path]]:
    """Folders of datasets, and the data.npy that only repeat one: links to its images.

    With labels of its own, a folder that links to another's images is its own dataset.
    """
    files, links = once(tree, (file for file in tree.files if file.name == DATA))
    again = []
    for link, first in links:
        labels = [tree.files.get(link.with_name(name)) for name in TRUTHS]
        if not any(labels) or labels == [
            tree.files.get(first.with_name(name)) for name in TRUTHS
        ]:
            again.append(link)
        else:
            files.append(link)
    return [file.parent for file in sorted(files)], again


def _array_leaves(
    own: OwnData,
    name: str,
    base: Base,
    classes: ClassMap | None,
    tree: Tree,
    leaves: list[Path],
    again: list[Path],
) -> tuple[Dataset, ...]:
    names: dict[Path, list[str]] = {leaf: [] for leaf in leaves}
    for file in tree.files:
        if file.parent in names:
            names[file.parent].append(file.name)
    others = [
        file
        for file in tree.files
        if file.name not in (DATA, *TRUTHS) and not _says_classes(own, tree, file)
    ]
    notes = beside(tree, leaves, others, again)
    made = []
    for leaf in leaves:
        known = [one for one in TRUTHS if one in names[leaf]]
        if not known and own.role != Domain.TARGET:
            _check_spelling(leaf, names[leaf])
        truths = known if own.role != Domain.TARGET else []
        made.append(_array_leaf(own, name, base, classes, leaf, notes[leaf], truths))
    return tuple(made)


def _array_leaf(
    own: OwnData,
    name: str,
    base: Base,
    classes: ClassMap | None,
    leaf: Path,
    notes: tuple[str, ...],
    truths: list[str],
) -> Dataset:
    labelled = bool(truths)
    check_labelled(own, labelled=labelled)
    path = leaf.relative_to(own.path).as_posix()
    if not labelled and own.role not in ("", Domain.TARGET):
        raise BadData(
            f"{leaf} has no labels.npy, which role={own.role} needs; leave the role "
            "out to have its accuracy predicted"
        )
    # Only the head of a large file is read here: what is wrong shows before any work.
    pixels = read_npy(leaf / DATA, memory_map=True)
    checked_pixels(leaf, pixels)
    if pixels.shape[1:] != base.size:
        raise BadData(
            f"images in {leaf} must be {'x'.join(map(str, base.size))} as those of "
            f"base {base.name}, got {'x'.join(map(str, pixels.shape[1:]))}; "
            f"{ANOTHER_BASE}"
        )
    known = len(base.classes) if classes is None else classes
    truth = array_truth(own, known, leaf, truths, len(pixels)) if truths else None
    if truth is not None:
        notes = (*notes_of(truth, base.classes), *notes)
    elif labelled:
        labels = read_npy(leaf / LABELS)
        whole = checked_labels(
            leaf, labels, len(pixels), len(base.classes), base=base.name
        )
        notes = (*classes_missing(np.unique(whole).tolist(), base.classes), *notes)
    return Dataset(
        name=name if path == "." else f"{name}/{safe_name(path)}",
        family=name,
        domain=_domain(own, labelled=labelled),
        load=partial(_load_arrays, leaf, base, labelled=labelled and truth is None),
        labelled=labelled,
        known=always(truth),
        found=Found(images=len(pixels), notes=notes),
        traits=dict(own.traits),
    )


def _check_spelling(leaf: Path, names: list[str]) -> None:
    """Refuse labels by nearly their name, which nobody would read."""
    found = {name.lower(): name for name in names if name != DATA}
    for name in TRUTHS:
        if close := get_close_matches(name, found, n=1, cutoff=0.8):
            raise BadData(
                f"{leaf / found[close[0]]} must be called {name} to be read; rename "
                "it, or add ?role=target to the path in --harness-data to have the "
                "accuracy predicted without labels"
            )


def _load_arrays(leaf: Path, base: Base, *, labelled: bool) -> Images:
    return npy_folder(
        leaf, classes=len(base.classes), size=base.size, labelled=labelled
    )


def _domain(own: OwnData, *, labelled: bool) -> Domain:
    if own.role:
        return Domain(own.role)
    return Domain.EXTERIOR if labelled else Domain.TARGET


# --- pictures -------------------------------------------------------------------------


def _pictures(
    own: OwnData,
    name: str,
    base: Base,
    classes: ClassMap | None,
    tree: Tree,
    files: list[Path],
    quick: bool,
    tell: Tell,
) -> Dataset:
    files, again = once(tree, files)

    def images_of(
        files: Sequence[Path], labels: Sequence[int] | None = None
    ) -> PictureImages:
        return PictureImages(
            own.path,
            files,
            labels,
            classes=len(base.classes),
            size=base.size,
            base=base.name,
            stretch=_stretch(own, base),
            geometry=said_geometry(own.geometry, own.path) or base.geometry,
            cropped=own.cropped,
            quick=quick,
        )

    broken: tuple[Path, ...] = ()
    if own.broken:
        broken = images_of(files).broken(tell)
        gone = set(broken)
        files = [file for file in files if file not in gone]
    known = Labelling()
    if own.role != Domain.TARGET and own.path / LABEL_SETS in tree.files:
        known = by_name(own, base.classes, classes, files)
    elif own.role != Domain.TARGET and any(file.parent != own.path for file in files):
        known = by_folder(own, base.classes, classes, files, (*tree.again, *again))
    elif own.role not in ("", Domain.TARGET):
        raise BadData(
            f"{own.path} has no folder for each class, which role={own.role} needs; "
            f"put its pictures into folders named {', '.join(base.classes[:3])}, ..., "
            f"or name their labels in {LABEL_SETS}"
        )
    check_labelled(own, labelled=known.labelled)
    images = images_of(files, known.labels)
    others = [
        file
        for file in tree.files
        if file.suffix.lower() not in PICTURES
        and file != own.path / LABEL_SETS
        and not _says_classes(own, tree, file)
    ]
    notes = (
        *known.notes,
        *left_out(own.path, broken),
        *passed_over(tree, others, [path for path, _ in again]),
    )
    return Dataset(
        name=name,
        family=name,
        domain=_domain(own, labelled=known.labelled),
        load=lambda: images,
        verify=images.verify,
        labelled=known.labelled,
        known=always(known.truth),
        found=Found(images=len(files), notes=notes),
        traits=dict(own.traits),
        names=tuple(file.relative_to(own.path).as_posix() for file in files),
    )


def _stretch(own: OwnData, base: Base) -> str:
    """What pictures of other sizes are stretched with; empty where they are refused."""
    if own.resize:
        return own.interpolation or base.stretch or "bilinear"
    return base.stretch
