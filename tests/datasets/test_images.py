"""A dataset's images: arrays, or files that are read when somebody looks."""

import builtins
import io
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from harness import progress
from harness.datasets import images as module
from harness.datasets.dataset import Dataset
from harness.datasets.images import ArrayImages, of_files, same_content
from harness.datasets.kept import Kept
from harness.datasets.readers import picture_sets
from harness.datasets.readers.arrays import npy_folder
from harness.datasets.readers.picture_sets import PictureImages
from harness.datasets.remembered import Memory
from harness.errors import BadData
from harness.measurement import Domain

OLD = 10**18
RNG = np.random.default_rng(0)
SIZE = (6, 5, 3)


@pytest.fixture(autouse=True)
def process(monkeypatch, tmp_path):
    """Forgets what the process knows; what lies in the cache stays."""

    def anew():
        memory = Memory()
        memory.keep_in(tmp_path / "cache")
        monkeypatch.setattr(module, "MEMORY", memory)
        monkeypatch.setattr(picture_sets, "MEMORY", memory)
        monkeypatch.setattr(picture_sets, "DECODED", Kept(room=10**6))

    anew()
    return anew


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """Names of the files in data/ that were opened."""
    names = []

    def noting(plain):
        def opens(file, *args, **kwargs):
            if str(file).startswith(str(tmp_path / "data")):
                names.append(os.path.basename(file))
            return plain(file, *args, **kwargs)

        return opens

    monkeypatch.setattr(builtins, "open", noting(builtins.open))
    monkeypatch.setattr(io, "open", noting(io.open))
    return names


def pictures(folder, n=3, size=(5, 6)):
    """PNG files of an old date, and what is on them."""
    folder.mkdir(parents=True, exist_ok=True)
    found = RNG.integers(0, 256, (n, size[1], size[0], 3), dtype=np.uint8)
    for number, pixels in enumerate(found):
        path = folder / f"{number:05d}.png"
        Image.fromarray(pixels).save(path)
        os.utime(path, ns=(OLD, OLD))
    return found


def made(folder, labels=None, **facts):
    files = sorted(folder.glob("*.png"))
    return PictureImages(folder, files, labels, classes=2, size=SIZE, **facts)


def arrays(folder, n=4, labels=True):
    folder.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, (n, *SIZE), dtype=np.uint8)
    np.save(folder / "data.npy", pixels)
    if labels:
        np.save(folder / "labels.npy", np.arange(n) % 2)
    for path in folder.iterdir():
        os.utime(path, ns=(OLD, OLD))
    return pixels


def test_all_kinds_give_the_same_blocks(tmp_path):
    """Rows in the order they are asked for, and consecutive ones; always new arrays."""
    pixels = pictures(tmp_path / "data", n=5)
    np.save(tmp_path / "data.npy", pixels)
    for images in (
        ArrayImages(pixels=pixels, labels=None),
        npy_folder(tmp_path),
        made(tmp_path / "data"),
    ):
        assert len(images) == 5
        assert (images.pixels == pixels).all()
        assert (images.block(1, 3) == pixels[1:3]).all()
        taken = images.take(np.array([4, 0]))
        assert (taken == pixels[[4, 0]]).all()
        taken[...] = 0
        assert (images.take(np.array([4, 0])) == pixels[[4, 0]]).all()
        assert images.labels is None


def test_a_dataset_of_pictures_gives_blocks(tmp_path):
    """As one of arrays does, a sample too, whose other pictures are not opened."""
    pixels = pictures(tmp_path / "data", n=7)
    lazy, held = (
        Dataset(name="a", family="a", domain=Domain.TARGET, load=lambda i=i: i)
        for i in (made(tmp_path / "data"), ArrayImages(pixels=pixels, labels=None))
    )

    for limit in (None, 3):
        (one,), (other,) = lazy.blocks(limit=limit), held.blocks(limit=limit)
        assert (one == other).all()
    assert lazy.size() == 7


def test_known_digests_open_no_file(tmp_path, process, opened):
    """Of arrays and of pictures that were seen, checked and not changed since."""
    arrays(tmp_path / "data" / "a")
    pictures(tmp_path / "data" / "p")

    def looked_at():
        images = made(tmp_path / "data" / "p", [0, 1, 1])
        images.verify(print)
        return [npy_folder(tmp_path / "data" / "a").digest, images.digest]

    first = looked_at()
    assert sorted(set(opened)) == [
        *("00000.png", "00001.png", "00002.png"),
        *("data.npy", "labels.npy"),
    ]
    del opened[:]
    process()

    assert looked_at() == first
    assert opened == []


def test_pictures_that_were_not_all_good_are_verified_again(tmp_path, process):
    pictures(tmp_path / "data")
    (tmp_path / "data" / "00001.png").write_bytes(b"")

    for _ in range(2):
        process()
        with pytest.raises(BadData, match=r"00001.png cannot be read"):
            made(tmp_path / "data").verify(print)


def test_the_digest_is_of_bytes_labels_and_how_they_are_read(tmp_path, process):
    """And of no name: the same pictures elsewhere are the same."""
    pictures(tmp_path / "data")
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    digests = {
        "plain": made(tmp_path / "data"),
        "labelled": made(tmp_path / "data", [0, 1, 1]),
        "relabelled": made(tmp_path / "data", [0, 1, 0]),
        "resized": made(tmp_path / "data", stretch="bilinear"),
        "fewer": PictureImages(
            tmp_path, [*(tmp_path / "data").glob("*1.png")], None, classes=2, size=SIZE
        ),
    }

    assert len({images.digest for images in digests.values()}) == 5
    assert made(tmp_path / "copy").digest == digests["plain"].digest
    (tmp_path / "copy" / "00002.png").write_bytes(b"another")
    assert made(tmp_path / "copy").digest != digests["plain"].digest


def test_arrays_digest_sees_bytes_labels_and_arguments(tmp_path):
    arrays(tmp_path / "a")
    first = npy_folder(tmp_path / "a").digest

    assert npy_folder(tmp_path / "a", labelled=False).digest != first
    arrays(tmp_path / "a")
    assert npy_folder(tmp_path / "a").digest != first

    def read(path, *, part):
        return ArrayImages(pixels=np.full((1, 2, 2, 1), part, np.uint8), labels=None)

    read.__module__ = "harness.datasets.images"
    one, two = (of_files(read, tmp_path / "a" / "data.npy", part=p) for p in (1, 2))
    assert (one.pixels.max(), two.pixels.max()) == (1, 2)
    assert one.digest != two.digest


def test_pictures_that_change_during_a_run_are_an_error(tmp_path):
    """Changed or gone, whether they can still be read or not."""
    pictures(tmp_path / "data")
    images = made(tmp_path / "data")
    images.verify(print)
    picture_sets.DECODED = Kept(room=0)
    gone, other, damaged = sorted((tmp_path / "data").iterdir())
    gone.unlink()
    Image.new("RGB", (5, 6)).save(other)
    damaged.write_bytes(b"")

    with pytest.raises(BadData, match=r"00000.png cannot be looked at: No such file"):
        images.block(0, 1)
    for row in (1, 2):
        with pytest.raises(BadData, match=rf"0000{row}.png has changed since this run"):
            images.block(row, row + 1)


def test_decoded_blocks_are_kept_while_there_is_room(tmp_path, monkeypatch, opened):
    """For the next network; beyond the room they are decoded again, and never all."""
    monkeypatch.setattr(picture_sets, "BLOCK", 2)
    pictures(tmp_path / "data", n=16)
    images = made(tmp_path / "data")

    def decoded():
        del opened[:]
        for start in range(0, 16, 2):
            images.block(start, start + 2)
        return len(opened)

    images.verify(print)
    assert decoded() == 0
    monkeypatch.setattr(picture_sets, "DECODED", Kept(room=6 * 180))
    assert decoded() == 16
    assert 0 < decoded() < 16
    assert len(picture_sets.DECODED._found) == 6


def test_progress_says_how_long_it_will_take(tmp_path, monkeypatch):
    pictures(tmp_path / "data", n=4)
    monkeypatch.setattr(progress, "PATIENCE", 9.0)
    clock = iter(range(0, 10**6, 100))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    told = []

    made(tmp_path / "data").verify(told.append)

    where = tmp_path / "data"
    assert told[:3] == [
        f"reading pictures of {where}: 1 of 4, 1 a minute, 5 min left",
        f"reading pictures of {where}: 2 of 4, 1 a minute, 3 min left",
        f"reading pictures of {where}: 3 of 4, 1 a minute, 100 s left",
    ]
    assert told[3:4] == [f"digest of {where}: 1 of 4, 1 a minute, 5 min left"]


def test_a_difference_in_the_first_image_is_seen_without_the_others():
    """Images that are made when they are looked at are costly to look at."""

    class Made(ArrayImages):
        looked = 0

        def block(self, start, stop, geometry=None):
            self.looked += stop - start
            return super().block(start, stop, geometry)

    labels, pixels = np.zeros(5, dtype=np.int64), np.zeros((5, 2, 2, 1), np.uint8)
    first, last = pixels.copy(), pixels.copy()
    first[0], last[4] = 1, 1
    plain = ArrayImages(pixels=pixels, labels=labels)
    made = Made(pixels=first, labels=labels)

    assert not same_content(made, plain)
    assert made.looked == 1
    assert not same_content(Made(pixels=last, labels=labels), plain)


def test_the_same_content_is_known_in_any_kind(tmp_path):
    """By pixels and labels; images without labels or pixels have no more than names."""
    pixels = pictures(tmp_path / "data", n=3)
    labels = np.array([0, 1, 1])
    held = ArrayImages(pixels=pixels, labels=labels)
    lazy = made(tmp_path / "data", [0, 1, 1])
    unlike = pixels.copy()
    unlike[2, 5, 4, 2] ^= 1

    assert held.digest != lazy.digest
    assert same_content(held, lazy)
    for other in (
        ArrayImages(pixels=pixels, labels=labels[::-1].copy()),
        ArrayImages(pixels=pixels, labels=None),
        ArrayImages(pixels=pixels[:2], labels=labels[:2]),
        ArrayImages(pixels=unlike, labels=labels),
    ):
        assert not same_content(held, other)
    empty = np.empty((3, 0, 0, 1), np.uint8)
    one, two = (ArrayImages(pixels=empty, labels=labels, digest=d) for d in "ab")
    assert not same_content(one, two)
    assert same_content(one, one)
