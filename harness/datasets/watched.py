"""Watched datasets: whoever looks at a target's labels is noticed.

A score made with the labels of the images that it is about is no label-free metric, so
it must not be fitted, ranked or predicted with. Nobody has to say so: every way from a
run's dataset to its labels leads through here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.datasets.dataset import Dataset, Images

if TYPE_CHECKING:
    from collections.abc import Callable


class Watch:
    """How often labels of a run's datasets were looked at."""

    def __init__(self) -> None:
        self.reads = 0
        self._paused = False

    def note(self) -> None:
        """Count one look, unless it is the harness's own."""
        self.reads += not self._paused

    @contextmanager
    def paused(self) -> Iterator[None]:
        """For what the harness itself needs labels for: the accuracy."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before


class WatchedImages(Images):
    """Images that tell when their labels are looked at."""

    __slots__ = ("_watch",)
    _watch: Watch

    def __getattribute__(self, name: str) -> Any:
        if name == "labels":
            object.__getattribute__(self, "_watch").note()
        return object.__getattribute__(self, name)


def watched(dataset: Dataset, watch: Watch) -> Dataset:
    """The same dataset, whose labels are looked at under a watch.

    Examples
    --------
    >>> import numpy as np
    >>> images = Images(pixels=np.zeros((1, 2, 2, 1), np.uint8), labels=None, digest="")
    >>> plain = Dataset(name="a", family="a", domain="target", load=lambda: images)
    >>> watch = Watch()
    >>> seen = watched(plain, watch)
    >>> seen.size(), seen.fingerprint() == plain.fingerprint(), watch.reads
    (1, True, 0)
    >>> seen.labels(), seen.load().labels, watch.reads
    (None, None, 2)
    """
    return replace(dataset, load=partial(_load, dataset.load, watch))


def _load(load: Callable[[], Images], watch: Watch) -> Images:
    found = load()
    made = WatchedImages(pixels=found.pixels, labels=found.labels, digest=found.digest)
    object.__setattr__(made, "_watch", watch)
    return made
