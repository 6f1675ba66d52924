"""Pictures of which more is known than one label: several, and facts of each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from harness.datasets.geometry import Geometry
    from harness.datasets.readers.picture_sets import PictureImages


class KnownPictures:
    """Pictures with several labels of an image, or with facts of each.

    Parameters
    ----------
    pictures
        In their order; without labels where there are `sets`.
    sets
        (n, k) which classes hold of each, where several may.
    facts
        By name (n,) numbers or texts, such as the number of objects.
    """

    def __init__(
        self,
        pictures: PictureImages,
        *,
        sets: NDArray[np.bool_] | None = None,
        facts: Mapping[str, NDArray[Any]],
    ) -> None:
        self._pictures = pictures
        self.sets = sets
        self.facts = dict(facts)

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(n,) where there is one of each."""
        return self._pictures.labels

    @property
    def names(self) -> tuple[str, ...]:
        """Of the files."""
        return self._pictures.names

    @cached_property
    def digest(self) -> str:
        """sha256 over that of the pictures, all labels and facts."""
        digest = hashlib.sha256(self._pictures.digest.encode())
        if self.sets is not None:
            digest.update(np.ascontiguousarray(self.sets).data)
        for name, values in sorted(self.facts.items()):
            digest.update(repr((name, values.tolist())).encode())
        return digest.hexdigest()

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(n, h, w, c) of all of them, which may be much."""
        return self._pictures.pixels

    def __len__(self) -> int:
        return len(self._pictures)

    def take(
        self, rows: NDArray[np.intp], geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(m, h, w, c) of the pictures of these numbers."""
        return self._pictures.take(rows, geometry)

    def block(
        self, start: int, stop: int, geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(stop - start, h, w, c) of consecutive pictures."""
        return self._pictures.block(start, stop, geometry)
