"""Lists of labelled images: found, read, and held against the training images."""

from pathlib import Path

import numpy as np
import pytest

from harness.datasets.bases.imagenet_classes import WNIDS
from harness.datasets.images import ArrayImages
from harness.datasets.label_lists import (
    PUBLISHED,
    listed_rows,
    published_lists,
    read_list,
)
from harness.datasets.made.sample import SampledImages, TakenImages
from harness.datasets.readers.picture_sets import PictureImages
from harness.errors import BadData, MissingData
from harness.settings import Settings
from tests.datasets.bases.imagenet_folders import save


def settings(root):
    return Settings(data_root=root, cache_dir=root / "cache", store=root / "store")


def written(folder, *lines, name="mine"):
    file = folder / f"{name}.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def numbered(n=6):
    pixels = np.arange(n * 4, dtype=np.uint8).reshape(n, 2, 2, 1)
    return ArrayImages(pixels=pixels, labels=np.arange(n) % 3)


@pytest.fixture
def pictures(tmp_path):
    """Five training pictures of two classes, called as ImageNet's are."""
    files = [
        save(tmp_path / "train" / wnid / f"{wnid}_{number}.JPEG", size=(8, 8))
        for wnid in WNIDS[:2]
        for number in (3, 12, 7)
    ][:5]
    return PictureImages(tmp_path, files, [0, 0, 0, 1, 1], classes=1000, size=(8, 8, 3))


@pytest.mark.parametrize(
    "folder", ["imagenet_subsets", "imagenet/imagenet_subsets", "imagenet", "."]
)
def test_published_lists_are_found_under_the_data_root(tmp_path, folder):
    file = written(tmp_path / folder, "n01440764_3.JPEG", name="1percent")

    assert published_lists("imagenet", settings(tmp_path)) == {"1percent": file}
    assert published_lists("cifar10", settings(tmp_path)) == {}


def test_a_published_list_is_as_long_as_it_was_published(tmp_path):
    """1 % of ImageNet is 12,811 images, 10 % are 128,116."""
    assert PUBLISHED == {"imagenet": {"1percent": 12_811, "10percent": 128_116}}
    whole = (f"n01440764_{number}.JPEG" for number in range(12_811))
    file = written(tmp_path, *whole, name="1percent")
    assert len(read_list(file, "imagenet")) == 12_811

    cut = written(tmp_path, "n01440764_3.JPEG", name="10percent")
    with pytest.raises(BadData, match=r"must name 128,116 images .*, got 1; fetch it"):
        read_list(cut, "imagenet")
    assert read_list(cut, "digits") == ("n01440764_3.JPEG",)  # nobody's there


def test_blank_lines_and_spaces_are_no_images(tmp_path):
    assert read_list(written(tmp_path, " 3 ", "", "1\r"), "digits") == ("3", "1")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((), r"must name an image on each line, but is empty"),
        (("a", "b", "a"), r"must name each image once, but names 'a' 2 times"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path, lines, words):
    with pytest.raises(BadData, match=words):
        read_list(written(tmp_path, *lines), "digits")


def test_a_list_that_is_not_there_or_is_no_text_is_refused(tmp_path):
    with pytest.raises(MissingData, match=r"list of labelled images not found.*away"):
        read_list(tmp_path / "away.txt", "digits")
    (tmp_path / "bits.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadData, match=r"bits.txt cannot be read.*save it anew"):
        read_list(tmp_path / "bits.txt", "digits")


def test_pictures_are_listed_by_the_names_of_their_files(pictures):
    """Published lists have neither folders nor an order."""
    first, second = WNIDS[:2]
    names = (f"{second}_3.JPEG", f"{first}_12.JPEG")

    assert listed_rows(names, pictures, Path("mine.txt")).tolist() == [1, 3]


def test_a_name_that_is_no_training_picture_is_refused(pictures, tmp_path):
    names = (f"{WNIDS[0]}_3.JPEG", "n01440764_99.JPEG", "n01440764_98.JPEG")
    with pytest.raises(
        BadData,
        match=rf"2 of 3 are none of the 5 in {tmp_path / 'train'}, the first is "
        r"'n01440764_99.JPEG'; get the training set whole",
    ):
        listed_rows(names, pictures, Path("mine.txt"))


def test_names_that_two_pictures_have_are_refused(tmp_path):
    files = [save(tmp_path / wnid / "1.JPEG", size=(8, 8)) for wnid in WNIDS[:2]]
    images = PictureImages(tmp_path, files, [0, 1], classes=1000, size=(8, 8, 3))
    with pytest.raises(BadData, match=r"must have names of their own.*2 are called 1"):
        listed_rows(("1.JPEG",), images, Path("mine.txt"))


def test_images_without_names_are_listed_by_their_numbers():
    assert listed_rows(("5", "0"), numbered(), Path("mine.txt")).tolist() == [0, 5]


@pytest.mark.parametrize("name", ["6", "-1", "1.0", "n01440764_3.JPEG", "²"])
def test_a_number_that_no_image_has_is_refused(name):
    with pytest.raises(BadData, match=r"by numbers in 0\.\.5, got"):
        listed_rows(("0", name), numbered(), Path("mine.txt"))


def test_a_number_that_is_written_two_ways_is_one_image():
    with pytest.raises(BadData, match=r"writes a number two ways"):
        listed_rows(("1", "01"), numbered(), Path("mine.txt"))


def test_taken_images_are_those_of_their_rows():
    whole = numbered()
    taken = TakenImages(whole, np.array([4, 1]))

    assert len(taken) == 2
    assert taken.labels.tolist() == [1, 1]
    assert np.array_equal(taken.pixels, whole.pixels[[4, 1]])
    assert np.array_equal(taken.take(np.array([1])), whole.pixels[[1]])
    assert np.array_equal(taken.block(0, 2), whole.pixels[[4, 1]])
    assert taken.digest != TakenImages(whole, np.array([1, 4])).digest
    assert SampledImages(whole, 6).digest == TakenImages(whole, np.arange(6)).digest
