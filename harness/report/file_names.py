"""Names of files from what people call things."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

_UNFIT = re.compile(r'[\[\]/\\:*?"<>|]+')
_LONGEST = 120  # letters; file systems take 255 bytes


def file_names(labels: Iterable[str]) -> list[str]:
    r"""A name for each that every file system takes and lists show, no two alike.

    Examples
    --------
    >>> file_names(["knn[k=5]", "a/b", "A-b", "x\u202ey"])
    ['knn-k=5', 'a-b', 'A-b-2', 'x-y']
    """
    names: list[str] = []
    taken: set[str] = set()
    for label in labels:
        seen = "".join(c if c.isprintable() else "?" for c in label)
        plain = _UNFIT.sub("-", seen)[:_LONGEST].strip("-. ") or "metric"
        count = itertools.count(2)
        name = plain
        while name.casefold() in taken:  # as some file systems see them
            name = f"{plain}-{next(count)}"
        taken.add(name.casefold())
        names.append(name)
    return names


def words(title: str) -> str:
    """A title's words with dashes between them.

    Examples
    --------
    >>> words("knn along k, on the exterior")
    'knn-along-k-on-the-exterior'
    """
    return re.sub(r"[\s,]+", "-", title)
