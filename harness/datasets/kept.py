"""Content of datasets that was read: kept while there is room, then read again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec

import numpy as np

from harness.datasets.images import ArrayImages

P = ParamSpec("P")
ROOM = 2**30  # bytes of pixels in memory
MAPS = 64  # memory-mapped files, each of which is an open file
IN_USE = 2  # what a cell goes between: its dataset and the source set


class Kept:
    """Images by whatever decides them, bounded by bytes and by open files.

    Models take turns on all datasets, so what was just used is wanted last: where room
    is short, that goes first, but for the few that are in use.

    Parameters
    ----------
    room
        Bytes of pixels in memory, beside those in use.
    maps
        Memory-mapped files, beside those in use.
    """

    def __init__(self, room: int = ROOM, maps: int = MAPS) -> None:
        self._room = room
        self._maps = maps
        self._found: dict[Hashable, ArrayImages] = {}  # what was used last comes last
        self._lock = threading.RLock()

    def get(self, key: Hashable, make: Callable[[], ArrayImages]) -> ArrayImages:
        """The images of a key, made if they are not kept."""
        with self._lock:
            images = self._found.pop(key, None)
            if images is not None:
                self._found[key] = images
                return images
            self._found[key] = images = make()
            self._shrink()
            return images

    def offer(self, key: Hashable, images: ArrayImages) -> None:
        """Keep what was made meanwhile, if there is room."""
        self.get(key, lambda: images)

    def _shrink(self) -> None:
        used = [(_is_mapped(i), i.pixels.nbytes) for i in self._found.values()]
        maps = sum(mapped for mapped, _ in used)
        size = sum(nbytes for mapped, nbytes in used if not mapped)
        spare = list(zip(self._found, used, strict=True))[:-IN_USE]
        while spare and (maps > self._maps or size > self._room):
            key, (mapped, nbytes) = spare.pop()
            if mapped and maps > self._maps:
                maps -= 1
            elif not mapped and size > self._room:
                size -= nbytes
            else:
                continue
            del self._found[key]


def _is_mapped(images: ArrayImages) -> bool:
    return isinstance(images.pixels, np.memmap)


KEPT = Kept()


def kept(read: Callable[P, ArrayImages]) -> Callable[P, ArrayImages]:
    """A reader that keeps what it read, by its arguments, in one room with all."""

    @wraps(read)
    def call(*args: P.args, **kwargs: P.kwargs) -> ArrayImages:
        key = (read, args, tuple(sorted(kwargs.items())))
        return KEPT.get(key, lambda: read(*args, **kwargs))

    return call
