"""Pictures with room: larger ones than networks get, to be cropped at random."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.datasets.images import facts_of, sets_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.datasets.geometry import Geometry
    from harness.datasets.images import Images


class Roomy:
    """Images of any size whose pixels are larger than a geometry's crop.

    Parameters
    ----------
    images
        Of which networks get what `geometry` makes of them.
    geometry
        That of a base.
    room
        Pixels each way; no more than the crop leaves of what is resized to.

    Raises
    ------
    ValueError
        If it is more.
    """

    def __init__(self, images: Images, geometry: Geometry, room: int) -> None:
        most = geometry.resize - geometry.crop
        if not 0 < room <= most:
            raise ValueError(
                f"`room` must be in 1..{most}, which a crop of {geometry.crop} leaves "
                f"of {geometry.resize}, got {room}"
            )
        self._images = images
        self._larger = replace(geometry, crop=geometry.crop + room)
        #: What a batch crops from.
        self.room = room
        self.labels = images.labels
        self.sets = sets_of(images)

    @property
    def facts(self) -> Mapping[str, NDArray[Any]]:
        """Of the images."""
        return facts_of(self._images)

    @cached_property
    def digest(self) -> str:
        """sha256 over that of the images and the room."""
        return hashlib.sha256(f"{self._images.digest} {self.room}".encode()).hexdigest()

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(n, h, w, c), larger by the room."""
        return self.block(0, len(self))

    def __len__(self) -> int:
        return len(self._images)

    def take(
        self, rows: NDArray[np.intp], geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(m, h, w, c) of the images of these numbers, larger unless asked else."""
        return self._images.take(rows, geometry or self._larger)

    def block(
        self, start: int, stop: int, geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(stop - start, h, w, c) of consecutive images."""
        return self.take(np.arange(start, stop), geometry)
