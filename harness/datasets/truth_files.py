"""Files that say what is true: which classes are answers, which labels are right."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.datasets.class_map import ClassMap
from harness.errors import BadData, MissingData

LABEL_SETS = "labels.json"


def read_class_map(path: Path, names: Sequence[str], mapping: str = "") -> ClassMap:
    """Which of a base's classes are answers.

    Parameters
    ----------
    path
        Text with a class on each line (empty lines and those that begin with # are
        left out), or JSON: a list of classes, or an object with a list of classes for
        each answer. A class is its name or number.
    names
        Of the base's classes.
    mapping
        How classes that stand for one answer speak together; empty for the mean.

    Raises
    ------
    MissingData, BadData
        If the file is not there or says something else, or `mapping` is said and the
        file holds no map.
    """
    of = f"classes in {path}"
    found = _read(path)
    if isinstance(found, dict):
        for name, chosen in found.items():
            if not isinstance(chosen, list):
                raise BadData(
                    f"{of} must have a list of classes for each answer, got "
                    f"{chosen!r:.60} for {name!r}; write it in brackets"
                )
        return ClassMap.grouped(names, found, mapping or "mean", of=of)
    if not isinstance(found, list):
        raise BadData(
            f"{of} must be a list of classes, or an object with a list for each "
            f"answer, got {found!r:.60}"
        )
    if mapping:
        raise BadData(
            f"mapping={mapping} is for classes that stand for one answer together, "
            f"but {path} is a list; leave mapping out, or write an object"
        )
    return ClassMap.subset(names, found, of=of)


def read_class_names(path: Path) -> tuple[str, ...]:
    """The classes of a base, in the order of networks' outputs.

    Parameters
    ----------
    path
        Text with a class on each line (empty lines and those that begin with # are
        left out), or a JSON list of texts.

    Raises
    ------
    MissingData, BadData
        If the file is not there, is no such list, or has a class twice.
    """
    found = _read(path)
    if not (
        isinstance(found, list) and found and all(isinstance(n, str) for n in found)
    ):
        raise BadData(
            f"classes in {path} must be a list of names in the order of the networks' "
            f"outputs, got {found!r:.60}"
        )
    if twice := [name for name, count in Counter(found).items() if count > 1]:
        raise BadData(
            f"classes in {path} must each be there once, got {twice[0]!r} twice"
        )
    return tuple(found)


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingData(
            "file of classes",
            [path],
            "name a text or JSON file with ?classes=FILE",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(
            f"classes in {path} cannot be read: {error}; save them as UTF-8 text"
        ) from error
    if path.suffix.lower() == ".json":
        return _parsed(path, text)
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _parsed(path: Path, text: str) -> Any:
    """What JSON says; a name that comes twice in an object is refused."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = [
            name for name, count in Counter(n for n, _ in pairs).items() if count > 1
        ]
        if twice:
            raise BadData(
                f"{path} must have each name once, but has {twice[0]!r} twice"
            )
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise BadData(
            f"{path} cannot be read as JSON: {error}; write it anew"
        ) from error


def read_label_rows(path: Path) -> Any:
    """The labels of images in the order of an array: a list with a list for each."""
    found = _parsed(path, _text(path))
    if not isinstance(found, list):
        raise BadData(
            f"labels in {path} must be a list with a list of labels an image, in the "
            f"order of data.npy, got {found!r:.60}"
        )
    return found


def read_picture_labels(
    path: Path, root: Path, files: Sequence[Path]
) -> tuple[list[Any], int]:
    """The labels of pictures, found by their names, and how many names have no picture.

    Parameters
    ----------
    path
        JSON: an object with a list of labels for each picture, by its path below the
        folder or, where no two are called the same, by its name.
    root, files
        The folder, and the pictures in their order.

    Raises
    ------
    BadData
        If it is a list (whose order would say nothing of the files), or a picture is
        not in it or in it twice.
    """
    found = _parsed(path, _text(path))
    if not isinstance(found, dict):
        raise BadData(
            f"labels in {path} must be an object with a list of labels for each "
            f'picture, {{"{files[0].relative_to(root).as_posix()}": [0, 2], ...}}, got '
            f"{found!r:.60}; pictures have no order, so a list does not say whose its "
            "labels are"
        )
    called = Counter(file.name for file in files)
    rows, used = [], set()
    for file in files:
        name = file.relative_to(root).as_posix()
        keys = [name] if called[file.name] > 1 else list({name, file.name})
        known = [key for key in keys if key in found]
        if len(known) != 1:
            wrong = "twice, by name and by path" if known else "not there"
            raise BadData(
                f"labels in {path} must have every picture once, but {name} is "
                f"{wrong}; an empty list says that it has none"
            )
        used.update(known)
        rows.append(found[known[0]])
    return rows, len(found) - len(used)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(
            f"labels in {path} cannot be read: {error}; save them as UTF-8 text"
        ) from error
