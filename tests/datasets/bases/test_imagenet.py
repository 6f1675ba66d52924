"""Base ImageNet-1k: classes in order, and validation pictures in several layouts."""

import json

import numpy as np
import pytest

from harness.datasets.bases.imagenet import IMAGENET
from harness.datasets.bases.imagenet_classes import NAMES, SETS, WNIDS
from harness.errors import BadData, MissingData
from harness.measurement import Domain
from harness.registry import Registry
from harness.settings import Settings
from tests.datasets.bases.imagenet_folders import (
    NUMBERS,
    name_of,
    save,
    save_devkit,
    save_flat,
    save_kaggle,
    save_list,
    save_validation,
)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "data" / "imagenet"


@pytest.fixture
def settings(root, tmp_path):
    root.mkdir(parents=True)
    return Settings(
        base="imagenet",
        data_root=root.parent,
        cache_dir=tmp_path / "cache",
        store=tmp_path / "store",
    )


def members(family, settings):
    return Registry().families_of("imagenet")[family].datasets(settings)


def test_classes_are_in_the_order_of_outputs():
    """Sorted, each once, and at places that everybody knows."""
    assert len(WNIDS) == len(set(WNIDS)) == len(set(NAMES)) == 1000
    assert list(WNIDS) == sorted(WNIDS)
    for index, wnid, name in (
        (0, "n01440764", "tench"),
        (1, "n01443537", "goldfish"),
        (207, "n02099601", "golden retriever"),
        (999, "n15075141", "toilet tissue"),
    ):
        assert (WNIDS[index], NAMES[index]) == (wnid, name)
    assert IMAGENET.classes == WNIDS


def test_sets_of_200_classes():
    """Each ascending; overlaps as the published lists have them."""
    a, o, r = (set(SETS[letter]) for letter in "aor")
    assert [len(SETS[letter]) for letter in "aor"] == [200, 200, 200]
    assert (len(a & r), len(a & o), len(r & o)) == (86, 59, 36)
    for letter in "aor":
        assert list(SETS[letter]) == sorted(SETS[letter])


def test_names_are_torchvision_s():
    from torchvision.models import SqueezeNet1_1_Weights

    assert tuple(SqueezeNet1_1_Weights.DEFAULT.meta["categories"]) == NAMES


@pytest.mark.real
def test_classes_are_those_of_the_published_lists(data_root):
    """Whose first line is no class: line i would be off by one."""
    folder = data_root / "published-results"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    lines = (folder / "imagenet1k_wnids.txt").read_text().split("\n")
    assert lines[0].startswith("#")
    assert tuple(lines[1:1001]) == WNIDS
    for letter in "aor":
        rows = (folder / f"imagenet_{letter}_wnids_indices.txt").read_text()
        found = [line.split() for line in rows.splitlines() if line[:1] != "#"]
        assert [wnid for wnid, _ in found] == list(SETS[letter])
        assert all(WNIDS[int(index)] == wnid for wnid, index in found)


def check(settings):
    """The pictures and labels of `NUMBERS`, in the order of classes."""
    images = IMAGENET.test(settings)
    assert images.labels.tolist() == sorted(NUMBERS.values())
    pixels = images.block(0, len(images))
    assert pixels.shape == (4, 224, 224, 3)
    assert len({one.tobytes() for one in pixels}) == 4
    return images


def test_one_folder_a_class(root, settings):
    save_validation(root / "val")
    save(root / "val" / WNIDS[0] / "._1.JPEG")  # left by a system
    (root / "val" / WNIDS[0] / "notes.txt").write_text("")

    check(settings)
    assert IMAGENET.locate(settings) == str(root / "val")


@pytest.mark.parametrize("where", ["val", "validation", "ILSVRC2012_img_val"])
def test_one_folder_with_the_devkit_s_labels(root, settings, where):
    """Their order is another: label 1 is not class 0."""
    save_flat(root / where)
    save_devkit(root / "ILSVRC2012_devkit_t12" / "data")

    check(settings)


def test_kaggle_s_archive(root, settings):
    save_flat(root.parent / "ILSVRC" / "Data" / "CLS-LOC" / "val")
    save_kaggle(root.parent / "LOC_val_solution.csv")

    check(settings)


def test_a_list_of_identifiers(root, settings):
    save_flat(root / "val")
    save_list(root / "imagenet_2012_validation_synset_labels.txt")

    check(settings)


def test_a_list_with_a_header_is_refused(root, settings):
    """Every label would be the next image's."""
    save_flat(root / "val")
    save_list(root / "synset_labels.txt", header=True)

    with pytest.raises(BadData, match=r"50,000 images and no other line, got 50,001"):
        IMAGENET.test(settings)


def test_the_devkit_s_numbers_alone_are_refused(root, settings):
    save_flat(root / "val")
    data = root / "ILSVRC2012_devkit_t12" / "data"
    save_devkit(data)
    (data / "meta.mat").unlink()

    with pytest.raises(BadData, match=r"in the devkit's own order.*unpack .* whole"):
        IMAGENET.test(settings)


def test_pictures_whose_names_begin_with_their_class(root, settings):
    for label in (999, 0):
        save(root / "val" / f"{WNIDS[label]}_some_name.JPEG")

    assert IMAGENET.test(settings).labels.tolist() == [0, 999]


def test_what_says_no_class_is_refused(root, settings):
    save_flat(root / "val")
    with pytest.raises(MissingData, match=r"labels of the pictures in .*val"):
        IMAGENET.test(settings)
    save_list(root / "synset_labels.txt")
    save(root / "val" / "cat.png")
    with pytest.raises(BadData, match=r"one folder a class, or be called.*cat.png"):
        IMAGENET.test(settings)
    (root / "val" / "cat.png").rename(root / "val" / name_of(50_001))
    with pytest.raises(BadData, match=r"numbers in 1\.\.50000, got .*50001"):
        IMAGENET.test(settings)


def test_a_folder_of_no_class_is_refused(root, settings):
    save_validation(root / "val")
    save(root / "val" / "n99999999" / "1.JPEG")

    with pytest.raises(BadData, match=r"one of the 1000 identifiers.*n99999999"):
        IMAGENET.test(settings)


def test_what_is_not_here_is_named(settings):
    with pytest.raises(MissingData, match=r"base imagenet .*image-net.org") as caught:
        IMAGENET.locate(settings)
    assert any(str(place).endswith("imagenet/val") for place in caught.value.looked_at)


def test_a_subset_is_called_one(root, settings):
    save_validation(root / "val")

    (test,) = members("test", settings)

    assert test.found.images == 4
    assert test.found.notes[0].startswith("a subset: 4 of 50,000 published images")
    assert "n01443537 (goldfish)" in test.found.notes[1]
    assert test.traits == {"split": "test"}


def test_reassessed_labels_are_found_by_number(root, settings):
    """Not by the order of folders; images without a label are left out."""
    save_validation(root / "val")
    rows = [[] for _ in range(50_000)]
    rows[0], rows[2], rows[39_999] = [5, 6], [8], [0, 999]  # numbers 1, 3, 40,000
    (root / "real.json").write_text(json.dumps(rows))

    (real,) = members("imagenet-real", settings)
    truth = real.truth(1000)

    assert real.domain is Domain.EXTERIOR
    assert truth.counted.tolist() == [True, True, False, True]  # classes 0, 7, 207, 999
    assert truth.right(np.array([6, 8, 207, 0])).tolist() == [True, True, False, True]
    (test,) = members("test", settings)
    assert real.load().digest == test.load().digest  # and other truth
    assert real.fingerprint() != test.fingerprint()


def test_reassessed_labels_need_numbers(root, settings):
    save(root / "val" / WNIDS[3] / "fish.JPEG")
    (root / "real.json").write_text(json.dumps([[]] * 50_000))
    (real,) = members("imagenet-real", settings)
    with pytest.raises(BadData, match=r"ILSVRC2012_val_NUMBER.*got fish.JPEG"):
        real.truth(1000)
    (root / "real.json").write_text(json.dumps([[]] * 49_999))
    with pytest.raises(BadData, match=r"a list of labels for each of 50,000"):
        real.truth(1000)


def test_a_run_sees_what_another_changed(root, settings, tmp_path):
    """Within a run it is an error; the next one looks at the disk anew."""
    save_validation(root / "val")
    before = IMAGENET.test(settings).digest
    save(root / "val" / WNIDS[5] / name_of(9))

    assert len(IMAGENET.test(settings)) == 4
    later = Settings(
        base="imagenet",
        data_root=root.parent,
        cache_dir=tmp_path / "cache",
        store=tmp_path / "store",
    )
    assert len(IMAGENET.test(later)) == 5
    assert IMAGENET.test(later).digest != before
