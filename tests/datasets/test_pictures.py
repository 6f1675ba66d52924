"""Single pictures as people see them: bits, transparency, turns, frames, damage."""

import struct
import warnings

import numpy as np
import pytest
from PIL import Image, ImageFile

from harness.datasets.readers.pictures import is_picture, read_picture
from harness.errors import BadData

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 5), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (6, 5, 3), dtype=np.uint8)


def read(path, channels=1, size=(6, 5)):
    found = read_picture(path, (*size, channels))
    return found[..., 0] if channels == 1 else found


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
@pytest.mark.parametrize("factor", [256, 257])
def test_sixteen_bits_become_the_upper_eight(tmp_path, suffix, factor):
    """Not clipped, which makes nearly all white."""
    sixteen = GREY.astype(np.uint16) * factor
    if suffix == "pgm":  # Pillow writes none before 10.4
        head = b"P5 5 6 65535\n"
        (tmp_path / "a.pgm").write_bytes(head + sixteen.astype(">u2").tobytes())
    else:
        Image.fromarray(sixteen).save(tmp_path / f"a.{suffix}")

    assert (read(tmp_path / f"a.{suffix}") == GREY).all()
    assert (read(tmp_path / f"a.{suffix}", 3) == GREY[..., None]).all()


def test_floats_have_no_black_and_white(tmp_path):
    Image.fromarray(GREY.astype(np.float32)).save(tmp_path / "a.tif")

    with pytest.raises(BadData, match=r"a.tif must have 8 or 16 bits .* got float32"):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_opaque_pictures_may_have_an_alpha_channel(tmp_path, mode):
    whole = Image.fromarray(COLOUR if mode == "RGBA" else GREY)
    whole.convert(mode).save(tmp_path / "a.png")

    channels = 3 if mode == "RGBA" else 1
    assert (read(tmp_path / "a.png", channels) == np.asarray(whole)).all()


def transparent(mode):
    if mode == "P":
        image = Image.fromarray(GREY % 3).convert("P")
        image.info["transparency"] = 1
        return image
    image = Image.new(mode, (5, 6), "white")
    image.putalpha(Image.fromarray(GREY))
    return image


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_lies_behind_transparent_pixels_is_not_guessed(tmp_path, mode):
    transparent(mode).save(tmp_path / "a.png")

    with pytest.raises(BadData, match=r"a.png must be opaque, but \d+ of its 30"):
        read(tmp_path / "a.png", 3)


def test_palettes_ink_and_one_bit_are_seen_as_colours(tmp_path):
    """As Pillow converts them."""
    one = Image.fromarray(GREY > 99)
    one.save(tmp_path / "one.png")
    palette = Image.fromarray(COLOUR).quantize(8)
    palette.save(tmp_path / "palette.png")
    ink = Image.fromarray(COLOUR).convert("CMYK")
    ink.save(tmp_path / "ink.tif")

    assert (read(tmp_path / "one.png") == 255 * (GREY > 99)).all()
    assert (read(tmp_path / "palette.png", 3) == palette.convert("RGB")).all()
    assert (read(tmp_path / "ink.tif", 3) == COLOUR).all()


TURNED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.T,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
@pytest.mark.parametrize("orientation", TURNED)
def test_pictures_are_turned_once_as_exif_says(tmp_path, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(GREY)
    image.save(tmp_path / f"a.{suffix}", exif=exif, lossless=True)

    wanted = TURNED[orientation](GREY)
    assert (read(tmp_path / f"a.{suffix}", size=wanted.shape) == wanted).all()


def test_damaged_exif_data_spoil_no_picture(tmp_path):
    """Nor do Pillow's warnings, in a project that makes errors of warnings."""
    path = tmp_path / "a.jpg"
    Image.fromarray(GREY).save(path, quality=100)
    plain = read(path)
    head = b"Exif\0\0MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 900) + b"\1" * 9
    data = path.read_bytes()
    block = b"\xff\xe1" + struct.pack(">H", len(head) + 2) + head
    path.write_bytes(data[:2] + block + data[2:])

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (read(path) == plain).all()


@pytest.mark.parametrize("suffix", ["gif", "tif", "png", "webp"])
def test_frames_and_pages_are_refused(tmp_path, suffix):
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])

    with pytest.raises(BadData, match="must be one picture, but holds 2 frames"):
        read(tmp_path / f"a.{suffix}")


def test_telephones_pictures_are_their_first(tmp_path):
    """MPO files, which bear the suffix .jpg, hold more pictures of the same sight."""
    frames = [Image.fromarray(COLOUR), Image.fromarray(255 - COLOUR)]
    frames[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "b.jpg")

    assert (read(tmp_path / "a.jpg", 3) == read(tmp_path / "b.jpg", 3)).all()


@pytest.mark.parametrize("lenient", [False, True])
def test_truncated_pictures_are_refused_whatever_a_project_set(
    tmp_path, monkeypatch, lenient
):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    big = Image.fromarray(RNG.integers(0, 256, (60, 50), dtype=np.uint8))
    big.save(tmp_path / "a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(BadData, match=r"a.jpg cannot be read: .*; save it anew"):
        read(tmp_path / "a.jpg", size=(60, 50))
    assert lenient is ImageFile.LOAD_TRUNCATED_IMAGES


def test_what_is_no_picture_is_refused_with_a_cure(tmp_path):
    (tmp_path / "a.png").write_bytes(b"a page that says 404")

    with pytest.raises(BadData, match=r"a.png cannot be read: Pillow knows no such"):
        read(tmp_path / "a.png")


def test_bombs_are_refused_and_large_pictures_are_not(tmp_path, monkeypatch):
    Image.fromarray(GREY).save(tmp_path / "a.png")

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)  # warns
    assert (read(tmp_path / "a.png") == GREY).all()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(BadData, match=r"a.png cannot be read: .*decompression bomb"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.PNG", True), ("a.jfif", True), ("._a.png", False), ("a.txt", False)],
)
def test_pictures_are_known_by_their_names(tmp_path, name, expected):
    (tmp_path / name).touch()

    assert is_picture(tmp_path / name) is expected
