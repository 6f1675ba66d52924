"""Decoded pictures on disk, for the runs that look at the same ones again.

Off unless room is given: pictures of 224x224 take 150 kB each, where their files take a
tenth of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import write_whole
from harness.datasets.images import empty
from harness.errors import HarnessError

_SEAL = 32  # bytes of sha256, before what is sealed
_CURE = "choose another folder with --harness-cache-dir, or no --harness-decoded-cache"


class Decoded:
    """Blocks of pixels by what decides them, in a folder of bounded size.

    One that is damaged is as good as none. Where there is no room those go that were
    not used for the longest time, but none that this run has used: of a set larger than
    the room the same blocks then stay, and are found every time.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._room = 0
        self._began = time.time()

    def keep_in(self, folder: Path, room: int) -> None:
        """From now on blocks are looked for, and kept, in this folder.

        Parameters
        ----------
        room
            Bytes; 0 for none of it.

        Raises
        ------
        HarnessError
            If the folder cannot be made.
        """
        self._folder = folder if room else None
        self._room = room
        self._began = time.time()
        if room:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise HarnessError(
                    f"decoded pictures cannot be kept in {folder}: {error}; {_CURE}"
                ) from error

    @property
    def is_on(self) -> bool:
        """Whether anything is kept."""
        return self._folder is not None

    def find(self, key: str) -> NDArray[np.uint8] | None:
        """(m, h, w, c), a new array; None where it is not kept, or damaged."""
        if self._folder is None:
            return None
        path = self._folder / key
        pixels = _read(path)
        if pixels is not None:
            with suppress(OSError):
                os.utime(path)  # it was used
        return pixels

    def offer(self, key: str, pixels: NDArray[np.uint8]) -> None:
        """Keep (m, h, w, c) pixels, if there is room for them."""
        if self._folder is None:
            return
        pixels = np.ascontiguousarray(pixels)
        shape = pixels.shape
        header = _sealed(key, shape, pixels) + json.dumps(shape).encode() + b"\n"
        # It only saves time: a cache that may only be read is one, too.
        with suppress(OSError, HarnessError):
            if self._made_room(len(header) + pixels.nbytes):
                content = header + pixels.tobytes()
                write_whole(self._folder / key, content, what="pictures", folders=True)

    def _made_room(self, size: int) -> bool:
        """Whether so many bytes fit, once what was not used for long is dropped."""
        assert self._folder is not None
        found = [(entry, entry.stat()) for entry in os.scandir(self._folder)]
        over = size + sum(stat.st_size for _, stat in found) - self._room
        spare = sorted(
            (stat.st_mtime, stat.st_size, entry.path)
            for entry, stat in found
            if stat.st_mtime < self._began
        )
        if over > sum(bytes_ for _, bytes_, _ in spare):
            return False
        for _, bytes_, path in spare:
            if over <= 0:
                break
            os.unlink(path)
            over -= bytes_
        return True


ON_DISK = Decoded()


def is_whole(path: Path) -> bool:
    """Whether a block of the folder is as it was written."""
    return _read(path) is not None


def _read(path: Path) -> NDArray[np.uint8] | None:
    """(m, h, w, c) of a block, named by what decides it; None if it is damaged."""
    try:
        with path.open("rb") as file:
            seal, shape = file.read(_SEAL), tuple(json.loads(file.readline()))
            pixels = empty(*shape)
            whole = file.readinto(pixels.data) == pixels.nbytes and not file.read(1)
    except (OSError, ValueError, TypeError, OverflowError):
        return None
    return pixels if whole and seal == _sealed(path.name, shape, pixels) else None


def _sealed(key: str, shape: tuple[int, ...], pixels: NDArray[np.uint8]) -> bytes:
    digest = hashlib.sha256(f"{key} {list(shape)}".encode())
    digest.update(pixels.data)
    return digest.digest()
