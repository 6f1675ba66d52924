"""Images: the content of a dataset, in memory or read when it is needed, in blocks."""

from __future__ import annotations

import hashlib
import json
import math
import mmap
from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.code import source_digest
from harness.datasets.remembered import MEMORY, Stamp, changed, digest_of, stamp

if TYPE_CHECKING:
    from harness.datasets.geometry import Geometry

T = TypeVar("T")
CHUNK = 1000  # images that are looked at together
LARGE = 2**22  # bytes of an array that is given a place of its own


class Images(Protocol):
    """The content of a dataset before any transformation."""

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(n,) in 0..k-1, or None."""

    @property
    def digest(self) -> str:
        """sha256 over what decides images and labels; no name or path is in it."""

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(n, h, w, c) of all of them at once, c of 1 or 3 (RGB)."""

    def __len__(self) -> int:
        """Number of images."""

    def take(
        self, rows: NDArray[np.intp], geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(m, h, w, c) of the images of these numbers, in this order, a new array.

        Parameters
        ----------
        geometry
            What a network asks for; None for the base's size.
        """

    def block(
        self, start: int, stop: int, geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(stop - start, h, w, c) of consecutive images; see `take`."""


class ArrayImages:
    """Images that are an array, in memory or memory-mapped.

    Parameters
    ----------
    pixels
        (n, h, w, c) uint8, c of 1 or 3 (RGB).
    labels
        (n,) int64 in 0..k-1, or None.
    digest
        Of what decides them; worked out of shape, pixels and labels if it is not said.
    """

    def __init__(
        self,
        *,
        pixels: NDArray[np.uint8],
        labels: NDArray[np.int64] | None,
        digest: str | None = None,
    ) -> None:
        self.pixels = pixels
        self.labels = labels
        if digest is not None:
            self.__dict__["digest"] = digest

    @cached_property
    def digest(self) -> str:
        """sha256 over shape, pixels and labels, if nothing else was said."""
        digest = hashlib.sha256(repr(self.pixels.shape).encode())
        for start in range(0, len(self), 10_000):  # a memory map is never read whole
            part = self.pixels[start : start + 10_000]
            digest.update(np.ascontiguousarray(part).data)
        if self.labels is not None:
            digest.update(self.labels.data)
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.pixels)

    def take(
        self, rows: NDArray[np.intp], geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(m, h, w, c), a new array; of a geometry the crop alone is taken."""
        taken = empty(len(rows), *self.pixels.shape[1:])
        np.take(self.pixels, rows, axis=0, out=taken, mode="clip")  # else it buffers
        return taken if geometry is None else geometry.middle(taken)

    def block(
        self, start: int, stop: int, geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(stop - start, h, w, c) of consecutive images."""
        return self.take(np.arange(start, stop), geometry)


class SamePixels:
    """Base of images that are others' but for what is known of them.

    A subclass puts those into `_images`.
    """

    _images: Images

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(n, h, w, c) of all of them."""
        return self._images.pixels

    def __len__(self) -> int:
        return len(self._images)

    def take(
        self, rows: NDArray[np.intp], geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(m, h, w, c) of the images of these numbers."""
        return self._images.take(rows, geometry)

    def block(
        self, start: int, stop: int, geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(stop - start, h, w, c) of consecutive images."""
        return self._images.block(start, stop, geometry)


class FileArrays:
    """Arrays that a reader makes of files, once somebody looks at them.

    Their digest is over the files' bytes and is remembered, so that who wants no more
    than that reads nothing. A file that changes once somebody has looked is an error.

    Parameters
    ----------
    files
        All that is read.
    read
        Makes the images, and keeps them if there is room; see `harness.datasets.kept`.
    reader
        Where its code is, ``package.module:function``.
    arguments
        What else decides the images; plain JSON values.
    """

    def __init__(
        self,
        files: tuple[Path, ...],
        read: Callable[[], ArrayImages],
        *,
        reader: str,
        arguments: dict[str, Any],
    ) -> None:
        self._files = files
        self._read = read
        self._reader = reader
        self._arguments = arguments

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(n, h, w, c)."""
        return self._looked(lambda images: images.pixels)

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(n,) or None."""
        return self._looked(lambda images: images.labels)

    @cached_property
    def _stamps(self) -> dict[Path, Stamp]:
        return {file: stamp(file) for file in self._files}

    def _looked(self, look: Callable[[ArrayImages], T]) -> T:
        """What somebody sees, if the files are what they were at the first look.

        Afterwards: a memory map shows what is written to its file.
        """
        known = self._stamps
        seen = look(self._read())
        for file, found in known.items():
            if stamp(file) != found:
                raise changed(file)
        return seen

    @property
    def digest(self) -> str:
        """sha256 over the files' bytes and how they are read."""
        how = {
            "reader": self._reader,
            "arguments": self._arguments,
            "code": source_digest(self._reader),
        }

        def found() -> str:
            files = [digest_of(file, known) for file, known in self._stamps.items()]
            text = json.dumps({**how, "files": files}, sort_keys=True)
            return hashlib.sha256(text.encode()).hexdigest()

        what = f"arrays {json.dumps(how, sort_keys=True)}"
        return MEMORY.get(what, self._stamps, found)

    def __len__(self) -> int:
        return self._looked(len)

    def take(
        self, rows: NDArray[np.intp], geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(m, h, w, c), a new array; of a geometry the crop alone is taken."""
        return self._looked(lambda images: images.take(rows, geometry))

    def block(
        self, start: int, stop: int, geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(stop - start, h, w, c) of consecutive images."""
        return self._looked(lambda images: images.block(start, stop, geometry))


def held(load: Callable[[], Images]) -> Callable[[], Images]:
    """The same, but files have one `FileArrays` from the first look to the last.

    So that one that changes meanwhile is noticed.
    """
    known: list[FileArrays] = []

    def loaded() -> Images:
        if known:
            return known[0]
        images = load()
        if isinstance(images, FileArrays):
            known.append(images)
        return images

    return loaded


def empty(*shape: int) -> NDArray[np.uint8]:
    """A new array of any content; a large one lies in memory of its own.

    It goes back to the system as soon as nobody holds it. What the C library's heap
    keeps for a network's layers (`harness.answers.allocator`) is cut up by such blocks
    that come and go: a pass over large images took thrice the memory.
    """
    size = math.prod(shape)
    if size < LARGE:
        return np.empty(shape, dtype=np.uint8)
    return np.frombuffer(mmap.mmap(-1, size), dtype=np.uint8).reshape(shape)


def of_files(
    read: Callable[..., ArrayImages], *files: Path, **arguments: Any
) -> FileArrays:
    """What a reader that takes files, and arguments by name, will find in them."""
    return FileArrays(
        files,
        lambda: read(*files, **arguments),
        reader=f"{read.__module__}:{read.__qualname__}",
        arguments=arguments,
    )


def sets_of(images: Images) -> NDArray[np.bool_] | None:
    """(n, k) which classes hold of each image, where several may; None elsewhere.

    Images that have such `sets` have no `labels`.
    """
    return getattr(images, "sets", None)


def facts_of(images: Images) -> Mapping[str, NDArray[Any]]:
    """By name (n,) what else is known of each image, numbers or texts."""
    facts: Mapping[str, NDArray[Any]] = getattr(images, "facts", {})
    return facts


def same_content(one: Images, other: Images) -> bool:
    """Whether labels and pixels are equal, whatever kinds of images hold them.

    Reads no more than it takes to see a difference.
    """
    if one.digest == other.digest:
        return True
    if len(one) != len(other) or one.labels is None or other.labels is None:
        return False
    if (one.labels != other.labels).any():
        return False
    # One alone first: of images that are made when they are looked at it tells.
    edges = sorted({0, 1, *range(CHUNK, len(one), CHUNK), len(one)})
    for start, stop in pairwise(edges):
        block = one.block(start, stop)
        # Saved outputs have no pixels, and their digest alone tells them apart.
        if block.size == 0 or not np.array_equal(block, other.block(start, stop)):
            return False
    return True
