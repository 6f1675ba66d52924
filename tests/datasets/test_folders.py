"""Folders of a user's own: arrays at any depth, pictures in folders of classes."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.datasets.dataset import Found
from harness.datasets.family import Base
from harness.datasets.folders import own_family
from harness.datasets.geometry import Geometry
from harness.errors import BadData, HarnessError, MissingData, UnknownName
from harness.measurement import Domain
from harness.settings import OwnData, SaidGeometry, Settings

SETTINGS = Settings(cache_dir=Path("cache"), store=Path("store"))
RNG = np.random.default_rng(0)


def refuse(settings):
    raise AssertionError("the base's own images are not needed")


def base(channels=3, geometry=None):
    side = geometry and geometry.crop
    return Base(
        name="pets",
        classes=("cat", "dog"),
        size=(side, side, channels) if geometry else (6, 5, channels),
        geometry=geometry,
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
        (
            [0, 1, 2, 0],
            (6, 5, 3),
            r"must be in 0..1, got 0..2; .* classes of base pets: .*--harness-base",
        ),
        (
            None,
            (5, 6, 3),
            "must be 6x5x3 as those of base pets, got 5x6x3; .*--harness-base",
        ),
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

    (found,) = members(tmp_path / "p")
    with pytest.raises(
        BadData,
        match=r"must be 5x6 pixels as those of base pets, got 50x60; add \?resize=yes "
        r".* or choose the base .* with --harness-base",
    ):
        found.verify(print)
    (found,) = members(tmp_path / "p", resize=True)
    assert found.load().pixels.shape == (1, 6, 5, 3)


SQUARE = replace(base(), size=(6, 6, 3))


def test_a_folder_says_how_its_pictures_are_brought_to_the_size(tmp_path):
    """Stretched, or by the shorter side and cut; by an interpolation that is said."""
    pixels = picture(tmp_path / "p" / "a.png", size=(30, 20))
    asked = SaidGeometry(resize=8, crop=6, interpolation="bicubic")

    (cut,) = members(tmp_path / "p", of=SQUARE, geometry=asked)
    (stretched,) = members(
        tmp_path / "p", of=SQUARE, resize=True, interpolation="nearest"
    )

    image = Image.fromarray(pixels)
    as_asked = Geometry(resize=8, crop=6, interpolation="bicubic")
    assert (cut.load().pixels[0] == as_asked(image)).all()
    nearest = np.asarray(image.resize((6, 6), Image.Resampling.NEAREST))
    assert (stretched.load().pixels[0] == nearest).all()
    with pytest.raises(BadData, match=r"must give the size of base pets, 6x6, got 5"):
        members(tmp_path / "p", of=SQUARE, geometry=replace(asked, crop=5))
    with pytest.raises(BadData, match=r"interpolation of .* add resize=yes, or"):
        members(tmp_path / "p", interpolation="bicubic")


def test_a_base_that_stretches_its_pictures_stretches_all(tmp_path):
    pixels = picture(tmp_path / "p" / "a.png", size=(30, 20))

    (found,) = members(tmp_path / "p", of=replace(SQUARE, stretch="bicubic"))

    bicubic = Image.fromarray(pixels).resize((6, 6), Image.Resampling.BICUBIC)
    assert (found.load().pixels[0] == np.asarray(bicubic)).all()


def test_broken_pictures_are_left_out_where_that_was_said(tmp_path):
    """Named and counted; labels stay with their pictures; others are still refused."""
    for number in range(6):
        picture(tmp_path / "p" / ("cat", "dog")[number % 2] / f"{number}.png")
    whole = (tmp_path / "p" / "cat" / "2.png").read_bytes()
    (tmp_path / "p" / "cat" / "2.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "p" / "dog" / "3.png").write_bytes(b"")

    (found,) = members(tmp_path / "p", broken="skip")

    assert found.labels().tolist() == [0, 0, 1, 1]
    assert found.names == ("cat/0.png", "cat/4.png", "dog/1.png", "dog/5.png")
    assert found.found == Found(
        images=4, notes=("left out: 2 broken pictures (cat/2.png, dog/3.png)",)
    )
    found.verify(print)
    (refused,) = members(tmp_path / "p")
    with pytest.raises(BadData, match=r"cat/2.png cannot be read: .*; 1 other picture"):
        refused.verify(print)
    picture(tmp_path / "p" / "cat" / "6.png", size=(50, 60))
    with pytest.raises(BadData, match=r"6.png must be 5x6 pixels"):
        members(tmp_path / "p", broken="skip")


def test_a_folder_of_broken_pictures_alone_is_refused(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.png").write_bytes(b"")
    arrays(tmp_path / "x")

    with pytest.raises(BadData, match=r"none of the 1 pictures of .* can be read"):
        members(tmp_path / "p", broken="skip")
    with pytest.raises(BadData, match=r"only pictures are resized or broken"):
        members(tmp_path / "x", broken="skip")


ANY_SIZE = base(geometry=Geometry(resize=8, crop=7))


def test_pictures_of_any_size_are_brought_to_what_a_network_asks_for(tmp_path):
    """To the base's geometry for one that asks for none."""
    found = [
        picture(tmp_path / "p" / "cat" / "1.png", size=(20, 30)),
        picture(tmp_path / "p" / "dog" / "1.png", size=(9, 8)),
    ]
    (dataset,) = members(tmp_path / "p", of=ANY_SIZE)
    dataset.verify(print)

    for asked in (None, Geometry(resize=12, crop=4, interpolation="bicubic")):
        brought = asked or ANY_SIZE.geometry
        expected = [brought(Image.fromarray(pixels)) for pixels in found]
        (block,) = dataset.blocks(geometry=asked)
        assert (block.permute(0, 2, 3, 1).numpy() == np.stack(expected)).all()


def test_of_cropped_pictures_the_crop_alone_is_taken(tmp_path):
    """As ImageNet-C publishes its own; the digest says so."""
    pixels = picture(tmp_path / "p" / "1.png", size=(9, 9))
    (plain,) = members(tmp_path / "p", of=ANY_SIZE)
    (cropped,) = members(tmp_path / "p", of=ANY_SIZE, cropped=True)

    assert (cropped.load().pixels[0] == pixels[1:8, 1:8]).all()
    assert (plain.load().pixels != cropped.load().pixels).any()
    assert plain.fingerprint() != cropped.fingerprint()
    picture(tmp_path / "p" / "2.png", size=(6, 9))
    (small,) = members(tmp_path / "p", of=ANY_SIZE, cropped=True)
    with pytest.raises(BadData, match=r"2.png does not fit: .* least 7x7 .*6x9"):
        small.verify(print)


def test_facts_that_would_change_nothing_are_refused(tmp_path):
    picture(tmp_path / "p" / "1.png")
    arrays(tmp_path / "x", shape=(7, 7, 3))

    with pytest.raises(BadData, match=r"may have any size and .*; leave \?resize out"):
        members(tmp_path / "p", of=ANY_SIZE, resize=True)
    with pytest.raises(BadData, match=r"but base pets has one size; leave it out"):
        members(tmp_path / "p", cropped=True)
    with pytest.raises(BadData, match=r"but these are arrays; leave it out"):
        members(tmp_path / "x", of=ANY_SIZE, cropped=True)


def test_a_base_has_the_size_of_its_geometry():
    with pytest.raises(HarnessError, match=r"pets must have .* 7x7, got 6x5"):
        replace(base(), geometry=ANY_SIZE.geometry)


def test_paths_that_cannot_be_are_named(tmp_path):
    with pytest.raises(BadData, match=r"cannot be looked at: File name too long"):
        members(tmp_path / ("a" * 300))


def test_what_is_wrong_with_a_folder_is_named(tmp_path):
    with pytest.raises(MissingData, match=r"looked at .*nowhere; name a folder"):
        members(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadData, match=r"neither data.npy nor pictures"):
        members(tmp_path / "empty")
    picture(tmp_path / "p" / "bird" / "a.png")
    with pytest.raises(
        UnknownName,
        match=r"class folder of .* 'bird'.*known: cat, dog; folders are called as "
        r"the classes of the base, which --harness-base chooses; .*, add \?role=target "
        "to their path in --harness-data",
    ):
        members(tmp_path / "p")
    picture(tmp_path / "q" / "cat" / "a.png")
    picture(tmp_path / "q" / "b.png")
    with pytest.raises(BadData, match=r"b.png lies beside .* in --harness-data to "):
        members(tmp_path / "q")
    arrays(tmp_path / "x")
    with pytest.raises(BadData, match=r"no labels.npy, which role=exterior needs"):
        members(tmp_path / "x", role="exterior")


def test_damaged_pictures_are_named_together(tmp_path, monkeypatch):
    """And how far the reading has come is told."""
    monkeypatch.setattr("harness.progress.PATIENCE", -1)
    picture(tmp_path / "p" / "a.png")
    for name in ("b", "c", "d"):
        (tmp_path / "p" / f"{name}.png").write_bytes(b"\x89PNG and nothing more")
    (found,) = members(tmp_path / "p")
    told = []

    with pytest.raises(
        BadData,
        match=r"b.png cannot be .*; 2 other .* are refused, the last: .*d.png cannot",
    ):
        found.verify(told.append)
    assert told[0].startswith(f"reading pictures of {tmp_path / 'p'}: 1 of 4, ")
    assert told[0].endswith(" a second, 0 s left")


def test_broken_pictures_are_told_how_to_leave_them_out(tmp_path):
    """All of them; not beside one that cannot be left out."""
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.png").write_bytes(b"\x89PNG and nothing more")
    with pytest.raises(BadData, match=r"a.png .*; 2 other .*c.png .*\?broken=skip to"):
        members(tmp_path, role="target")[0].verify(print)

    picture(tmp_path / "d.png", size=(9, 9))
    with pytest.raises(BadData, match=r"a.png .*; 3 other .*d.png must be") as refused:
        members(tmp_path, role="target")[0].verify(print)
    assert "broken=skip" not in str(refused.value)


def test_two_damaged_pictures_are_named_together(tmp_path):
    for name in ("b", "c"):
        (tmp_path / f"{name}.png").write_bytes(b"\x89PNG and nothing more")
    picture(tmp_path / "a.png")
    (found,) = members(tmp_path, role="target")

    with pytest.raises(
        BadData, match=r"b.png cannot be .*; 1 other picture of .* is refused: .*c.png"
    ):
        found.verify(print)


# --- links, hidden copies, what is passed over ---------------------------------------


def notes(path, **facts):
    return [note for one in members(path, **facts) for note in one.found.notes]


def test_links_to_folders_and_files_are_followed(tmp_path):
    """Classes that are links count as classes; so do linked files and datasets."""
    picture(tmp_path / "real" / "dog" / "1.png")
    picture(tmp_path / "p" / "cat" / "1.png")
    (tmp_path / "p" / "dog").symlink_to("../real/dog")
    (tmp_path / "p" / "cat" / "2.png").symlink_to(tmp_path / "real" / "dog" / "1.png")
    arrays(tmp_path / "far" / "day")
    (tmp_path / "cams").mkdir()
    (tmp_path / "cams" / "day").symlink_to(tmp_path / "far" / "day")

    with pytest.raises(BadData, match=r"cat.2.png links to what .*dog.1.png is"):
        members(tmp_path / "p")
    (tmp_path / "p" / "cat" / "2.png").unlink()
    (found,) = members(tmp_path / "p")
    (day,) = members(tmp_path / "cams")

    assert found.labels().tolist() == [0, 1]
    assert (day.name, day.found.images) == ("cams/day", 4)


def test_loops_end_and_nothing_is_measured_twice(tmp_path):
    """A link back, a second link, a link to a file that is there: counted by name."""
    root = tmp_path / "p"
    picture(root / "cat" / "1.png")
    picture(root / "dog" / "1.png")
    (root / "cat" / "up").symlink_to("..")
    (root / "dog" / "far").symlink_to(tmp_path)
    (root / "0").symlink_to("cat")
    (root / "cat" / "latest.png").symlink_to("1.png")

    (found,) = members(root)

    assert found.found.images == len(found.load().pixels) == 2
    assert found.found.notes == (
        "passed over: 4 linked a second time (0, cat/latest.png, cat/up, ...)",
    )


def test_datasets_may_share_labels_by_links(tmp_path):
    """Each has them; the same images with other labels are a dataset, else a copy."""
    root = tmp_path / "c"
    arrays(root / "fog", labels=[0, 1, 1, 0])
    arrays(root / "snow")
    for name, target in (
        ("snow/labels.npy", "../fog/labels.npy"),
        ("again/data.npy", "../fog/data.npy"),
        ("again/labels.npy", "../fog/labels.npy"),
        ("relabelled/data.npy", "../fog/data.npy"),
    ):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(target)
    np.save(root / "relabelled" / "labels.npy", np.array([1, 1, 0, 0]))

    found = {one.name: one for one in members(root)}

    assert {name: one.labels().tolist() for name, one in found.items()} == {
        "c/fog": [0, 1, 1, 0],
        "c/relabelled": [1, 1, 0, 0],
        "c/snow": [0, 1, 1, 0],
    }
    assert notes(root) == ["passed over: 1 linked a second time (again/data.npy)"]


def test_links_name_what_lies_under_other_names(tmp_path):
    """A pool of files without suffixes, and classes that link into it."""
    root = tmp_path / "p"
    for name in ("cat", "dog"):
        picture(root / name / "1.png")
        (root / name / "1.png").rename(root / name / "blob")
        (root / name / "1.png").symlink_to("blob")
    (tmp_path / "x").mkdir()
    arrays(tmp_path / "x")
    (tmp_path / "x" / "data.npy").rename(tmp_path / "x" / "images.npy")
    (tmp_path / "x" / "data.npy").symlink_to("images.npy")

    assert members(root)[0].labels().tolist() == [0, 1]
    assert members(tmp_path / "x")[0].found.images == 4


def test_names_that_no_report_can_hold_are_shown_in_part(tmp_path):
    picture(tmp_path / "p" / "a.png")
    for name in (b"\xff\x1b[31m.txt", b"b.\xff"):
        Path(os.fsdecode(os.fsencode(tmp_path / "p") + b"/" + name)).touch()

    arrays(tmp_path / "x")
    strange = os.fsdecode(os.fsencode(tmp_path / "x") + b"/\xff\x1b")
    arrays(Path(strange))
    assert [one.name for one in members(tmp_path / "x")] == ["x", "x/xffx1b"]
    assert notes(tmp_path / "p") == [
        "passed over: 1 .\ufffd (b.\ufffd), 1 .txt (\ufffd\ufffd[31m.txt)"
    ]


def test_links_that_lead_nowhere_are_refused(tmp_path):
    picture(tmp_path / "p" / "cat" / "1.png")
    (tmp_path / "p" / "dog").symlink_to("../gone")

    with pytest.raises(BadData, match=r"link .*dog cannot be followed: No such file"):
        members(tmp_path / "p")


def test_folders_that_cannot_be_read_are_refused(tmp_path, monkeypatch):
    """Not passed over: gates would pass on the rest."""
    picture(tmp_path / "p" / "cat" / "1.png")
    picture(tmp_path / "p" / "dog" / "1.png")
    scandir = os.scandir

    def locked(folder):
        if Path(folder).name == "dog":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", locked)

    with pytest.raises(BadData, match=r"folder .*dog cannot be read: Permission den"):
        members(tmp_path / "p")


def test_hidden_copies_are_left_out_and_counted(tmp_path):
    """What systems leave behind is no picture, no class and no dataset."""
    root = tmp_path / "p"
    picture(root / "cat" / "1.png")
    picture(root / "dog" / "1.png")
    picture(root / ".ipynb_checkpoints" / "1-checkpoint.png")
    picture(root / "cat" / "@eaDir" / "1.png")
    picture(root / "__MACOSX" / "cat" / "1.png")
    arrays(root / ".trash")
    (root / "cat" / "._1.png").write_bytes(b"\0\5\x16\7")
    (root / "dog" / "Thumbs.db").write_bytes(b"")

    (found,) = members(root)

    assert found.found == Found(
        images=2,
        notes=("passed over: 6 hidden (.ipynb_checkpoints, .trash, __MACOSX, ...)",),
    )
    assert found.load().labels.tolist() == [0, 1]


def test_other_files_are_counted_by_kind(tmp_path):
    root = tmp_path / "p"
    picture(root / "cat" / "1.png")
    picture(root / "dog" / "1.png")
    for name in ("notes.txt", "a.CSV", "README"):
        (root / name).write_text("")

    assert notes(root) == [
        "passed over: 1 without a suffix (README), 1 .csv (a.CSV), 1 .txt (notes.txt)"
    ]


@pytest.mark.parametrize("suffix", ["webp", "bmp", "TIF", "gif", "jfif", "jpe", "ppm"])
def test_pictures_of_other_kinds_are_read(tmp_path, suffix):
    picture(tmp_path / "p" / "cat" / "1.png")
    picture(tmp_path / "p" / "dog" / f"1.{suffix}")

    (found,) = members(tmp_path / "p")

    assert found.load().labels.tolist() == [0, 1]


def test_pictures_that_nobody_here_can_read_are_refused(tmp_path):
    picture(tmp_path / "p" / "cat" / "1.png")
    (tmp_path / "p" / "cat" / "2.HEIC").write_bytes(b"")

    with pytest.raises(BadData, match=r"2.HEIC is of a kind that is not read; save it"):
        members(tmp_path / "p")


def test_a_stray_array_does_not_hide_pictures(tmp_path):
    picture(tmp_path / "p" / "cat" / "1.png")
    arrays(tmp_path / "p" / "dog")

    with pytest.raises(BadData, match=r"both arrays \(.*data.npy\) and 1 picture "):
        members(tmp_path / "p")


def test_labels_by_nearly_their_name_are_refused(tmp_path):
    """They would not be read, and the folder taken for unlabelled."""
    arrays(tmp_path / "x")
    np.save(tmp_path / "x" / "label.npy", np.zeros(4, dtype=int))

    with pytest.raises(BadData, match=r"label.npy must be called labels.npy to be"):
        members(tmp_path / "x")
    assert notes(tmp_path / "x", role="target") == ["passed over: 1 .npy (label.npy)"]
    np.save(tmp_path / "x" / "deep.npy", np.zeros(4, dtype=int))
    (tmp_path / "x" / "more").mkdir()
    np.save(tmp_path / "x" / "more" / "labels.npy", np.zeros(4, dtype=int))
    with pytest.raises(BadData, match=r"more.labels.npy lies beside no data.npy"):
        members(tmp_path / "x")


def test_what_is_passed_over_belongs_to_the_nearest_dataset(tmp_path):
    root = tmp_path / "cams"
    arrays(root / "a", labels=[0, 1, 1, 0])
    arrays(root / "b", labels=[0, 0, 0, 0])
    (root / "b" / "notes.txt").write_text("")
    (root / "index.csv").write_text("")

    found = {one.name: one.found for one in members(root)}

    assert found == {
        "cams/a": Found(images=4, notes=("passed over: 1 .csv (index.csv)",)),
        "cams/b": Found(
            images=4,
            notes=("no images of class dog", "passed over: 1 .txt (b/notes.txt)"),
        ),
    }


def test_classes_without_pictures_are_named(tmp_path):
    picture(tmp_path / "p" / "cat" / "1.png")
    (tmp_path / "p" / "dog").mkdir()

    assert notes(tmp_path / "p") == ["no images of class dog"]
