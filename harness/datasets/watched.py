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
from typing import TYPE_CHECKING, Self

from harness.datasets.dataset import Dataset
from harness.datasets.images import Images, SamePixels, held

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray


class Watch:
    """How often labels of a run's datasets were looked at."""

    def __init__(self) -> None:
        self.reads = 0
        self._paused = False

    def note(self) -> None:
        """Count one look, unless it is the harness's own."""
        self.reads += not self._paused

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Itself: who looks at a copy of a dataset has looked."""
        return self

    @contextmanager
    def paused(self) -> Iterator[None]:
        """For what the harness itself needs labels for: the accuracy."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before


class WatchedImages(SamePixels):
    """Images that tell when their labels are looked at."""

    def __init__(self, images: Images, watch: Watch) -> None:
        self._images = images
        self._watch = watch

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(n,) or None, and a note of the look."""
        self._watch.note()
        return self._images.labels

    @property
    def digest(self) -> str:
        """Of what is watched."""
        return self._images.digest


def watched(dataset: Dataset, watch: Watch) -> Dataset:
    """The same dataset, whose labels are looked at under a watch.

    Examples
    --------
    >>> import numpy as np
    >>> from harness.datasets.images import ArrayImages
    >>> images = ArrayImages(pixels=np.zeros((1, 2, 2, 1), np.uint8), labels=None)
    >>> plain = Dataset(name="a", family="a", domain="target", load=lambda: images)
    >>> watch = Watch()
    >>> seen = watched(plain, watch)
    >>> seen.size(), seen.fingerprint() == plain.fingerprint(), watch.reads
    (1, True, 0)
    >>> seen.labels(), seen.load().labels, watch.reads
    (None, None, 2)
    """
    known = dataset.known
    return replace(
        dataset,
        load=partial(_load, held(dataset.load), watch),
        known=None if known is None else known.watched(watch.note),
    )


def _load(load: Callable[[], Images], watch: Watch) -> Images:
    return WatchedImages(load(), watch)
