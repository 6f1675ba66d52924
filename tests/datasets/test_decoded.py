"""Decoded pictures on disk: equal to the bit, verified, and never more than allowed."""

import os

import numpy as np
import pytest
from PIL import Image

from harness.datasets.decoded import Decoded
from harness.datasets.geometry import Geometry
from harness.datasets.readers import picture_sets
from harness.datasets.readers.picture_sets import PictureImages
from harness.errors import BadData, HarnessError
from harness.options import OPTIONS

ROOM = 10**6
GEOMETRY = Geometry(resize=40, crop=32)


def block(seed=0, n=10):
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)


@pytest.fixture
def kept(tmp_path):
    found = Decoded()
    found.keep_in(tmp_path / "decoded", ROOM)
    return found


def entries(tmp_path):
    return sorted(path.name for path in (tmp_path / "decoded").iterdir())


def test_what_was_kept_is_found_to_the_bit(kept, tmp_path):
    """By the next run too, and only under its own key."""
    kept.offer("a", block())
    later = Decoded()
    later.keep_in(tmp_path / "decoded", ROOM)

    found = later.find("a")

    assert np.array_equal(found, block())
    assert found.dtype == np.uint8
    found[:] = 0  # it is the caller's own
    assert np.array_equal(later.find("a"), block())
    assert later.find("b") is None


def test_without_room_there_is_nothing(tmp_path):
    """No folder is made, nothing is written, nothing is found."""
    off = Decoded()
    off.keep_in(tmp_path / "decoded", 0)

    off.offer("a", block())

    assert not off.is_on
    assert off.find("a") is None
    assert not (tmp_path / "decoded").exists()


@pytest.mark.parametrize("damage", ["cut", "more", "bit", "empty", "shape", "another"])
def test_a_damaged_entry_is_as_good_as_none(kept, tmp_path, damage):
    kept.offer("a", block())
    kept.offer("b", block(1))
    path = tmp_path / "decoded" / "a"
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[-5] ^= 4
    path.write_bytes(
        {
            "cut": content[:-1],
            "more": content + b"\0",
            "bit": bytes(flipped),
            "empty": b"",
            "shape": content.replace(b"[10, 8, 8, 3]", b"[10, 8, 4, 6]"),
            "another": (tmp_path / "decoded" / "b").read_bytes(),
        }[damage]
    )

    assert kept.find("a") is None
    kept.offer("a", block())
    assert np.array_equal(kept.find("a"), block())


def test_the_folder_never_outgrows_its_room(kept, tmp_path):
    """What this run has kept or found stays, and later blocks are not kept."""
    size = block(n=1000).nbytes  # 192 kB: five fit
    for i in range(9):
        kept.offer(f"{i}", block(i, 1000))

    assert entries(tmp_path) == ["0", "1", "2", "3", "4"]
    used = sum(p.stat().st_size for p in (tmp_path / "decoded").iterdir())
    assert 5 * size < used <= ROOM


def test_what_was_not_used_for_the_longest_time_goes_first(kept, tmp_path):
    """But nothing that this run has used."""
    for i in range(5):
        kept.offer(f"{i}", block(i, 1000))
        os.utime(tmp_path / "decoded" / f"{i}", (1000 + i, 1000 + i))
    later = Decoded()
    later.keep_in(tmp_path / "decoded", ROOM)
    later.find("0")

    later.offer("5", block(5, 1000))
    later.offer("6", block(6, 1000))

    assert entries(tmp_path) == ["0", "3", "4", "5", "6"]
    later.offer("large", block(7, 6000))  # more than there is
    assert entries(tmp_path) == ["0", "3", "4", "5", "6"]


def test_a_folder_that_cannot_be_made_is_refused_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(HarnessError, match="no --harness-decoded-cache"):
        Decoded().keep_in(tmp_path / "file" / "decoded", ROOM)


# --- pictures -------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The one that sets of pictures ask, without what they keep in memory."""
    found = Decoded()
    found.keep_in(tmp_path / "decoded", ROOM)
    monkeypatch.setattr(picture_sets, "ON_DISK", found)
    return found


@pytest.fixture
def forget(monkeypatch):
    """As a new process does."""

    def again():
        monkeypatch.setattr(
            picture_sets, "DECODED", type(picture_sets.DECODED)(room=10**8)
        )

    again()
    return again


@pytest.fixture
def decodings(monkeypatch):
    """Files that were decoded."""
    seen = []
    read = PictureImages._picture

    def noted(self, file, geometry):
        seen.append(file.name)
        return read(self, file, geometry)

    monkeypatch.setattr(PictureImages, "_picture", noted)
    return seen


def pictures(tmp_path, *, quick=True, labels=(0, 1, 0)):
    files = [tmp_path / f"{name}.jpg" for name in "abc"]
    for i, file in enumerate(files):
        if not file.exists():
            pixels = np.random.default_rng(i).integers(0, 256, (50, 60, 3), np.uint8)
            Image.fromarray(pixels).save(file)
    return PictureImages(
        tmp_path,
        files,
        labels,
        classes=2,
        size=(32, 32, 3),
        geometry=GEOMETRY,
        quick=quick,
    )


def test_pictures_that_are_found_are_not_decoded(tmp_path, cache, forget, decodings):
    """And have the same pixels."""
    first = pictures(tmp_path).pixels
    assert decodings == ["a.jpg", "b.jpg", "c.jpg"]
    forget()

    again = pictures(tmp_path).pixels

    assert np.array_equal(first, again)
    assert len(decodings) == 3


def test_a_damaged_block_is_decoded_anew(tmp_path, cache, forget, decodings):
    first = pictures(tmp_path).pixels
    (entry,) = (tmp_path / "decoded").iterdir()
    content = bytearray(entry.read_bytes())
    content[1000] ^= 1
    entry.write_bytes(content)
    forget()

    assert np.array_equal(pictures(tmp_path).pixels, first)
    assert len(decodings) == 6
    forget()
    assert np.array_equal(pictures(tmp_path).pixels, first)
    assert len(decodings) == 6


@pytest.mark.parametrize("other", ["file", "geometry", "decoder", "rows"])
def test_blocks_are_known_by_files_geometry_and_decoder(
    tmp_path, cache, forget, decodings, other
):
    """Any other of these is decoded, and to what it is without the cache."""
    _ = pictures(tmp_path).pixels
    forget()
    decodings.clear()
    geometry, quick, rows = None, True, np.arange(3)
    if other == "file":
        Image.fromarray(block(9)[0].repeat(8, 0).repeat(8, 1)).save(tmp_path / "b.jpg")
    elif other == "geometry":
        geometry = Geometry(resize=36, crop=32)
    elif other == "decoder":
        quick = False
    else:
        rows = np.array([0, 2])

    found = pictures(tmp_path, quick=quick).take(rows, geometry)

    assert len(decodings) == len(rows)
    forget()
    cache.keep_in(tmp_path / "decoded", 0)
    plain = pictures(tmp_path, quick=quick).take(rows, geometry)
    assert np.array_equal(found, plain)


def test_a_file_that_changes_is_an_error_on_a_hit_too(tmp_path, cache, forget):
    """Its pixels are kept, but it is no more what the run first saw."""
    _ = pictures(tmp_path).pixels
    images = pictures(tmp_path)
    _ = images.digest
    forget()
    Image.fromarray(block(9)[0].repeat(8, 0).repeat(8, 1)).save(tmp_path / "b.jpg")

    with pytest.raises(BadData, match=r"b\.jpg has changed"):
        _ = images.pixels


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("20GB", 20 * 10**9), ("1.5 GiB", 3 * 2**29), ("500 mb", 5 * 10**8)],
)
def test_sizes_are_read_as_people_write_them(text, size):
    (option,) = (o for o in OPTIONS if o.field == "decoded_cache")

    assert option.parse(text) == size


@pytest.mark.parametrize("text", ["2000000TB", "9" * 400 + "GB"])
def test_a_size_has_a_bound(text):
    (option,) = (o for o in OPTIONS if o.field == "decoded_cache")

    with pytest.raises(ValueError, match="must be at most 1000000TB, got"):
        option.parse(text)


@pytest.mark.parametrize("text", ["20", "GB", "-1GB", "20 bytes", "", "nanGB", "infGB"])
def test_other_sizes_are_refused(text):
    (option,) = (o for o in OPTIONS if o.field == "decoded_cache")

    with pytest.raises(ValueError, match="20GB"):
        option.parse(text)
