"""Bases of a user's own: splits in a folder, or registered in one call."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.datasets.bases.digits import DIGITS
from harness.datasets.bases.shared import shared
from harness.datasets.geometry import Geometry
from harness.datasets.own_base import own_base
from harness.errors import (
    BadData,
    HarnessError,
    MissingData,
    UndefinedMetricError,
)
from harness.registry import Registry
from harness.settings import OwnBase, SaidGeometry, Settings

SETTINGS = Settings(cache_dir=Path("cache"), store=Path("store"))
RNG = np.random.default_rng(0)
NAMES = ("circle", "square", "stripes")


def pixels_of(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def pictures(folder, names=NAMES, n=2, size=(6, 6)):
    """`n` pictures in a folder of each class; (height, width)."""
    for name in names:
        (folder / name).mkdir(parents=True)
        for number in range(n):
            image = Image.fromarray(pixels_of(*size, 3))
            image.save(folder / name / f"{number}.png")


def arrays(folder, labels=(0, 1, 2, 2), shape=(6, 5, 3)):
    folder.mkdir(parents=True)
    pixels = pixels_of(len(labels), *shape)
    np.save(folder / "data.npy", pixels)
    np.save(folder / "labels.npy", np.array(labels))
    return pixels


def made(path, **facts):
    return own_base(OwnBase(path=path, **facts))


def test_a_class_folder_without_pictures_is_no_class_that_was_trained(tmp_path):
    """As for ImageFolder; where test/ alone is there, a class may have no picture."""
    pictures(tmp_path / "shapes" / "train")
    pictures(tmp_path / "shapes" / "test")
    empty = tmp_path / "shapes" / "train" / "hexagon"
    empty.mkdir()

    with pytest.raises(BadData, match=r"train/hexagon holds no picture, .*classes=F"):
        made(tmp_path / "shapes")
    empty.rmdir()
    pictures(tmp_path / "alone" / "test")
    (tmp_path / "alone" / "test" / "hexagon").mkdir()
    assert len(made(tmp_path / "alone").classes) == 4


def test_class_folders_are_numbered_as_they_were_for_training(tmp_path):
    """By train/, so a test split that lacks a class does not move the others."""
    pictures(tmp_path / "shapes" / "train")
    pictures(tmp_path / "shapes" / "test", names=("square", "stripes"))

    base = made(tmp_path / "shapes")

    assert (base.name, base.classes, base.size) == ("shapes", NAMES, (6, 6, 3))
    assert base.test(SETTINGS).labels.tolist() == [1, 1, 2, 2]
    assert base.train(SETTINGS).labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert base.test(SETTINGS) is base.test(SETTINGS)
    found = base.found(SETTINGS)
    assert (found.images, found.notes) == (4, ("no images of class circle",))


def test_arrays_say_their_size_and_classes(tmp_path):
    pixels = arrays(tmp_path / "shapes" / "test")
    arrays(tmp_path / "shapes" / "train", labels=(0, 3))

    base = made(tmp_path / "shapes", name="mine")

    assert (base.name, base.classes) == ("mine", ("0", "1", "2", "3"))
    assert base.size == (6, 5, 3)
    assert (base.test(SETTINGS).pixels == pixels).all()
    assert base.test(SETTINGS).labels.tolist() == [0, 1, 2, 2]


def test_a_file_says_the_classes(tmp_path):
    pictures(tmp_path / "shapes" / "test")
    (tmp_path / "names.txt").write_text("stripes\n# more\nsquare\ncircle\n")

    base = made(tmp_path / "shapes", classes=tmp_path / "names.txt")

    assert base.classes == ("stripes", "square", "circle")
    assert base.test(SETTINGS).labels.tolist() == [2, 2, 1, 1, 0, 0]
    (tmp_path / "names.txt").write_text("circle\ncircle\n")
    with pytest.raises(BadData, match="must each be there once, got 'circle' twice"):
        made(tmp_path / "shapes", classes=tmp_path / "names.txt")


def test_pictures_are_brought_to_the_size_that_was_said(tmp_path):
    """Stretched as ``Resize((4, 4))`` does, or at a geometry; else all have one."""
    pictures(tmp_path / "shapes" / "test", size=(8, 12))
    (first, *_) = sorted((tmp_path / "shapes" / "test" / "circle").iterdir())
    image = Image.open(first)

    as_they_are = made(tmp_path / "shapes")
    stretched = made(tmp_path / "shapes", size=4, interpolation="bicubic")
    said = SaidGeometry(resize=6, crop=4)
    cut = made(tmp_path / "shapes", geometry=said, channels=1)

    assert as_they_are.size == (8, 12, 3)
    assert stretched.size == (4, 4, 3)
    bicubic = np.asarray(image.resize((4, 4), Image.Resampling.BICUBIC))
    assert (stretched.test(SETTINGS).pixels[0] == bicubic).all()
    assert (cut.size, cut.geometry) == ((4, 4, 1), Geometry(resize=6, crop=4))
    grey = Geometry(resize=6, crop=4)(image.convert("L"))
    assert (cut.test(SETTINGS).pixels[0] == grey).all()


def test_a_picture_of_another_size_shows_before_the_run(tmp_path):
    pictures(tmp_path / "shapes" / "test", size=(6, 6))
    Image.fromarray(pixels_of(7, 7, 3)).save(
        tmp_path / "shapes" / "test" / "stripes" / "9.png"
    )

    with pytest.raises(
        BadData, match=r"9.png must be 6x6 .* base shapes, got 7x7; .* \?size=6 to"
    ):
        made(tmp_path / "shapes").verify(SETTINGS, print)


def test_broken_pictures_are_left_out_and_counted(tmp_path):
    pictures(tmp_path / "shapes" / "test")
    (tmp_path / "shapes" / "test" / "square" / "0.png").write_bytes(b"\x89PNG")

    base = made(tmp_path / "shapes", size=6, broken="skip")

    base.verify(SETTINGS, print)
    assert base.test(SETTINGS).labels.tolist() == [0, 0, 1, 2, 2]
    assert base.found(SETTINGS).notes == ("left out: 1 broken picture (square/0.png)",)


def test_the_size_is_that_of_the_first_picture_that_can_be_read(tmp_path):
    """Where nobody says it, and broken ones are to be left out."""
    pictures(tmp_path / "shapes" / "test", size=(6, 6))
    for first in ("0.png", "1.png"):
        (tmp_path / "shapes" / "test" / "circle" / first).write_bytes(b"\x89PNG")

    with pytest.raises(
        BadData, match=r"circle/0.png cannot be .*; or add \?broken=skip"
    ):
        made(tmp_path / "shapes")
    base = made(tmp_path / "shapes", broken="skip")

    assert base.size == (6, 6, 3)
    assert len(base.test(SETTINGS).labels) == 4
    for file in (tmp_path / "shapes" / "test").rglob("*.png"):
        file.write_bytes(b"\x89PNG")
    with pytest.raises(BadData, match="test holds no picture that can be read"):
        made(tmp_path / "shapes", broken="skip")


def test_what_lies_there_is_named_where_it_is_no_base(tmp_path):
    pictures(tmp_path / "val-only" / "val")
    pictures(tmp_path / "flat", names=("test",))
    (tmp_path / "file").write_text("")
    os.makedirs(tmp_path / "mixed" / "test")
    arrays(tmp_path / "mixed" / "train")

    with pytest.raises(MissingData, match=r"base not found; .*harness list bases"):
        made(tmp_path / "nowhere")
    with pytest.raises(MissingData, match=r"test split .* the folder holds val, but"):
        made(tmp_path / "val-only")
    with pytest.raises(BadData, match=r"neither data.npy nor a folder a class"):
        made(tmp_path / "flat")
    with pytest.raises(BadData, match=r"must name a folder, but .*file is a file"):
        made(tmp_path / "file")
    with pytest.raises(BadData, match=r"neither data.npy nor a folder a class"):
        made(tmp_path / "mixed")


def test_numbers_that_sort_in_two_ways_are_refused(tmp_path):
    """ImageFolder numbers folder 10 before folder 2."""
    pictures(tmp_path / "ten" / "test", names=map(str, range(11)), n=1)
    pictures(tmp_path / "nine" / "test", names=map(str, range(9)), n=1)

    assert made(tmp_path / "nine").classes == tuple("012345678")
    with pytest.raises(BadData, match=r"order 0, 1, 10, 2, \.\.\. .*\?classes=FILE"):
        made(tmp_path / "ten")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"size": 6}, r"must be 6x6, as \?size says, got 6x5; .* leave \?size out"),
        ({"channels": 3}, "arrays stay as they are; leave resize"),
        ({"broken": "skip"}, "only pictures are resized or broken"),
    ],
)
def test_arrays_stay_as_they_are(tmp_path, facts, message):
    arrays(tmp_path / "shapes" / "test")

    with pytest.raises(BadData, match=message):
        made(tmp_path / "shapes", **facts).test(SETTINGS)


def test_splits_are_one_dataset_with_one_class_an_image(tmp_path):
    arrays(tmp_path / "sets" / "test", labels=[[True, False], [True, True]])
    arrays(tmp_path / "sizes" / "test")
    arrays(tmp_path / "sizes" / "train", shape=(5, 5, 3))
    arrays(tmp_path / "deep" / "test")
    arrays(tmp_path / "deep" / "test" / "day")
    pictures(tmp_path / "named" / "test")
    (tmp_path / "named" / "test" / "labels.json").write_text("{}")

    with pytest.raises(BadData, match="must be one whole number an image"):
        made(tmp_path / "sets")
    with pytest.raises(BadData, match="one size, got 6x5x3 in test and 5x5x3 in train"):
        made(tmp_path / "sizes")
    with pytest.raises(BadData, match=r"must hold data.npy itself, but holds test"):
        made(tmp_path / "deep").test(SETTINGS)
    with pytest.raises(BadData, match="must have every picture once"):
        made(tmp_path / "named").test(SETTINGS)


def test_without_a_training_split_who_needs_it_is_told(tmp_path):
    pictures(tmp_path / "shapes" / "test")

    with pytest.raises(
        UndefinedMetricError, match=r"base shapes has no training split"
    ):
        made(tmp_path / "shapes").train(SETTINGS)


# --- registered -----------------------------------------------------------------------


def test_one_call_registers_a_base_with_its_families(tmp_path):
    """From folders or functions, with the size of the folder's images."""
    pixels = arrays(tmp_path / "test")
    registry = Registry()

    registry.add_base("mine", NAMES, train=None, test=tmp_path / "test")
    registry.add_base(
        "made", NAMES, lambda: (pixels, [0, 1, 2, 0]), str(tmp_path / "test"), size=6
    )

    base = registry.bases["mine"]
    assert (base.classes, base.size) == (NAMES, (6, 5, 3))
    assert (base.test(SETTINGS).pixels == pixels).all()
    families = registry.families_of("mine")
    assert set(families) == {family.name for family in shared(DIGITS)}
    (test,) = families["test"].datasets(SETTINGS)
    assert test.labels().tolist() == [0, 1, 2, 2]


def test_functions_give_images_and_labels(tmp_path):
    pixels = pixels_of(3, 4, 4, 1)
    registry = Registry()

    registry.add_base(
        "made",
        NAMES,
        train=lambda: (pixels[:1], np.array([2])),
        test=lambda: (pixels, np.arange(3)),
        size=(4, 4, 1),
    )

    base = registry.bases["made"]
    assert base.test(SETTINGS).labels.tolist() == [0, 1, 2]
    assert base.train(SETTINGS).labels.tolist() == [2]
    assert base.found(SETTINGS) is None
    base.verify(SETTINGS, print)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({}, r"must be given `size`, \(height, width, channels\), since"),
        ({"size": (4, 4)}, r"must be \(height, width, 1 or 3\).*got \(4, 4\)"),
        ({"size": 4, "classes": "ab"}, "must be different names .*got 'ab'"),
        ({"size": 4, "classes": ("a", "a")}, "must be different names"),
        ({"size": 4, "name": "digits"}, "base digits is registered twice"),
    ],
)
def test_what_cannot_be_a_base_is_refused(facts, message):
    known = {"name": "made", "classes": NAMES, "train": None, "test": list}

    with pytest.raises(HarnessError, match=message):
        Registry().add_base(**{**known, **facts})
