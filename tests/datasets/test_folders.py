"""Folders of a user's own: arrays at any depth, pictures in folders of classes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.datasets.family import Base
from harness.datasets.folders import own_family
from harness.errors import BadData, MissingData, UnknownName
from harness.measurement import Domain
from harness.settings import OwnData, Settings

SETTINGS = Settings(cache_dir=Path("cache"), store=Path("store"))
RNG = np.random.default_rng(0)


def refuse(settings):
    raise AssertionError("the base's own images are not needed")


def base(channels=3):
    return Base(
        name="pets",
        classes=("cat", "dog"),
        size=(6, 5, channels),
        train=refuse,
        test=refuse,
        locate=lambda settings: "",
        description="",
        source="",
        licence="",
    )


def arrays(folder, n=4, labels=None, shape=(6, 5, 3)):
    folder.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, (n, *shape), dtype=np.uint8)
    np.save(folder / "data.npy", pixels)
    if labels is not None:
        np.save(folder / "labels.npy", np.array(labels))
    return pixels


def picture(path, size=(5, 6), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels, mode=mode).save(path)
    return pixels


def members(path, of=None, **facts):
    own = OwnData(path=path, **facts)
    return own_family(own, of or base()).datasets(SETTINGS)


def test_a_tree_of_arrays_is_a_dataset_a_leaf(tmp_path):
    root = tmp_path / "cams"
    north = arrays(root / "north" / "day", labels=[0, 1, 1, 0])
    arrays(root / "south")

    found = {d.name: d for d in members(root)}

    assert list(found) == ["cams/north/day", "cams/south"]
    assert (found["cams/north/day"].load().pixels == north).all()
    assert found["cams/north/day"].labels().tolist() == [0, 1, 1, 0]
    assert found["cams/north/day"].domain is Domain.EXTERIOR
    assert found["cams/south"].domain is Domain.TARGET
    assert found["cams/south"].labels() is None


def test_a_role_decides_and_a_target_keeps_its_labels_unseen(tmp_path):
    arrays(tmp_path / "x", labels=[0, 1, 1, 0])

    (target,) = members(tmp_path / "x", role="target", name="cam")
    (interior,) = members(tmp_path / "x", role="interior")

    assert (target.name, target.domain, target.labels()) == ("cam", "target", None)
    assert interior.domain is Domain.INTERIOR
    assert interior.labels() is not None


@pytest.mark.parametrize(
    ("labels", "shape", "message"),
    [
        ([0, 1, 1], (6, 5, 3), "holds 4 images but 3 labels"),
        ([0, 1, 2, 0], (6, 5, 3), r"must be in 0..1, got 0..2"),
        (None, (5, 6, 3), "must be 6x5x3, got 5x6x3"),
        (None, (6, 5), r"must have shape \(n, height, width"),
    ],
)
def test_wrong_arrays_show_before_any_work(tmp_path, labels, shape, message):
    arrays(tmp_path / "x", labels=labels, shape=shape)

    with pytest.raises(BadData, match=message):
        members(tmp_path / "x")


def test_arrays_are_not_resized_and_files_are_no_folders(tmp_path):
    arrays(tmp_path / "x", labels=None, shape=(6, 5, 3))

    with pytest.raises(BadData, match="only pictures are resized"):
        members(tmp_path / "x", resize=True)
    with pytest.raises(BadData, match=r"must name a folder, but .*npy is a file"):
        members(tmp_path / "x" / "data.npy")


def test_pictures_in_folders_of_classes(tmp_path):
    cat = picture(tmp_path / "p" / "Cat" / "1.png")
    dog = picture(tmp_path / "p" / "1" / "deep" / "2.PNG")

    (found,) = members(tmp_path / "p")

    assert found.labels().tolist() == [1, 0]  # sorted by path: "1" before "Cat"
    assert (found.load().pixels == np.stack([dog, cat])).all()
    assert members(tmp_path / "p", role="target")[0].labels() is None


def test_pictures_without_folders_are_a_target_and_grey_bases_get_grey(tmp_path):
    picture(tmp_path / "p" / "a.png")
    grey = picture(tmp_path / "g" / "a.png", mode="L")

    (target,) = members(tmp_path / "p")
    (of_grey,) = members(tmp_path / "g", of=base(channels=1))

    assert target.domain is Domain.TARGET
    assert (of_grey.load().pixels[0, ..., 0] == grey).all()


def test_pictures_of_another_size_need_a_word(tmp_path):
    picture(tmp_path / "p" / "a.png", size=(50, 60))

    with pytest.raises(BadData, match=r"must be 5x6 pixels, got 50x60; add \?resize"):
        members(tmp_path / "p")
    (found,) = members(tmp_path / "p", resize=True)
    assert found.load().pixels.shape == (1, 6, 5, 3)


def test_what_is_wrong_with_a_folder_is_named(tmp_path):
    with pytest.raises(MissingData, match=r"looked at .*nowhere; name a folder"):
        members(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadData, match=r"neither data.npy nor .png"):
        members(tmp_path / "empty")
    picture(tmp_path / "p" / "bird" / "a.png")
    with pytest.raises(
        UnknownName, match=r"class folder of .* 'bird'.*known: cat, dog"
    ):
        members(tmp_path / "p")
    picture(tmp_path / "q" / "cat" / "a.png")
    picture(tmp_path / "q" / "b.png")
    with pytest.raises(BadData, match=r"b.png lies beside folders of classes"):
        members(tmp_path / "q")
    arrays(tmp_path / "x")
    with pytest.raises(BadData, match=r"no labels.npy, which role=exterior needs"):
        members(tmp_path / "x", role="exterior")


def test_a_damaged_picture_is_named(tmp_path):
    picture(tmp_path / "p" / "a.png")
    (tmp_path / "p" / "b.png").write_bytes(b"\x89PNG and nothing more")
    (found,) = members(tmp_path / "p")

    with pytest.raises(BadData, match=r"b.png cannot be read"):
        found.load()
