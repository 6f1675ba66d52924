"""Pictures with room: larger ones beside those that networks get, to be cropped."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.datasets.image_names import names_of
from harness.datasets.images import SamePixels, facts_of, sets_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.datasets.geometry import Geometry
    from harness.datasets.images import Images


class Roomy(SamePixels):
    """Images of any size as a geometry has them, and larger ones to crop from.

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
        #: Labels that others were drawn for; see `Relabelled`.
        self.true: NDArray[np.int64] | None = getattr(images, "true", None)

    @property
    def facts(self) -> Mapping[str, NDArray[Any]]:
        """Of the images."""
        return facts_of(self._images)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the images."""
        return names_of(self._images)

    @cached_property
    def digest(self) -> str:
        """sha256 over that of the images and the room."""
        return hashlib.sha256(f"{self._images.digest} {self.room}".encode()).hexdigest()

    @property
    def larger(self) -> NDArray[np.uint8]:
        """(n, h + room, w + room, c)."""
        return self._images.take(np.arange(len(self)), self._larger)
