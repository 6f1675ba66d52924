"""A base of a user's own: a folder with its test split, and perhaps a training one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.datasets.family import Base
from harness.datasets.folders import DATA, members, said_geometry
from harness.datasets.own import own_dataset
from harness.datasets.own_truth import LABELS
from harness.datasets.readers.arrays import checked_labels, checked_pixels, read_npy
from harness.datasets.readers.pictures import OR_SKIP, Broken, is_picture, size_of
from harness.datasets.tree import is_hidden
from harness.datasets.truth_files import read_class_names
from harness.errors import (
    BadData,
    HarnessError,
    MissingData,
    UndefinedMetricError,
)
from harness.measurement import Domain
from harness.progress import Tell, silent
from harness.queries import safe_name
from harness.settings import OwnData

if TYPE_CHECKING:
    from harness.datasets.dataset import Dataset, Found
    from harness.datasets.geometry import Geometry
    from harness.datasets.images import Images
    from harness.settings import OwnBase, Settings

#: What `Registry.add_base` takes for a split: a folder, or a function that returns
#: images and labels.
Part = str | Path | Callable[[], Any]
TEST, TRAIN = "test", "train"
LAYOUT = (
    f"a base's folder holds {TEST}/, and {TRAIN}/ for what learns from training "
    f"images, each with one folder a class, or with {DATA} and {LABELS}"
)


def own_base(own: OwnBase) -> Base:
    """The base of a folder that was named with --harness-base.

    Classes of pictures are the folders of ``train/`` (of ``test/`` without it) in
    sorted order, as torchvision's ``ImageFolder`` numbers them; those of arrays are the
    labels' numbers; ``?classes=FILE`` says others. No picture is decoded here, but the
    head of one is read where nobody says their size.

    Raises
    ------
    MissingData, BadData
        If the folder is not there or is laid out otherwise, or size or classes could be
        meant in two ways.
    """
    parts = _parts(own.path)
    said = () if own.classes is None else read_class_names(own.classes)
    geometry = said_geometry(own.geometry, own.path)
    stretch = ""
    if (parts[TEST] / DATA).is_file():
        classes, size = _of_arrays(own, parts, said)
    else:
        classes = said or _folder_classes(own.path, parts)
        side = geometry.crop if geometry else own.size
        height, width = (side, side) if side else _said_by_first(parts[TEST], own)
        size = height, width, own.channels or 3
        stretch = (own.interpolation or "bilinear") if own.size else ""
    name = own.name or safe_name(own.path.resolve().name)
    splits = _Splits(name, parts, own.broken)
    splits.base = Base(
        name=name,
        classes=classes,
        size=size,
        train=partial(splits.images, TRAIN),
        test=partial(splits.images, TEST),
        locate=lambda settings: str(own.path),
        description=f"a folder of your own, {len(classes)} classes",
        source=str(own.path),
        licence="your own",
        geometry=geometry,
        stretch=stretch,
        verify=splits.verify,
        found=splits.found,
    )
    return splits.base


def _parts(path: Path) -> dict[str, Path]:
    """The folders of the splits that are there."""
    if not path.is_dir():
        if path.exists():
            raise BadData(f"--harness-base must name a folder, but {path} is a file")
        raise MissingData(
            "base", [path], f"name one of `harness list bases`, or a folder: {LAYOUT}"
        )
    found = {part: path / part for part in (TEST, TRAIN) if (path / part).is_dir()}
    if TEST not in found:
        holds = sorted(e.name for e in os.scandir(path) if not is_hidden(e.name))
        more = ", ..." if holds[5:] else ""
        raise MissingData(
            f"test split of base {path}",
            [path / TEST],
            f"the folder holds {', '.join(holds[:5]) or 'nothing'}{more}, but {LAYOUT}",
        )
    return found


class _Splits:
    """The images of both splits, each looked through once for each decoder."""

    base: Base

    def __init__(self, name: str, parts: Mapping[str, Part], broken: str = "") -> None:
        self._name = name
        self._parts = parts
        self._broken = broken
        self._known: dict[tuple[str, str], Dataset] = {}

    def images(self, part: str, settings: Settings) -> Images:
        """Of a split; UndefinedMetricError if there is none."""
        return self._split(part, settings, silent).load()

    def verify(self, settings: Settings, tell: Tell) -> None:
        """Read the test split, so that a bad picture shows before the run."""
        split = self._split(TEST, settings, tell)
        if split.verify is not None:
            split.verify(tell)

    def found(self, settings: Settings) -> Found | None:
        """What the test split was found to hold; None of a function."""
        return self._split(TEST, settings, silent).found

    def _split(self, part: str, settings: Settings, tell: Tell) -> Dataset:
        key = part, settings.decoder
        if key not in self._known:
            self._known[key] = self._read(part, settings, tell)
        return self._known[key]

    def _read(self, part: str, settings: Settings, tell: Tell) -> Dataset:
        place = self._parts.get(part)
        if place is None:
            # Undefined, so that tests which learn from it are skipped and say so.
            raise UndefinedMetricError(
                f"base {self._name} has no training split; put labelled images into "
                f"{TRAIN}/ beside {TEST}/, or register them"
            )
        if callable(place):
            return own_dataset(
                f"{self._name} ({part})", Domain.INTERIOR, place, self.base, {}
            )
        data = OwnData(
            path=Path(place), name=part, role="interior", broken=self._broken
        )
        found = members(data, part, self.base, settings, tell)
        if len(found) > 1 or found[0].name != part:
            raise BadData(
                f"{place} must hold {DATA} itself, but holds "
                f"{', '.join(one.name for one in found[:3])}; a split is one dataset"
            )
        if found[0].known is not None:
            raise BadData(
                f"labels in {place} must be one class an image, since models were "
                "trained or are judged on them; name the folder with --harness-data "
                "for several labels an image"
            )
        return found[0]


# --- classes and size -----------------------------------------------------------------


def _of_arrays(
    own: OwnBase, parts: dict[str, Path], said: Sequence[str]
) -> tuple[tuple[str, ...], tuple[int, int, int]]:
    """Classes and size of arrays; looks at heads and labels."""
    if own.geometry or own.channels or own.interpolation:
        raise BadData(
            f"{parts[TEST]} holds {DATA}, and arrays stay as they are; leave resize, "
            "crop, interpolation and channels out"
        )
    sizes = {}
    most = 0
    for part, place in parts.items():
        for name in (DATA, LABELS):
            if not (place / name).is_file():
                raise MissingData(f"{name} of base {own.path}", [place / name], LAYOUT)
        pixels = read_npy(place / DATA, memory_map=True)
        checked_pixels(place, pixels)
        sizes[part] = "x".join(map(str, pixels.shape[1:]))
        labels = read_npy(place / LABELS)
        whole = checked_labels(place, labels, len(pixels), len(said) or None)
        most = max(most, int(whole.max()) + 1)
    if len(set(sizes.values())) > 1:
        raise BadData(
            f"images of base {own.path} must have one size, got "
            + " and ".join(f"{size} in {part}" for part, size in sizes.items())
        )
    height, width, channels = read_npy(parts[TEST] / DATA, memory_map=True).shape[1:]
    if own.size and (height, width) != (own.size, own.size):
        raise BadData(
            f"images in {parts[TEST]} must be {own.size}x{own.size}, as ?size says, "
            f"got {height}x{width}; arrays stay as they are: leave ?size out"
        )
    return tuple(said) or tuple(map(str, range(most))), (height, width, channels)


def _folder_classes(path: Path, parts: dict[str, Path]) -> tuple[str, ...]:
    """The class folders, numbered as ``ImageFolder`` does."""
    place = parts.get(TRAIN, parts[TEST])
    names = sorted(
        entry.name
        for entry in os.scandir(place)
        if entry.is_dir() and not is_hidden(entry.name)
    )
    if not names:
        raise BadData(f"{place} holds neither {DATA} nor a folder a class; {LAYOUT}")
    for name in names if TRAIN in parts else ():
        if next(_pictures_below(place / name), None) is None:
            raise BadData(
                f"class folder {place / name} holds no picture, so ImageFolder would "
                "not have read it for a network's training; take it away, or say which "
                "classes the networks were trained in: ?classes=FILE, a class on each "
                "line"
            )
    if all(name.isdecimal() for name in names) and sorted(names, key=int) != names:
        raise BadData(
            f"class folders of {place} are numbers, which ImageFolder takes in the "
            f"order {', '.join(names[:4])}, ... and people in that of the numbers; "
            "say which the networks were trained in: ?classes=FILE, a class on each "
            "line"
        )
    return tuple(names)


def _size_of_first(place: Path) -> tuple[int, int]:
    """(height, width) of the first picture: all of a base without ?size have it."""
    first = next(_pictures_below(place), None)
    if first is None:
        raise BadData(f"{place} holds neither {DATA} nor pictures; {LAYOUT}")
    return size_of(first)


def _said_by_first(place: Path, own: OwnBase) -> tuple[int, int]:
    """The same of a folder that was named, of the first that can be read if said so."""
    if not own.broken:
        try:
            return _size_of_first(place)
        except Broken as error:
            raise BadData(f"{error}{OR_SKIP}") from error
    for file in _pictures_below(place):
        with suppress(Broken):
            return size_of(file)
    raise BadData(f"{place} holds no picture that can be read; {LAYOUT}")


def _size_of_split(place: Path) -> tuple[int, int, int]:
    """(height, width, channels) of a folder's images, by the head of its file."""
    if not (place / DATA).is_file():
        return (*_size_of_first(place), 3)
    pixels = read_npy(place / DATA, memory_map=True)
    checked_pixels(place, pixels)
    height, width, channels = pixels.shape[1:]
    return height, width, channels


def _pictures_below(place: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(place, followlinks=True):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for name in sorted(files):
            if is_picture(Path(folder) / name):
                yield Path(folder) / name


# --- registered -----------------------------------------------------------------------


def registered_base(
    name: str,
    classes: Sequence[str],
    train: Part | None,
    test: Part,
    *,
    size: int | tuple[int, int, int] | None,
    geometry: Geometry | None,
    description: str,
    source: str,
    licence: str,
) -> Base:
    """The base behind `Registry.add_base`; reads no image, but may read a head.

    Raises
    ------
    HarnessError
        If classes or size are none, or a folder is not laid out as a split.
    """
    names = tuple(map(str, classes))
    if isinstance(classes, str) or not names or len(set(names)) < len(names):
        raise HarnessError(
            f"classes of base {name} must be different names in the order of networks' "
            f"outputs, got {classes!r:.60}"
        )
    said = _said_size(name, size)
    if said is None and geometry is not None:
        said = geometry.crop, geometry.crop, 3
    if said is None and not callable(test):
        said = _size_of_split(Path(test))
    if said is None:
        raise HarnessError(
            f"base {name} must be given `size`, (height, width, channels), since its "
            "images come from a function"
        )
    splits = _Splits(name, {TEST: test, **({} if train is None else {TRAIN: train})})
    splits.base = Base(
        name=name,
        classes=names,
        size=said,
        train=partial(splits.images, TRAIN),
        test=partial(splits.images, TEST),
        locate=lambda settings: "a function" if callable(test) else str(test),
        description=description,
        source=source,
        licence=licence,
        geometry=geometry,
        stretch="" if size is None else "bilinear",
        verify=splits.verify,
        found=splits.found,
    )
    return splits.base


def _said_size(
    name: str, size: int | tuple[int, int, int] | None
) -> tuple[int, int, int] | None:
    if size is None:
        return None
    found = (size, size, 3) if isinstance(size, int) else tuple(size)
    if len(found) != 3 or min(found) < 1 or found[2] not in (1, 3):
        raise HarnessError(
            f"size of base {name} must be (height, width, 1 or 3), or pixels of either "
            f"side in colour, got {size!r}"
        )
    height, width, channels = found
    return height, width, channels
