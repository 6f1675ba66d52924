"""Drafts of ImageNet-A, -O and -R: which images they take, and how they are drawn."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.imagenet_drafts import (
    MOST,
    RENDERED,
    copy,
    link,
    misled,
    photographs,
    rendered,
    taken,
)
from harness.datasets.bases.imagenet_classes import WNIDS
from harness.datasets.readers.wnid_folders import Listing

FEW = WNIDS[10], WNIDS[20], WNIDS[30]


def said(*rows):
    """(n, 1000) logits, -9 but for those that are given by class."""
    logits = np.full((len(rows), 1000), -9.0)
    for row, given in zip(logits, rows, strict=True):
        row[list(given)] = list(given.values())
    return logits


def test_images_that_mislead_do_so_under_the_mask():
    """The third is right among the few, though not among all; the last is of none."""
    logits = said({10: 5}, {20: 5}, {10: 3, 999: 9}, {30: 1, 20: 0}, {10: 5})
    assert misled(logits, [10, 10, 10, 20, 500], FEW) == [1, 3]


def test_images_of_no_class_are_the_surest_of_what_they_are_not(monkeypatch):
    """One of the classes, and one of another collection, are left out."""
    monkeypatch.setattr("benchmarks.imagenet_drafts.MOST", 2)
    files = ("nips2017-dev/a", "nips2017-dev/b", "nips2017-dev/c", "natural/d")
    listing = Listing(root=None, files=(*files, "nips2017-dev/e"), labels=(1,) * 5)
    logits = said({10: 2}, {30: 5}, {20: 9, 999: 20}, {10: 99}, {20: 1})
    assert taken(logits, listing, FEW) == ([1, 2], [WNIDS[30], WNIDS[20]])
    of_few = Listing(root=None, files=listing.files, labels=(1, 30, 1, 1, 1))
    assert taken(logits, of_few, FEW)[0] == [0, 2]
    assert MOST == 200


@pytest.mark.parametrize("draw", RENDERED, ids=lambda draw: draw.__name__)
def test_a_rendition_has_the_shapes_of_its_picture(draw):
    """An edge stays where it was, and plain areas are plain."""
    pixels = np.full((40, 60, 3), 40, dtype=np.uint8)
    pixels[:, 30:] = (200, 120, 60)
    found = np.asarray(draw(Image.fromarray(pixels))).astype(int)
    assert found.shape == pixels.shape
    change = np.abs(np.diff(found.sum(axis=2), axis=1)).sum(axis=0)
    # A relief leaves the outermost pixels as they were.
    assert 26 <= 3 + change[3:-3].argmax() <= 33
    assert np.ptp(found[10:30, 2:10].reshape(-1, 3), axis=0).max() <= 2


def test_they_are_written_in_the_published_layout(tmp_path):
    """Files of a sample, copied or drawn, each in the folder of a class."""
    sample = tmp_path / "data" / "imagenet-sample"
    (sample / "nips2017-dev" / "images").mkdir(parents=True)
    (sample / "natural").mkdir()
    picture = Image.new("RGB", (50, 50), (9, 99, 9))
    picture.save(sample / "nips2017-dev" / "images" / "x1.jpg")
    picture.save(sample / "natural" / f"{WNIDS[7]}_cock.JPEG")
    table = "ImageId,TrueLabel,TargetClass\nx1,11,500\n"  # counted from 1
    (sample / "nips2017-dev" / "images.csv").write_text(table)

    listing = photographs(sample)
    assert listing.labels == (10, 7)
    copy(listing, [1], [FEW[0]], tmp_path / "a")
    name = f"{WNIDS[7]}_cock.JPEG"
    assert (tmp_path / "a" / FEW[0] / name).is_file()
    drawn = Listing(root=sample, files=(f"natural/{name}",), labels=(7,))
    rendered(drawn, tmp_path / "r")
    assert (tmp_path / "r" / "natural" / f"{WNIDS[7]}_cock.jpg").is_file()
    link(tmp_path / "data", tmp_path / "root")
    assert (tmp_path / "root" / "imagenet-sample" / "natural" / name).is_file()
