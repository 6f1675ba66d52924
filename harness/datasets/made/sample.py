"""Fewer images than a set has: those at some rows, or a sample drawn evenly."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.datasets.image_names import names_of
from harness.datasets.images import facts_of, sets_of
from harness.sampling import sampled_rows

if TYPE_CHECKING:
    from harness.datasets.geometry import Geometry
    from harness.datasets.images import Images


class TakenImages:
    """Some of the images of a set, with their labels.

    Parameters
    ----------
    images
        All of them.
    rows : (n,) integer array
        Which are taken, in which order.
    """

    def __init__(self, images: Images, rows: NDArray[np.intp]) -> None:
        self._images = images
        self._rows = rows
        labels, sets = images.labels, sets_of(images)
        self.labels: NDArray[np.int64] | None = (
            None if labels is None else labels[self._rows]
        )
        self.sets: NDArray[np.bool_] | None = None if sets is None else sets[self._rows]

    @property
    def facts(self) -> dict[str, NDArray[Any]]:
        """Of those that are taken, where any are known."""
        return {name: some[self._rows] for name, some in facts_of(self._images).items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Of those that are taken, where images have any."""
        names = names_of(self._images)
        return tuple(names[i] for i in self._rows) if names else ()

    @cached_property
    def digest(self) -> str:
        """sha256 over that of all images and the rows that are taken."""
        digest = hashlib.sha256(self._images.digest.encode())
        digest.update(self._rows.astype(np.int64).data)
        return digest.hexdigest()

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """(n, h, w, c) of those that are taken."""
        return self._images.take(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def take(
        self, rows: NDArray[np.intp], geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(m, h, w, c) of the images of these numbers, counted among those taken."""
        return self._images.take(self._rows[rows], geometry)

    def block(
        self, start: int, stop: int, geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(stop - start, h, w, c) of consecutive ones of those taken."""
        return self._images.take(self._rows[start:stop], geometry)


class SampledImages(TakenImages):
    """The images at `harness.sampling.sampled_rows`, with their labels, in order.

    Parameters
    ----------
    images
        All of them.
    n
        How many are taken.

    Raises
    ------
    ValueError
        If there are not so many.
    """

    def __init__(self, images: Images, n: int) -> None:
        if not 1 <= n <= len(images):
            raise ValueError(f"`n` must be in 1..{len(images)}, got {n}")
        super().__init__(images, sampled_rows(len(images), n))
