"""Lists of the classes of a network's outputs, held to the order of a base's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import BadData, MissingData

if TYPE_CHECKING:
    from harness.datasets.family import Base
    from harness.settings import ModelSpec


def check_class_list(spec: ModelSpec, base: Base) -> None:
    """`check_order` of a specification that names such a list; of another nothing."""
    if spec.class_list:
        check_order(spec.folder / Path(spec.class_list).expanduser(), base)


def check_order(path: Path, base: Base) -> None:
    """Refuse a list of classes that is not the base's, in its order.

    Parameters
    ----------
    path
        Text with a class on each line, whose first word counts (``n01440764 tench,
        Tinca tinca``) where the whole line is none; or JSON: a list, or an object by
        the outputs' numbers (``{"0": ["n01440764", "tench"], ...}``).

    Raises
    ------
    MissingData, BadData
        If the file is not there or cannot be read, has more or fewer classes (a header
        line is one too many, and shifts all), or one is at another place.
    """
    found = _read(path)
    first = found[0] if found else ""
    if len(found) != len(base.classes):
        raise BadData(
            f"class list {path} must have one class for each of the "
            f"{len(base.classes)} outputs and no other line, got {len(found)}, the "
            f"first {first!r:.60}; take away what is no class"
        )
    for place, (said, known) in enumerate(zip(found, base.classes, strict=True)):
        if said != known and said.split(maxsplit=1)[:1] != [known]:
            raise BadData(
                f"class list {path} must be in the order of base {base.name}, but "
                f"output {place} is {said!r:.60} and not {known!r}; put the network's "
                "outputs into that order in a function of your own"
            )


def _read(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingData(
            "list of classes", [path], "name a text or JSON file with ?class_list=FILE"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(
            f"class list {path} cannot be read: {error}; save it as UTF-8 text"
        ) from error
    if path.suffix.lower() != ".json":
        return [line.strip() for line in text.rstrip().splitlines()]
    try:
        content = json.loads(text)
        if isinstance(content, dict):
            content = [content[str(place)] for place in range(len(content))]
        rows = [row[0] if isinstance(row, list) else row for row in content]
    except (ValueError, RecursionError, TypeError, LookupError) as error:
        raise BadData(
            f"class list {path} must be a JSON list of classes, or an object by the "
            f"outputs' numbers: {error}; write it anew"
        ) from error
    return [str(row) for row in rows]
