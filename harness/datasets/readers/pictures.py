"""Single pictures in files, decoded as people see them."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.datasets.family import ANOTHER_BASE
from harness.datasets.tree import is_hidden
from harness.errors import BadData

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from harness.datasets.geometry import Geometry


class Broken(BadData):
    """A picture whose file cannot be read, where others are refused as they are."""

    def __init__(
        self, file: Path, reason: object, cure: str = "save it anew, or take it away"
    ) -> None:
        self.file = file
        super().__init__(f"picture {file} cannot be read: {reason}; {cure}")


#: What else can be done about pictures of a folder that somebody named.
OR_SKIP = (
    "; or add ?broken=skip to the folder, of --harness-data or --harness-base, to have "
    "such pictures left out and counted"
)
PICTURES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".gif"),
    *(".bmp", ".dib", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".tga"),
    *(".jp2", ".j2k", ".jpx", ".mpo"),
)
# Pictures that Pillow does not read, or not as people see them.
UNREAD_PICTURES = (
    *(".heic", ".heif", ".hif", ".jxl", ".svg", ".psd", ".exr", ".hdr", ".dcm", ".raw"),
    *(".ico", ".icns", ".pcx", ".sgi", ".xpm", ".dds", ".eps"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"),
)


def is_picture(path: Path) -> bool:
    """Whether a path is a picture that is read and not hidden, by its name."""
    named = path.suffix.lower() in PICTURES and not is_hidden(path.name)
    return named and path.is_file()


def read_picture(
    file: Path, size: tuple[int, int, int], *, stretch: str = "", base: str = ""
) -> NDArray[np.uint8]:
    """(h, w, c) of one picture, as people see it: turned as its EXIF data say.

    16 bits become the upper 8. What people could see in several ways is refused:
    transparency without a background, several frames, numbers without a known range.

    Parameters
    ----------
    stretch
        Interpolation that one of another size is brought to this one with; empty to
        refuse it.
    base
        Whose size it is, for messages.

    Raises
    ------
    BadData
        If it cannot be read, or is of another size; the message names the file.
    """
    height, width, channels = size
    upright = _decoded(file, "RGB" if channels == 3 else "L")
    if upright.size != (width, height):
        from PIL.Image import Resampling

        if not stretch:
            whose = f" as those of base {base}" if base else ""
            raise BadData(
                f"picture {file} must be {width}x{height} pixels{whose}, got "
                f"{upright.width}x{upright.height}; add ?resize=yes to its folder of "
                f"--harness-data, or ?size={width} to one of --harness-base, to have "
                f"every picture brought to that size, or {ANOTHER_BASE}"
            )
        upright = upright.resize((width, height), Resampling[stretch.upper()])
    return np.asarray(upright, dtype=np.uint8).reshape(size)


def read_at(
    file: Path,
    geometry: Geometry,
    *,
    channels: int,
    cropped: bool,
    whole: bool = False,
    as_stored: bool = False,
    quick: bool = False,
) -> NDArray[np.uint8]:
    """(crop, crop, c) of one picture, as people see it, at what a network asks for.

    Parameters
    ----------
    cropped
        Whether the file was resized and cropped when it was made.
    whole
        And shows just what a network is to see; see `Geometry`.
    as_stored
        Read as torchvision's and timm's loaders do, Pillow's ``convert("RGB")``, with
        which accuracies are published: not turned by EXIF data, the first of several
        frames, transparent pixels by their colours. 16 bits become the upper 8 here
        too (the loaders cut them off at 255, which leaves white).
    quick
        JPEG in colour is decoded by torchvision, to the same bits, and resized by
        PyTorch; Pillow reads what torchvision refuses.

    Raises
    ------
    BadData
        As `read_picture`; or if it is cropped and smaller than the crop.
    """
    tensor = None
    if quick and channels == 3 and geometry.quick:
        tensor = decoded_jpeg(file, as_stored=as_stored)
    try:
        if tensor is not None:
            return geometry.of_tensor(tensor, cropped=cropped, whole=whole)
        upright = _decoded(file, "RGB" if channels == 3 else "L", as_stored=as_stored)
        return geometry(upright, cropped=cropped, whole=whole)
    except ValueError as error:
        raise BadData(f"picture {file} does not fit: {error}") from error


def _decoded(file: Path, mode: str, *, as_stored: bool = False) -> Image:
    """The picture in a mode of 8 bits, "RGB" or "L"; upright unless `as_stored`."""
    from PIL import Image

    try:
        # By its name Pillow would map the file, and then scrambles turned TIFFs.
        with strictly(), file.open("rb") as handle, Image.open(handle) as image:
            if as_stored:
                return _eight_bits(file, image).convert(mode)
            _check_frames(file, image)
            image.load()
            _check_opaque(file, image)
            return _upright(_eight_bits(file, image).convert(mode), image)
    except BadData:
        raise
    except Exception as error:  # PIL raises many kinds for damaged files
        raise _broken(file, error) from error


def _broken(file: Path, error: Exception) -> Broken:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        cure = "save it anew, as .png say, or take it away"
        return Broken(file, "Pillow knows no such format", cure)
    return Broken(file, error)


def size_of(file: Path) -> tuple[int, int]:
    """(height, width) of a picture as people see it; reads its head alone.

    Raises
    ------
    Broken
        If it cannot be read.
    """
    from PIL import Image

    try:
        with strictly(), file.open("rb") as handle, Image.open(handle) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
    except Exception as error:  # as of `_decoded`
        raise _broken(file, error) from error
    return (width, height) if turned else (height, width)


def decoded_jpeg(file: Path, *, as_stored: bool) -> torch.Tensor | None:
    """(3, h, w) uint8 of a JPEG file, to the bit as Pillow; None of what is none.

    Grey and CMYK are converted to RGB as Pillow does it.
    """
    import torch
    from torchvision.io import ImageReadMode, decode_jpeg

    try:
        content = bytearray(file.read_bytes())
    except OSError:  # which Pillow names
        return None
    if not content.startswith(_JPEG):
        return None
    try:
        with strictly():  # torchvision means to leave decoding to TorchCodec one day
            found: torch.Tensor = decode_jpeg(
                torch.frombuffer(content, dtype=torch.uint8),
                mode=ImageReadMode.RGB,
                apply_exif_orientation=not as_stored,
            )
    except RuntimeError:  # truncated, or of 12 bits
        return None
    return found


_JPEG = b"\xff\xd8\xff"


class _Strictly:
    """How many threads decode strictly now, and how it was before the first."""

    lock = threading.Lock()
    inside = 0
    lenient = False
    silenced: warnings.catch_warnings[None] | None = None


@contextmanager
def strictly() -> Iterator[None]:
    """Truncated files are errors and Pillow's warnings none, whatever a project set.

    What it warns of, an odd EXIF block say, is no error of the pixels. Both are facts
    of the process: the first thread that enters sets them, the last that leaves puts
    them back.
    """
    from PIL import ImageFile

    with _Strictly.lock:
        if not _Strictly.inside:
            _Strictly.lenient = ImageFile.LOAD_TRUNCATED_IMAGES
            _Strictly.silenced = warnings.catch_warnings(action="ignore")
            _Strictly.silenced.__enter__()
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        _Strictly.inside += 1
    try:
        yield
    finally:
        with _Strictly.lock:
            _Strictly.inside -= 1
            if not _Strictly.inside:
                ImageFile.LOAD_TRUNCATED_IMAGES = _Strictly.lenient
                assert _Strictly.silenced is not None
                _Strictly.silenced.__exit__(None, None, None)


def _check_frames(file: Path, image: Image) -> None:
    # Telephones' MPO holds one picture, then others of the same sight.
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if frames > 1:
        raise BadData(
            f"picture {file} must be one picture, but holds {frames} frames or pages; "
            "save the one that is meant"
        )


def _check_opaque(file: Path, image: Image) -> None:
    if not image.has_transparency_data:
        return
    alpha = np.asarray(image.convert("RGBA"))[..., 3]
    clear = int((alpha < 255).sum())
    if clear:
        raise BadData(
            f"picture {file} must be opaque, but {clear} of its {alpha.size} pixels "
            "are transparent, and what lies behind them is not known; save it on the "
            "background that it is to be seen on"
        )


def _eight_bits(file: Path, image: Image) -> Image:
    """The same with at most 8 bits a channel, by its upper bits."""
    from PIL import Image

    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image)
    # Pillow holds 16 bits in 32 of some formats.
    sixteen = image.mode.startswith("I;16") or image.format in ("PNG", "PPM")
    if not sixteen:
        raise BadData(
            f"picture {file} must have 8 or 16 bits a channel, got {values.dtype}, "
            "whose black and white are not known; save it with 8 bits"
        )
    return Image.fromarray((values >> 8).astype(np.uint8))


_ORIENTATION = 0x0112


def _upright(pixels: Image, image: Image) -> Image:
    """Turned as the EXIF data of the opened image say, where they can be read."""
    from PIL.Image import Transpose

    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged EXIF data, which every viewer passes over
        return pixels
    turn = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(orientation)
    return pixels if turn is None else pixels.transpose(turn)
