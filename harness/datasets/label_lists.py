"""Lists of labelled images: which of the training images someone learnt from.

A list is a text file with an image on each line: the name of its file where images are
pictures, else its number among the training images, from 0.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.datasets.places import possible_places
from harness.errors import BadData, MissingData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.datasets.images import Images
    from harness.settings import Settings

#: By base, the published ones: their names, and how many images each has. Those of
#: ImageNet are Chen et al. 2020's, arXiv:2002.05709: google-research/simclr,
#: imagenet_subsets/1percent.txt and 10percent.txt. Of 5 % none is published.
PUBLISHED = {"imagenet": {"1percent": 12_811, "10percent": 128_116}}
_FOLDERS = ("imagenet_subsets", "imagenet/imagenet_subsets", "imagenet", ".")


def published_lists(base: str, settings: Settings) -> dict[str, Path]:
    """The published lists of a base that are at hand, by name.

    They are looked for under --harness-data-root, in ``imagenet_subsets``, beside the
    pictures, and as they are.
    """
    places = possible_places(settings, _FOLDERS)
    files = {
        name: [place / f"{name}.txt" for place in places]
        for name in PUBLISHED.get(base, {})
    }
    found = {
        name: next((file for file in some if file.is_file()), None)
        for name, some in files.items()
    }
    return {name: file for name, file in found.items() if file is not None}


def read_list(file: Path, base: str) -> tuple[str, ...]:
    """The images that a list names, in its order.

    Raises
    ------
    MissingData
        If there is no such file.
    BadData
        If it cannot be read, is empty, names an image twice, or is called as a
        published one and has not as many.
    """
    if not file.is_file():
        raise MissingData("list of labelled images", [file], "name a file that exists")
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(f"{file} cannot be read: {error}; save it anew") from error
    names = tuple(line.strip() for line in lines if line.strip())
    if not names:
        raise BadData(f"{file} must name an image on each line, but is empty")
    if len(names) != len(set(names)):
        often, times = Counter(names).most_common(1)[0]
        raise BadData(
            f"{file} must name each image once, but names {often!r:.60} {times} times"
        )
    asked = PUBLISHED.get(base, {}).get(file.stem)
    if asked is not None and len(names) != asked:
        raise BadData(
            f"{file} must name {asked:,} images as the published list does, got "
            f"{len(names):,}; fetch it anew, or call a list of your own otherwise"
        )
    return names


def listed_rows(names: Sequence[str], images: Images, file: Path) -> NDArray[np.intp]:
    """(m,) numbers of the listed images among the training images, in rising order.

    Parameters
    ----------
    names
        Of `read_list`.
    images
        The training images, all of them.
    file
        That named them, for messages.

    Raises
    ------
    BadData
        If one is none of them, or two of them are called so.
    """
    files: Sequence[Path] = getattr(images, "files", ())
    if not files:
        return _numbered(names, len(images), file)
    known = {one.name: number for number, one in enumerate(files)}
    if len(known) != len(files):
        often, times = Counter(one.name for one in files).most_common(1)[0]
        raise BadData(
            f"training images must have names of their own for {file} to list them, "
            f"but {times} are called {often}"
        )
    missing = [name for name in names if name not in known]
    if missing:
        raise BadData(
            f"{file} must name training images, but {len(missing):,} of {len(names):,} "
            f"are none of the {len(files):,} in {_folder(files)}, the first is "
            f"{missing[0]!r:.60}; get the training set whole"
        )
    return np.sort(np.array([known[name] for name in names], dtype=np.intp))


def _numbered(names: Sequence[str], n: int, file: Path) -> NDArray[np.intp]:
    for name in names:
        if not (name.isascii() and name.isdecimal() and int(name) < n):
            raise BadData(
                f"{file} must list the {n:,} training images, which have no names, by "
                f"numbers in 0..{n - 1}, got {name!r:.60}"
            )
    rows = np.unique(np.array([int(name) for name in names], dtype=np.intp))
    if len(rows) != len(names):
        raise BadData(f"{file} must name each image once, but writes a number two ways")
    return rows


def _folder(files: Sequence[Path]) -> Path:
    """That all lie under, by the first: class folders lie in it."""
    return files[0].parent.parent
