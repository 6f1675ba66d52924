"""Classes of pictures by the folders that they lie in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import BadData, UnknownName


def labels_of(
    root: Path, files: Iterable[Path], names: Sequence[str]
) -> tuple[int, ...]:
    """The class of each picture, of those of these names: its folder's, or number."""
    classes = _Classes(names)
    labels = []
    for file in files:
        if file.parent == root:
            raise BadData(
                f"{file} lies beside folders of classes; move it into one of them, or "
                "add ?role=target to the path in --harness-data to have the accuracy "
                "on all of them predicted"
            )
        folder = file.parts[len(root.parts)]
        label = classes.find(folder)
        if label is None:
            raise UnknownName(
                f"class folder of {root}",
                folder,
                names,
                "folders are called as the classes of the base, which --harness-base "
                "chooses; where nobody labelled the pictures, add ?role=target to "
                "their path in --harness-data",
            )
        labels.append(label)
    return tuple(labels)


class _Classes:
    """Classes by what folders may call them."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = {name.lower(): i for i, name in enumerate(names)}
        self._k = len(names)

    def find(self, folder: str) -> int | None:
        """The class that a folder's name says, or its number; else None."""
        if (found := self._names.get(folder.lower())) is not None:
            return found
        if folder.isdecimal() and int(folder) < self._k:
            return int(folder)
        return None


def check_twins(
    root: Path, again: Iterable[tuple[Path, Path]], names: Sequence[str]
) -> None:
    """Refuse links that put the same picture into two classes."""
    classes = _Classes(names)
    for path, first in again:
        labels = {
            classes.find(one.relative_to(root).parts[0])
            for one in (path, first)
            if one != root
        }
        if len(labels - {None}) > 1:
            raise BadData(
                f"{path} links to what {first} is, so both cannot be right about its "
                "class; take one away"
            )
