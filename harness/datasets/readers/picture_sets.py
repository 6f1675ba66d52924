"""Sets of pictures in files, decoded when they are needed, in blocks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.code import source_digest
from harness.datasets.dataset import BLOCK
from harness.datasets.decoded import ON_DISK
from harness.datasets.geometry import Geometry
from harness.datasets.images import ArrayImages, empty
from harness.datasets.kept import Kept
from harness.datasets.readers.arrays import checked_labels
from harness.datasets.readers.pictures import OR_SKIP, Broken, read_at, read_picture
from harness.datasets.readers.threads import in_threads
from harness.datasets.remembered import MEMORY, Stamp, changed, digest_of, stamp
from harness.errors import BadData
from harness.progress import Progress, Tell

#: Decoded blocks, for the next network of the same geometry.
DECODED = Kept(room=2**29)


class PictureImages:
    """Pictures in files: none is held but what there is room for.

    The digest is over the files' bytes, labels and how they are decoded, and is
    remembered; so is that all of them could be decoded. A file that changes once this
    was made is an error.

    Parameters
    ----------
    root
        The folder they are in, for messages.
    files, labels
        In their order; class of each, or None.
    classes
        How many there are.
    size
        (height, width, channels) of a base whose images have one size.
    base
        Whose size it is, for messages.
    stretch
        Interpolation that pictures of another size are brought to this one with; empty
        to refuse them.
    geometry
        Of a base whose pictures have any size: what networks get that ask for none.
    cropped
        Whether the files were resized and cropped when they were made: of a geometry
        the crop alone is then taken.
    whole
        And show just what a network is to see; see `Geometry`.
    as_stored
        Read as the field's loaders do, and not as people see them; see `read_at`.
    quick
        Of a geometry: resized by PyTorch, and not by Pillow; see `read_at`.

    Raises
    ------
    BadData
        If a label is none of the classes, or a file is gone.
    """

    def __init__(
        self,
        root: Path,
        files: Sequence[Path],
        labels: Sequence[int] | None,
        *,
        classes: int,
        size: tuple[int, int, int],
        base: str = "",
        stretch: str = "",
        geometry: Geometry | None = None,
        cropped: bool = False,
        whole: bool = False,
        as_stored: bool = False,
        quick: bool = False,
    ) -> None:
        self._root = root
        self._files = tuple(files)
        self.labels = (
            None
            if labels is None
            else checked_labels(
                root, np.array(labels), len(self._files), classes, base=base
            )
        )
        self._size = size
        self._base = base
        self._stretch = stretch
        self._geometry = geometry
        self._cropped = cropped
        self._whole = whole
        self._as_stored = as_stored
        self._quick = quick and geometry is not None

    def __len__(self) -> int:
        return len(self._files)

    @property
    def files(self) -> tuple[Path, ...]:
        """Of each picture, in their order."""
        return self._files

    @property
    def names(self) -> tuple[str, ...]:
        """Of their files below the root, in their order."""
        return tuple(f.relative_to(self._root).as_posix() for f in self._files)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(n, h, w, c) of all of them, which may be much."""
        return self.block(0, len(self))

    @cached_property
    def digest(self) -> str:
        """sha256 over the files' bytes, labels and how they are decoded."""
        return self._digest(lambda text: None)

    def take(
        self, rows: NDArray[np.intp], geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(m, h, w, c) of the pictures of these numbers, decoded unless they are kept.

        Raises
        ------
        BadData
            If one cannot be read, is refused, or is no more what it was.
        """
        asked = geometry or self._geometry

        kept = DECODED.get(self._key(rows, asked), lambda: self._made(rows, asked))
        return kept.block(0, len(kept))

    def _made(self, rows: NDArray[np.intp], geometry: Geometry | None) -> ArrayImages:
        """What the disk has of these pictures, or else decoded."""
        key = self._content_key(rows, geometry) if ON_DISK.is_on else ""
        if key and (found := ON_DISK.find(key)) is not None:
            for number in np.unique(self._numbers(rows)).tolist():
                self._check_file(self._files[number])
            return _held(found)
        pixels, refused = self._decoded(rows, geometry)
        if refused:
            raise refused[0]
        if key:
            ON_DISK.offer(key, pixels)
        return _held(pixels)

    def _content_key(self, rows: NDArray[np.intp], geometry: Geometry | None) -> str:
        """What decides the pixels, wherever the files lie."""
        digest = hashlib.sha256(self.digest.encode())
        how = geometry and geometry.identity()
        digest.update(json.dumps(how, sort_keys=True).encode())
        digest.update(rows.astype(np.int64).tobytes())
        return digest.hexdigest()

    def _numbers(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Of the files that images of these numbers come from."""
        return rows

    def _check_file(self, file: Path) -> None:
        """BadData if a file is no more what it was."""
        if stamp(file) != self._stamps[file]:
            raise changed(file)

    def block(
        self, start: int, stop: int, geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(stop - start, h, w, c) of consecutive pictures."""
        return self.take(np.arange(start, stop), geometry)

    def verify(self, tell: Tell) -> None:
        """Decode every picture once, unless that was done and no file has changed.

        Parameters
        ----------
        tell
            Shows how far it has come and how long it will take, every
            `harness.progress.PATIENCE` seconds.

        Raises
        ------
        BadData
            If some are refused; it names the first and the last, and counts them.
        """

        def verified() -> str:
            # The first says quickly what all are; of broken ones there may be more.
            with suppress(Broken):
                self._picture(self._files[0], self._geometry)
            refused = list(self._refused(tell))
            if refused:
                own = not self._as_stored
                skip = own and all(isinstance(one, Broken) for one in refused)
                raise _together(refused, self._root, OR_SKIP if skip else "")
            return "decoded"

        MEMORY.get(self._verified, self._stamps, verified)
        self.__dict__["digest"] = self._digest(tell)

    def broken(self, tell: Tell) -> tuple[Path, ...]:
        """The pictures that cannot be read, found by decoding each once.

        A set of the others is then known to be fine.

        Parameters
        ----------
        tell
            As of `verify`.

        Raises
        ------
        BadData
            If one is refused for another reason, or none can be read.
        """

        def found() -> str:
            with suppress(BadData):  # imports what decodes, which is no picture's time
                self._picture(self._files[0], self._geometry)
            refused = list(self._refused(tell))
            if others := [one for one in refused if not isinstance(one, Broken)]:
                raise _together(others, self._root)
            numbers = {file: number for number, file in enumerate(self._files)}
            return json.dumps(
                [numbers[one.file] for one in refused if isinstance(one, Broken)]
            )

        text = MEMORY.get(f"broken, {self._verified}", self._stamps, found)
        broken = tuple(self._files[number] for number in json.loads(text))
        if len(broken) == len(self):
            raise BadData(
                f"none of the {len(self)} pictures of {self._root} can be read, the "
                f"first is {broken[0]}"
            )
        gone = set(broken)
        fine = {file: s for file, s in self._stamps.items() if file not in gone}
        MEMORY.get(self._verified, fine, lambda: "decoded")
        return broken

    def _refused(self, tell: Tell) -> Iterator[BadData]:
        """Decode every picture once; what is refused."""
        far = Progress(f"reading pictures of {self._root}", len(self), tell)
        clean = True
        for start in range(0, len(self), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(self)))
            pixels, bad = self._decoded(rows, self._geometry, far.step)
            yield from bad
            clean = clean and not bad
            if clean and self._geometry is None:  # what networks will want
                DECODED.offer(self._key(rows, None), _held(pixels))

    @property
    def _verified(self) -> str:
        return f"verified {json.dumps(self._how, sort_keys=True)}"

    @cached_property
    def _stamps(self) -> dict[Path, Stamp]:
        return {file: stamp(file) for file in self._files}

    @cached_property
    def _how(self) -> dict[str, Any]:
        """What decides the pixels besides the files' bytes and the network."""
        return {
            "code": source_digest(__name__),
            "pillow": release("pillow"),
            "size": self._size,
            "stretch": self._stretch,
            "geometry": self._geometry and self._geometry.identity(),
            "cropped": self._cropped,
            "whole": self._whole,
            "as_stored": self._as_stored,
            "torchvision": release("torchvision") if self._quick else "",
        }

    @cached_property
    def place(self) -> str:
        """Of files as they are, and how they are decoded, in this process."""
        return hashlib.sha256(repr((self._stamps, self._how)).encode()).hexdigest()

    def _key(self, rows: NDArray[np.intp], geometry: Geometry | None) -> Hashable:
        return self.place, rows.tobytes(), geometry

    def _digest(self, tell: Tell) -> str:
        labels = None if self.labels is None else self.labels.tolist()
        how = json.dumps({**self._how, "labels": labels}, sort_keys=True)

        def found() -> str:
            digest = hashlib.sha256(how.encode())
            far = Progress(f"digest of {self._root}", len(self), tell)
            for file, known in self._stamps.items():
                digest.update(digest_of(file, known).encode())
                far.step()
            return digest.hexdigest()

        return MEMORY.get(f"pictures {how}", self._stamps, found)

    def _decoded(
        self,
        rows: NDArray[np.intp],
        geometry: Geometry | None,
        step: Callable[[], None] = lambda: None,
    ) -> tuple[NDArray[np.uint8], list[BadData]]:
        """(m, h, w, c), and what was refused."""
        height, width, channels = self._size
        if geometry is not None:
            height = width = geometry.crop
        pixels = empty(len(rows), height, width, channels)
        refused: list[BadData] = []

        def one(number: int) -> BadData | None:
            try:
                pixels[number] = self._picture(self._files[rows[number]], geometry)
            except BadData as error:
                return error
            return None

        for error in in_threads(one, range(len(rows))):
            if error is not None:
                refused.append(error)
            step()
        return pixels, refused

    def _picture(self, file: Path, geometry: Geometry | None) -> NDArray[np.uint8]:
        """(h, w, c); BadData if it cannot be decoded, or is no more what it was."""
        try:
            if geometry is None:
                return read_picture(
                    file, self._size, stretch=self._stretch, base=self._base
                )
            return read_at(
                file,
                geometry,
                channels=self._size[2],
                cropped=self._cropped,
                whole=self._whole,
                as_stored=self._as_stored,
                quick=self._quick,
            )
        finally:
            # In place of whatever is wrong with it: it is not what was verified.
            self._check_file(file)


def release(package: str) -> str:
    """The part of a package's version that says what it computes."""
    return ".".join(version(package).split(".")[:2])


def _held(pixels: NDArray[np.uint8]) -> ArrayImages:
    return ArrayImages(pixels=pixels, labels=None, digest="")


def _together(refused: Sequence[BadData], root: Path, cure: str = "") -> BadData:
    """One error that names the first and the last, and counts them."""
    first, *others = refused
    if not others:
        return BadData(f"{first}{cure}")
    if len(others) == 1:
        more = f"1 other picture of {root} is refused"
    else:
        more = f"{len(others)} other pictures of {root} are refused, the last"
    return BadData(f"{first}; {more}: {others[-1]}{cure}")
