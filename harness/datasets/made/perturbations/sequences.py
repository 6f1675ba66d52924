"""Images as sequences under one perturbation, made when they are looked at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from harness.code import source_digest
from harness.datasets.images import ArrayImages, empty
from harness.datasets.kept import Kept
from harness.datasets.made.corruptions.photographs import stretched

if TYPE_CHECKING:
    from harness.datasets.geometry import Geometry
    from harness.datasets.images import Images
    from harness.datasets.made.perturbations.catalogue import Perturbation

#: Blocks of frames, for the next network, whatever its size.
PERTURBED = Kept(room=2**29)


class PerturbedImages:
    """Frames of images: number ``i * frames + j`` is frame j of image i.

    Draws are an image's own, by seed, perturbation and the image's number: no batch,
    worker or sample changes them.

    Parameters
    ----------
    images
        What is perturbed.
    perturbation
        See `catalogue`.
    seed
        Whole numbers that, with an image's number, key its draws.
    size
        (h, w) of a frame.
    whole
        Of photographs: the geometry that they are brought to, larger than a frame, so
        that something comes from outside of it when they move. None for images of one
        size, of which all there is is the frame.
    quick
        Stretched by PyTorch, and not by Pillow, where a network takes another size.
    """

    def __init__(
        self,
        images: Images,
        perturbation: Perturbation,
        seed: tuple[int, ...],
        *,
        size: tuple[int, int],
        whole: Geometry | None = None,
        quick: bool = True,
    ) -> None:
        self._images = images
        self._perturbation = perturbation
        self._seed = seed
        self._size = size
        self._whole = whole
        self._quick = quick

    def __len__(self) -> int:
        return len(self._images) * self._perturbation.frames

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(n,) or None: each image's for each of its frames."""
        labels = self._images.labels
        return None if labels is None else labels.repeat(self._perturbation.frames)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(n, h, w, c) of all of them, which may be much."""
        return self.block(0, len(self))

    @cached_property
    def digest(self) -> str:
        """sha256 over what is perturbed, how, and by which draws."""
        what: dict[str, Any] = {
            "images": self._images.digest,
            "perturbation": self._perturbation.identity(),
            "seed": self._seed,
            "size": self._size,
            "whole": self._whole and self._whole.identity(),
            "quick": self._quick,
            "code": source_digest(__name__),
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def take(
        self, rows: NDArray[np.intp], geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(m, h, w, c) of the frames of these numbers.

        Of a geometry the whole frame is stretched to its crop: that shows what a
        network is to see.
        """
        key: Hashable = (self.digest, rows.tobytes())
        kept = PERTURBED.get(key, lambda: self._made(rows))
        return stretched(kept.block(0, len(kept)), geometry, quick=self._quick)

    def block(
        self, start: int, stop: int, geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(stop - start, h, w, c) of consecutive frames; see `take`."""
        return self.take(np.arange(start, stop), geometry)

    def _made(self, rows: NDArray[np.intp]) -> ArrayImages:
        """Each image's frames are made once, and those that are asked for taken."""
        frames = self._perturbation.frames
        numbers, place = np.unique(rows // frames, return_inverse=True)
        images = self._images.take(numbers, self._whole)
        pixels = empty(len(rows), *self._size, images.shape[3])

        for at, number in enumerate(numbers.tolist()):
            image = torch.from_numpy(images[at]).permute(2, 0, 1).contiguous()
            made = self._perturbation(image, self._size, self._draws(number))
            mine = np.flatnonzero(place == at)
            pixels[mine] = made.permute(0, 2, 3, 1).numpy()[rows[mine] % frames]
        return ArrayImages(pixels=pixels, labels=None, digest="")

    def _draws(self, number: int) -> np.random.Generator:
        key = np.random.SeedSequence((*self._seed, number))
        return np.random.Generator(np.random.Philox(key))
