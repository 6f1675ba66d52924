"""Geometry: how pictures of any size are brought to what a network takes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.code import source_digest
from harness.errors import HarnessError

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos")


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Of a network: the shorter side is brought to `resize`, then the middle is cut.

    To the bit what torchvision's ``Resize(resize)`` and ``CenterCrop(crop)`` do to a
    picture of Pillow's; without antialiasing, what they do to a uint8 tensor.

    Attributes
    ----------
    resize
        Pixels of the shorter side; the longer has ``int(resize * longer / shorter)``.
    crop
        Pixels of either side of the square in the middle.
    interpolation
        Of `INTERPOLATIONS`.
    antialias
        Whether it averages where it shrinks. Pillow always does.

    Raises
    ------
    HarnessError
        If the crop is larger than what is resized to, or a word is not known.
    """

    resize: int
    crop: int
    interpolation: str = "bilinear"
    antialias: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.crop <= self.resize:
            raise HarnessError(
                f"a geometry's `crop` must be in 1..`resize`, got {self.crop} of "
                f"{self.resize}"
            )
        plain = ("nearest", "bilinear", "bicubic")
        known = INTERPOLATIONS if self.antialias else plain
        if self.interpolation not in known:
            raise HarnessError(
                f"a geometry's `interpolation` must be one of {', '.join(known)}"
                f"{'' if self.antialias else ' without antialiasing'}, got "
                f"{self.interpolation!r}"
            )

    def identity(self) -> dict[str, Any]:
        """What a model's fingerprint says of it: its facts, and its code here."""
        return {**asdict(self), "code": source_digest(__name__)}

    def __call__(
        self, picture: Image, *, cropped: bool = False, whole: bool = False
    ) -> NDArray[np.uint8]:
        """(crop, crop, c) uint8 of a picture in mode L or RGB.

        Parameters
        ----------
        cropped
            Whether the picture was cropped when it was saved: then it is not resized.
        whole
            And shows just what a network is to see, as ImageNet-C's files of 224x224
            do: one that is no square of `crop` is stretched to that, and no part of it
            is lost.

        Raises
        ------
        ValueError
            If a cropped picture is smaller than the crop.
        """
        if whole:
            return self._brought(picture, (self.crop, self.crop))
        resized = _pixels(picture) if cropped else self._resized(picture)
        middle: NDArray[np.uint8] = self.middle(resized[None])[0]
        return middle

    @property
    def quick(self) -> bool:
        """Whether `of_tensor` can do it: PyTorch has not all of Pillow's filters."""
        return not self.antialias or self.interpolation in ("bilinear", "bicubic")

    def of_tensor(
        self, image: torch.Tensor, *, cropped: bool = False, whole: bool = False
    ) -> NDArray[np.uint8]:
        """(crop, crop, c) of a (c, h, w) uint8 picture, resized by PyTorch.

        Twice as fast as Pillow. With antialiasing up to 0.7 % of the bytes are others,
        by 2 at most; without, it is what calling this does. To be used where `quick`.

        Parameters
        ----------
        cropped, whole
            As of a call.

        Raises
        ------
        ValueError
            If a cropped picture is smaller than the crop.
        """
        height, width = image.shape[1:]
        size = (width, height)
        if whole:
            size = (self.crop, self.crop)
        elif not cropped:
            size = self._size(width, height)
        if size != (width, height):
            image = _resized_tensor(image, size, self)
        found = image.permute(1, 2, 0).numpy()
        middle: NDArray[np.uint8] = self.middle(found[None])[0]
        return middle

    def middle(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(n, crop, crop, c) of the middle of (n, h, w, c) images.

        Raises
        ------
        ValueError
            If they are smaller.
        """
        height, width = images.shape[1:3]
        if min(height, width) < self.crop:
            raise ValueError(
                f"pictures that are not resized must have at least {self.crop}x"
                f"{self.crop} pixels, got {width}x{height}"
            )
        # As torchvision: halves are rounded to even.
        top, left = round((height - self.crop) / 2), round((width - self.crop) / 2)
        middle = images[:, top : top + self.crop, left : left + self.crop]
        return np.ascontiguousarray(middle)

    def _resized(self, picture: Image) -> NDArray[np.uint8]:
        return self._brought(picture, self._size(*picture.size))

    def _size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) that a picture is resized to."""
        short, long = sorted((width, height))
        if short == self.resize:
            return width, height
        other = int(self.resize * long / short)
        return (other, self.resize) if width >= height else (self.resize, other)

    def _brought(self, picture: Image, size: tuple[int, int]) -> NDArray[np.uint8]:
        """To (width, height)."""
        if picture.size == size:
            return _pixels(picture)
        if not self.antialias:
            return _interpolated(_pixels(picture), size, self.interpolation)
        from PIL.Image import Resampling

        return _pixels(picture.resize(size, Resampling[self.interpolation.upper()]))


def _pixels(picture: Image) -> NDArray[np.uint8]:
    """(h, w, c)."""
    array = np.asarray(picture, dtype=np.uint8)
    return array if array.ndim == 3 else array[..., None]


def _resized_tensor(
    image: torch.Tensor, size: tuple[int, int], geometry: Geometry
) -> torch.Tensor:
    """(c, h, w) brought to (width, height)."""
    import torch

    if not geometry.antialias:
        pixels = image.permute(1, 2, 0).numpy()
        found = _interpolated(pixels, size, geometry.interpolation)
        return torch.from_numpy(found).permute(2, 0, 1)
    resized = torch.nn.functional.interpolate(
        image[None],
        size=size[::-1],
        mode=geometry.interpolation,
        align_corners=False,
        antialias=True,
    )
    return resized[0]


def _interpolated(
    pixels: NDArray[np.uint8], size: tuple[int, int], interpolation: str
) -> NDArray[np.uint8]:
    """Brought to (width, height) as a tensor is, without averaging where it shrinks."""
    import torch

    images = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float()
    smooth = {} if interpolation == "nearest" else {"align_corners": False}
    resized = torch.nn.functional.interpolate(
        images, size=size[::-1], mode=interpolation, **smooth
    )
    whole = resized.clamp(0, 255).round().to(torch.uint8)
    return whole[0].permute(1, 2, 0).contiguous().numpy()
