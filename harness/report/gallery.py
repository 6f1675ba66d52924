"""Galleries: small pictures in rows, on the page and as PNG."""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 64  # pixels of a thumbnail's longer side at most
LARGEST = 4 << 20  # bytes of all pictures of a gallery together
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A thumbnail.

    Attributes
    ----------
    png
        The file, as base64 with - and _, in which nothing looks like a path.
    text
        What it shows, in a word or two: below it, and for who cannot see it.

    Raises
    ------
    ValueError
        If it is no PNG.
    """

    png: str
    text: str = ""

    def __post_init__(self) -> None:
        """Hold it to what a page may embed."""
        try:
            known = self.content().startswith(_SIGNATURE)
        except (binascii.Error, ValueError):
            known = False
        if not known:
            raise ValueError(
                f"a picture must be a PNG file as base64, got {self.png[:24]!r}; make "
                "it with harness.report.gallery.thumbnail"
            )

    @property
    def address(self) -> str:
        """The file as an address that a page embeds."""
        known = base64.b64encode(self.content()).decode()
        return f"data:image/png;base64,{known}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The text as it stands below where it is too wide: its last part by itself.

        A long name of a class is cut there, and not the confidence after it.
        """
        name, comma, last = self.text.rpartition(", ")
        return (f"{name},", last) if comma else (last,)

    def content(self) -> bytes:
        """The file."""
        return base64.b64decode(self.png, altchars=b"-_", validate=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A row of pictures.

    Attributes
    ----------
    name, text
        What is in it, and what is said of it.
    pictures
        From left to right.
    """

    name: str
    pictures: tuple[Picture, ...]
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Rows of pictures. Writers that have no room for them say where they are.

    Attributes
    ----------
    strips
        From top to bottom.
    title
        Above them.
    note
        Below them; how large they are is said there too.

    Raises
    ------
    ValueError
        If they are larger than `LARGEST` together.
    """

    strips: tuple[Strip, ...]
    title: str
    note: str = ""

    def __post_init__(self) -> None:
        """Hold the page to a size."""
        if self.size > LARGEST:
            raise ValueError(
                f"the pictures of gallery {self.title!r} must have {LARGEST} bytes "
                f"together at most, got {self.size}; show fewer, or smaller ones"
            )

    @property
    def size(self) -> int:
        """Bytes of all pictures, as the page holds them."""
        return sum(len(one.png) for strip in self.strips for one in strip.pictures)

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return sum(len(strip.pictures) for strip in self.strips)

    @property
    def told(self) -> str:
        """What is said in place of them."""
        return (
            f"{self.title}: {self.count} pictures are on the page "
            "(--harness-report-html) and among the plots (--harness-plots)"
        )


def thumbnail(pixels: NDArray[np.uint8], text: str = "") -> Picture:
    """A picture of (h, w, 1 or 3) uint8 pixels, made smaller where a side is over 64.

    Raises
    ------
    ValueError
        If the pixels are of another shape or type.
    """
    from PIL import Image

    if pixels.dtype != "uint8" or pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
        raise ValueError(
            "`pixels` must be (h, w, 1) or (h, w, 3) uint8, got "
            f"{pixels.shape} {pixels.dtype}"
        )
    picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    picture.thumbnail((SIDE, SIDE))
    content = io.BytesIO()
    picture.save(content, "PNG", optimize=True)
    png = base64.urlsafe_b64encode(content.getvalue()).decode()
    return Picture(png=png, text=text)


_SHOWN, _GAP, _LINE, _BAND = 48, 4, 12, 220  # pixels


def drawn(gallery: Gallery) -> Any:
    """All of it as one picture of Pillow's, names on the left."""
    from PIL import Image, ImageDraw, ImageFont

    from harness.printable import printable

    most = max((len(strip.pictures) for strip in gallery.strips), default=0)
    step, nearest = _SHOWN + _GAP, Image.Resampling.NEAREST
    font = ImageFont.load_default(10)

    def lines(one: Picture) -> tuple[str, ...]:
        return (one.text,) if font.getlength(one.text) <= _SHOWN else one.lines

    captions = [lines(one) for strip in gallery.strips for one in strip.pictures]
    below = _LINE * max(map(len, captions), default=1)
    height = _LINE * 2 + (step + below) * len(gallery.strips)
    sheet = Image.new("RGB", (_BAND + step * most, height), "white")
    pen = ImageDraw.Draw(sheet)

    def write(x: int, y: int, text: str, width: int) -> None:
        said, end = printable(text), ""
        while said and pen.textlength(said + end, font=font) > width:
            said, end = said[:-1], "..."  # what is cut shows it: 10 is not 100 %
        said += end
        pen.text((x, y), said, fill="black", font=font)

    write(_GAP, _GAP, gallery.title, sheet.width - _GAP)
    for i, strip in enumerate(gallery.strips):
        top = _LINE * 2 + i * (step + below)
        write(_GAP, top, strip.name, _BAND - 2 * _GAP)
        write(_GAP, top + _LINE, strip.text, _BAND - 2 * _GAP)
        for j, one in enumerate(strip.pictures):
            with Image.open(io.BytesIO(one.content()), formats=["PNG"]) as small:
                grown = small.convert("RGB").resize((_SHOWN, _SHOWN), nearest)
            sheet.paste(grown, (_BAND + j * step, top))
            for k, line in enumerate(lines(one)):
                write(_BAND + j * step, top + _SHOWN + k * _LINE, line, _SHOWN)
    return sheet
