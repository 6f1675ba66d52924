"""The nineteen corruptions of ImageNet-C on photographs, made when they are looked at.

Strengths are those of the published generator for 224x224 images. Each image is brought
to what networks get by default, corrupted there, and then, as files of ImageNet-C are,
stretched to what a network of another size takes. Its draws are its own, by seed,
corruption, severity and number of the image: no batch, worker or sample changes them.

The published files were made once without a seed, and saved as JPEG of quality 85:
numbers from these images are another set's.

References
----------
Hendrycks and Dietterich, ICLR 2019, arXiv:1903.12261; ImageNet-C/create_c of
https://github.com/hendrycks/robustness (Apache-2.0).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from harness.code import source_digest
from harness.datasets.images import ArrayImages, empty
from harness.datasets.kept import Kept
from harness.datasets.made.corruptions.catalogue import (
    TO_THE_RIGHT,
    UPWARDS,
    Corruption,
    row,
)

if TYPE_CHECKING:
    from harness.datasets.dataset import Transformation
    from harness.datasets.geometry import Geometry
    from harness.datasets.images import Images

LEAST_SIDE = 128  # of a base's images, from which these strengths are meant
#: Corrupted blocks, for the next network, whatever its size.
CORRUPTED = Kept(room=2**29)
# The published table multiplies by 244, where the images have 224 pixels.
_OF = 244 / 224

CATALOGUE_224: dict[str, Corruption] = {
    "gaussian_noise": row("noise", "sigma", 0.08, 0.12, 0.18, 0.26, 0.38),
    "shot_noise": row("noise", "photons", 60.0, 25.0, 12.0, 5.0, 3.0),
    "impulse_noise": row("noise", "amount", 0.03, 0.06, 0.09, 0.17, 0.27),
    "defocus_blur": row(
        "blur", "radius alias", (3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)
    ),
    "glass_blur": row(
        "blur",
        "sigma reach rounds",
        (0.7, 1, 2),
        (0.9, 2, 1),
        (1.0, 2, 3),
        (1.1, 3, 2),
        (1.5, 4, 2),
    ),
    "motion_blur": row(
        "blur",
        "radius sigma angle",
        (10, 3.0, TO_THE_RIGHT),
        (15, 5.0, TO_THE_RIGHT),
        (15, 8.0, TO_THE_RIGHT),
        (15, 12.0, TO_THE_RIGHT),
        (20, 15.0, TO_THE_RIGHT),
    ),
    "zoom_blur": row(
        "blur",
        "stop step",
        (1.11, 0.01),
        (1.16, 0.01),
        (1.21, 0.02),
        (1.26, 0.02),
        (1.31, 0.03),
    ),
    "snow": row(
        "weather",
        "mean spread zoom threshold radius sigma keep angle",
        (0.1, 0.3, 3.0, 0.5, 10, 4.0, 0.8, UPWARDS),
        (0.2, 0.3, 2.0, 0.5, 12, 4.0, 0.7, UPWARDS),
        (0.55, 0.3, 4.0, 0.9, 12, 8.0, 0.7, UPWARDS),
        (0.55, 0.3, 4.5, 0.85, 12, 8.0, 0.65, UPWARDS),
        (0.55, 0.3, 2.5, 0.85, 12, 12.0, 0.55, UPWARDS),
    ),
    "frost": row(
        "frost",
        "keep ice grain",
        (1.0, 0.4, 5),
        (0.8, 0.6, 5),
        (0.7, 0.7, 5),
        (0.65, 0.7, 5),
        (0.6, 0.75, 5),
    ),
    "fog": row(
        "weather",
        "strength decay",
        (1.5, 2.0),
        (2.0, 2.0),
        (2.5, 1.7),
        (2.5, 1.5),
        (3.0, 1.4),
    ),
    "brightness": row("digital", "amount", 0.1, 0.2, 0.3, 0.4, 0.5),
    "contrast": row("digital", "factor", 0.4, 0.3, 0.2, 0.1, 0.05),
    "elastic_transform": row(
        "elastic",
        "alpha sigma affine",
        (2 * _OF, 0.7 * _OF, 0.1 * _OF),
        (2 * _OF, 0.08 * _OF, 0.2 * _OF),
        (0.05 * _OF, 0.01 * _OF, 0.02 * _OF),
        (0.07 * _OF, 0.01 * _OF, 0.02 * _OF),
        (0.12 * _OF, 0.01 * _OF, 0.02 * _OF),
    ),
    "pixelate": row("digital", "scale", 0.6, 0.5, 0.4, 0.3, 0.25),
    "jpeg_compression": row("digital", "quality", 25, 18, 15, 10, 7),
    "speckle_noise": row("noise", "sigma", 0.15, 0.2, 0.35, 0.45, 0.6),
    "gaussian_blur": row("blur", "sigma", 1.0, 2.0, 3.0, 4.0, 6.0),
    "spatter": row(
        "spatter",
        "liquid mean spread sigma threshold amount",
        ("water", 0.65, 0.3, 4.0, 0.69, 0.6),
        ("water", 0.65, 0.3, 3.0, 0.68, 0.6),
        ("water", 0.65, 0.3, 2.0, 0.68, 0.5),
        ("mud", 0.65, 0.3, 1.0, 0.65, 1.5),
        ("mud", 0.67, 0.4, 1.0, 0.65, 1.5),
    ),
    "saturate": row(
        "digital",
        "factor offset",
        (0.3, 0.0),
        (0.1, 0.0),
        (2.0, 0.0),
        (5.0, 0.1),
        (20.0, 0.2),
    ),
}


class CorruptedImages:
    """Images under one corruption, each made when it is asked for.

    Parameters
    ----------
    images
        What is corrupted, at the size that their base has by default.
    corruption
        At its severity; see `catalogue.corruption`.
    seed
        Whole numbers that, with an image's number, key its draws.
    quick
        Stretched by PyTorch, and not by Pillow, where a network takes another size.
    """

    def __init__(
        self,
        images: Images,
        corruption: Transformation,
        seed: tuple[int, ...],
        *,
        quick: bool = True,
    ) -> None:
        self._images = images
        self._corruption = corruption
        self._seed = seed
        self._quick = quick

    def __len__(self) -> int:
        return len(self._images)

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(n,) or None: those of what is corrupted."""
        return self._images.labels

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(n, h, w, c) of all of them, which may be much."""
        return self.block(0, len(self))

    @cached_property
    def digest(self) -> str:
        """sha256 over what is corrupted, how, and by which draws."""
        what = {
            "images": self._images.digest,
            "corruption": self._corruption.identity(),
            "seed": self._seed,
            "quick": self._quick,
            "code": source_digest(__name__),
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def take(
        self, rows: NDArray[np.intp], geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(m, h, w, c) of the images of these numbers.

        Of a geometry the whole image is stretched to its crop: that shows what a
        network is to see.
        """
        key: Hashable = (self.digest, rows.tobytes())
        kept = CORRUPTED.get(key, lambda: self._made(rows))
        return stretched(kept.block(0, len(kept)), geometry, quick=self._quick)

    def block(
        self, start: int, stop: int, geometry: Geometry | None = None
    ) -> NDArray[np.uint8]:
        """(stop - start, h, w, c) of consecutive images; see `take`."""
        return self.take(np.arange(start, stop), geometry)

    def _made(self, rows: NDArray[np.intp]) -> ArrayImages:
        """Image by image: a block of photographs in double precision fills a memory."""
        pixels = self._images.take(rows)
        for place, number in enumerate(rows.tolist()):
            image = torch.from_numpy(pixels[place]).permute(2, 0, 1)[None].contiguous()
            made = self._corruption(image, self._draws(number))
            pixels[place] = made[0].permute(1, 2, 0).numpy()
        return ArrayImages(pixels=pixels, labels=None, digest="")

    def _draws(self, number: int) -> np.random.Generator:
        key = np.random.SeedSequence((*self._seed, number))
        return np.random.Generator(np.random.Philox(key))


def stretched(
    images: NDArray[np.uint8], geometry: Geometry | None, *, quick: bool
) -> NDArray[np.uint8]:
    """(n, crop, crop, c) of (n, h, w, c) images that show what a network is to see.

    Those that have its size already, or are asked for without a geometry, stay.
    """
    if geometry is None or images.shape[1:3] == (geometry.crop, geometry.crop):
        return images
    found = empty(len(images), geometry.crop, geometry.crop, images.shape[3])
    for one, other in zip(images, found, strict=True):
        other[...] = _stretched(one, geometry, quick=quick)
    return found


def _stretched(
    image: NDArray[np.uint8], geometry: Geometry, *, quick: bool
) -> NDArray[np.uint8]:
    if quick and geometry.quick:
        return geometry.of_tensor(torch.from_numpy(image).permute(2, 0, 1), whole=True)
    picture = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    return geometry(picture, whole=True)
