"""Names of images, and joining by them: side tables and records of other trainers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from harness.datasets.images import Images

#: What may be meant by a name, the most exact first.
_READINGS: tuple[Callable[[str], str], ...] = (
    lambda name: name,
    lambda name: "/".join(PurePosixPath(name).parts[-2:]),
    lambda name: PurePosixPath(name).name,
    lambda name: PurePosixPath(name).stem,
)


def names_of(images: Images) -> tuple[str, ...]:
    """Files of the images below their folder, in their order; none where all is arrays.

    Pictures have `names`; what is made of them hands these on.
    """
    return tuple(getattr(images, "names", ()))


def rows_by_name(names: Sequence[str], known: Sequence[str]) -> NDArray[np.intp]:
    """Return which of the known images each name is of.

    Names are compared whole, then by folder and file, by file, and by file without its
    ending: by the first of these that tells all the known apart, and all the names, and
    finds the most.

    Parameters
    ----------
    names
        To be found.
    known
        Names of images.

    Returns
    -------
    (n,) array
        Places in `known`; -1 where there is none.

    Examples
    --------
    >>> rows_by_name(["b", "c"], ["x/a.jpg", "x/b.jpg"]).tolist()
    [1, -1]
    """
    best = np.full(len(names), -1, dtype=np.intp)
    for reading in _READINGS:
        wanted, places = [reading(n) for n in names], {}
        for i, name in enumerate(known):
            places[reading(name)] = i
        if len(places) < len(known) or len(set(wanted)) < len(wanted):
            continue
        found = np.array([places.get(name, -1) for name in wanted], dtype=np.intp)
        if (found >= 0).sum() > (best >= 0).sum():
            best = found
    return best
