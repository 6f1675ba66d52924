"""Pictures in folders of classes, by WordNet identifier or number, as published."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.datasets.readers.pictures import PICTURES
from harness.datasets.tree import is_hidden
from harness.errors import BadData

#: Files of the validation set; the group is the image's number, from 1.
VALIDATION = re.compile(r"ILSVRC2012_val_(\d{8})\.\w+")
_PREFIXED = re.compile(r"(n\d{8})_.+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Pictures below a folder and the class of each, in the order of classes.

    Attributes
    ----------
    root
        The folder.
    files
        Paths from it.
    labels
        Numbers among the classes of the base.
    """

    root: Path
    files: tuple[str, ...]
    labels: tuple[int, ...]

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.files)

    def only(self, keep: Callable[[int], bool]) -> Listing:
        """Those of some classes."""
        kept = [i for i, label in enumerate(self.labels) if keep(label)]
        return Listing(
            root=self.root,
            files=tuple(self.files[i] for i in kept),
            labels=tuple(self.labels[i] for i in kept),
        )


def folders_of(root: Path) -> list[str]:
    """Names of the folders that people see in a folder; none where it is not there."""
    try:
        with os.scandir(root) as entries:
            found = [e.name for e in entries if not is_hidden(e.name) and e.is_dir()]
    except OSError:
        return []
    return sorted(found)


def list_classes(
    root: Path, known: Sequence[str], *, of: str, suffixes: Sequence[str] = PICTURES
) -> Listing:
    """Pictures in one folder a class.

    Folders are called by identifiers, or all by numbers, which are read as numbers:
    in the order of their letters "10" is before "2", and of 1000 classes 12 would be
    right.

    Parameters
    ----------
    root
        Holds the folders.
    known
        Identifiers of the base's classes, in its order.
    of
        What is read, for messages.
    suffixes
        Of files that are listed.

    Raises
    ------
    BadData
        If a folder is no class, or two are one.
    """
    names = folders_of(root)
    numbered = bool(names) and all(
        name.isascii() and name.isdecimal() for name in names
    )
    number = {wnid: i for i, wnid in enumerate(known)}
    found: dict[int, str] = {}
    for name in names:
        label = int(name) if numbered else number.get(name, -1)
        if not 0 <= label < len(known):
            rule = (
                f"a number in 0..{len(known) - 1}"
                if numbered
                else f"one of the {len(known)} identifiers {known[0]}, {known[1]}, ..."
            )
            raise BadData(
                f"class folders of {of} must each be {rule}, got {root / name}; take "
                "it away, or name the folder above the classes"
            )
        if label in found:
            raise BadData(
                f"class folders of {of} must each be another class, but "
                f"{root / found[label]} and {root / name} are the same; take one away"
            )
        found[label] = name
    files: list[str] = []
    labels: list[int] = []
    for label, name in sorted(found.items()):
        pictures = [os.path.join(name, file) for file in _files(root / name, suffixes)]
        files += pictures
        labels += [label] * len(pictures)
    return Listing(root=root, files=tuple(files), labels=tuple(labels))


def list_flat(
    root: Path,
    known: Sequence[str],
    wnids: Callable[[Path], Sequence[str]],
    *,
    of: str,
) -> Listing:
    """Pictures in one folder: of the validation set by number, or named by their class.

    Parameters
    ----------
    wnids
        Finds the identifiers of all validation images in the order of their numbers,
        for `root`; not asked where names begin with the class (``n01440764_1.JPEG``).

    Raises
    ------
    BadData
        If a name says neither class nor number, or there is no such class or image.
    """
    number = {wnid: i for i, wnid in enumerate(known)}
    published: Sequence[str] | None = None
    rows = []
    for file in _files(root, PICTURES):
        if match := VALIDATION.fullmatch(file):
            if published is None:
                published = wnids(root)
            place = int(match[1])
            if not 1 <= place <= len(published):
                raise BadData(
                    f"pictures of {of} must have numbers in 1..{len(published)}, got "
                    f"{root / file}"
                )
            wnid = published[place - 1]
        elif match := _PREFIXED.fullmatch(file):
            wnid = match[1]
        else:
            raise BadData(
                f"pictures of {of} must lie in one folder a class, or be called "
                "ILSVRC2012_val_NUMBER.JPEG or IDENTIFIER_....JPEG, got "
                f"{root / file}; put it into the folder of its class"
            )
        if wnid not in number:
            raise BadData(
                f"pictures of {of} must be of the {len(known)} classes, got {wnid} of "
                f"{root / file}"
            )
        rows.append((number[wnid], file))
    rows.sort()
    return Listing(
        root=root,
        files=tuple(file for _, file in rows),
        labels=tuple(label for label, _ in rows),
    )


def _files(folder: Path, suffixes: Sequence[str]) -> Iterator[str]:
    """Names of the files of some kinds in a folder, sorted."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise BadData(
            f"{folder} cannot be read: {error.strerror or error}; let it be read"
        ) from error
    for name in names:
        if os.path.splitext(name)[1].lower() in suffixes and not is_hidden(name):
            yield name
