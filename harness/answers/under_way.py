"""Under way: answers of a long pass, on disk until nobody needs them any more.

A run that is killed in the middle of a large set loses the block that it was in: the
next run finds the blocks before it by what decides them, and goes on from there. What
takes less than `PATIENCE` seconds is never written.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.artifacts import write_whole
from harness.datasets.dataset import BLOCK
from harness.errors import HarnessError
from harness.models.tap import Seen
from harness.progress import Tell

PATIENCE = 10.0  # seconds of a pass before its blocks are written
WAITING = 2**28  # bytes of answers in memory that are not waited with any longer
ROOM = 2**33  # bytes on the disk, of one pass and of all that killed runs have left
AGE = 14 * 86400.0  # seconds after which what a killed run has left is dropped
_RECENT = 3600.0  # seconds within which another run may still be at it
_ANSWER, _FEATURES, _UNFIT = "answer", "features:", "unfit"


class UnderWay:
    """Answers that the passes of a run keep while they are needed.

    Parameters
    ----------
    folder
        Where they are kept, a folder a pass.
    decides
        What every number of the run is known by, besides network and images.
    tell
        Shows a line: that answers were found, or cannot be kept.
    """

    def __init__(
        self, folder: Path, decides: Mapping[str, Any], tell: Tell = lambda line: None
    ) -> None:
        self._folder = folder
        self._decides = dict(decides)
        self._tell = tell
        self._swept = False
        self._stays = False
        self._finished: list[weakref.finalize[..., object]] = []

    def a_pass(self, what: str, images: int, **decides: Any) -> PassUnderWay:
        """One pass over a set.

        Parameters
        ----------
        what
            For people: whose answers about what.
        images
            How many it has.
        **decides
            All that decides its answers, as JSON values.
        """
        identity = {**self._decides, **decides, "images": images, "block": BLOCK}
        text = json.dumps(identity, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()
        return PassUnderWay(self._folder / key, what, images, self._tell, self._sweep)

    def remove_with(self, owner: object, one: PassUnderWay) -> None:
        """Drop a pass's blocks when nobody has its answers any more, or at the end.

        Parameters
        ----------
        owner
            Has the answers in memory.
        one
            The pass, which is finished.
        """
        found = weakref.finalize(owner, self._remove, one.folder)
        self._finished = [*(f for f in self._finished if f.alive), found]

    def finish(self) -> None:
        """Drop what is left of passes that are finished: the run is at its end."""
        for one in self._finished:
            one()
        self._finished = []

    def stay(self) -> None:
        """From now on nothing is dropped: the run was stopped and may be started anew.

        What has been answered may not have been measured yet.
        """
        self._stays = True

    def _remove(self, folder: Path) -> None:
        if not self._stays:
            shutil.rmtree(folder, ignore_errors=True)

    def _sweep(self) -> None:
        """Drop what killed runs have left, before the first block is written."""
        if self._swept:
            return
        self._swept = True
        now, left = time.time(), ROOM
        found = sorted(map(_size_of, _folders(self._folder)), reverse=True)
        for changed, size, folder in found:
            left -= size
            age = now - changed
            if age > AGE or (left < 0 and age > _RECENT):
                shutil.rmtree(folder, ignore_errors=True)


class PassUnderWay:
    """Answers of one pass, in blocks of `BLOCK` images.

    Parameters
    ----------
    folder
        Of its own.
    what, images, tell
        As of `UnderWay`.
    first
        Is called before the first block is written.
    """

    def __init__(
        self,
        folder: Path,
        what: str,
        images: int,
        tell: Tell = lambda line: None,
        first: Callable[[], None] = lambda: None,
    ) -> None:
        self.folder = folder
        self._what = what
        self._images = images
        self._tell = tell
        self._first = first

    def earlier(self) -> Iterator[Seen]:
        """The blocks that a stopped run has left, from the first one on.

        One that is damaged is as good as none, and so is what comes after it.
        """
        for number in range(-(-self._images // BLOCK)):
            seen = self._read(number)
            if seen is None or seen.images != self._length(number):
                return
            yield seen

    def keep(self, batches: Iterable[Seen], start: int) -> Iterator[Seen]:
        """The same batches, that are written block by block when `PATIENCE` is over.

        Parameters
        ----------
        batches
            In order; none is of two blocks.
        start
            The number of the first block.
        """
        began = time.monotonic()
        keeps, number = True, start
        block: list[Seen] = []
        ready: list[Seen] = []  # whole blocks that are not written yet
        for seen in batches:
            yield seen
            if not keeps:
                continue
            block.append(seen)
            if sum(one.images for one in block) < self._length(number + len(ready)):
                continue
            ready.append(joined(block))
            block = []
            late = time.monotonic() - began >= PATIENCE
            if late or sum(map(_bytes, ready)) > WAITING:
                keeps = all(self._write(number + i, b) for i, b in enumerate(ready))
                number += len(ready)
                ready = []

    def _length(self, number: int) -> int:
        return min(BLOCK, self._images - number * BLOCK)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"

    def _read(self, number: int) -> Seen | None:
        content = _unsealed(self._path(number))
        return None if content is None else _unpacked(content)

    def _write(self, number: int, seen: Seen) -> bool:
        """Write a block; False where the pass is not to be kept."""
        if _bytes(seen) / seen.images * self._images > ROOM:
            return self._given_up(f"they are more than {ROOM >> 30} GiB")
        self._first()
        path, content = self._path(number), _packed(seen)
        try:
            sealed = _seal(path, content) + content
            write_whole(path, sealed, what="answers", folders=True)
        except HarnessError as error:
            return self._given_up(str(error))
        return True

    def _given_up(self, why: str) -> bool:
        self._tell(
            f"answers of {self._what} are not kept on the way, so a killed run begins "
            f"this set anew: {why}"
        )
        return False


def is_whole(path: Path) -> bool:
    """Whether a block is as it was written."""
    return _unsealed(path) is not None


def _unsealed(path: Path) -> bytes | None:
    """What a block holds; None where it is damaged, or is none."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    seal, content = content[:32], content[32:]
    return content if seal == _seal(path, content) else None


def _seal(path: Path, content: bytes) -> bytes:
    """Over the block's place, too: no block stands for another."""
    place = f"{path.parent.name}/{path.name}"
    return hashlib.sha256(place.encode() + content).digest()


def joined(batches: list[Seen]) -> Seen:
    """Consecutive batches as one; what one of them did not give, all do not."""
    import torch

    first = batches[0]
    answers = [one.answer for one in batches if one.answer is not None]
    unfit = {name: why for one in batches[::-1] for name, why in one.unfit.items()}
    return Seen(
        answer=torch.cat(answers) if answers else None,
        features={
            name: torch.cat([one.features[name] for one in batches])
            for name in first.features
            if name not in unfit
        },
        unfit=unfit,
        images=sum(one.images for one in batches),
    )


def _bytes(seen: Seen) -> int:
    whole = [seen.answer, *seen.features.values()]
    return sum(part.nbytes for part in whole if part is not None)


def _packed(seen: Seen) -> bytes:
    arrays: dict[str, Any] = {
        _FEATURES + name: part.numpy() for name, part in seen.features.items()
    }
    if seen.answer is not None:
        arrays[_ANSWER] = seen.answer.numpy()
    said = json.dumps({"images": seen.images, _UNFIT: seen.unfit}).encode()
    file = io.BytesIO()
    np.savez(file, said=np.frombuffer(said, dtype=np.uint8), **arrays)
    return file.getvalue()


def _unpacked(content: bytes) -> Seen:
    import torch

    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        said = json.loads(arrays["said"].tobytes())
        tensors = {
            name: torch.from_numpy(arrays[name])
            for name in arrays.files
            if name != "said"
        }
    return Seen(
        answer=tensors.pop(_ANSWER, None),
        features={name.removeprefix(_FEATURES): t for name, t in tensors.items()},
        unfit=said[_UNFIT],
        images=said["images"],
    )


def _folders(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir()]
    except OSError:
        return []


def _size_of(folder: Path) -> tuple[float, int, Path]:
    """When something in a folder last changed, and how many bytes lie there."""
    try:
        found = [path.stat() for path in (folder, *folder.iterdir())]
    except OSError:  # another run has just dropped it
        return time.time(), 0, folder
    changed = max(one.st_mtime for one in found)
    return changed, sum(one.st_size for one in found), folder
