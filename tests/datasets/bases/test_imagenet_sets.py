"""Published test sets of ImageNet classifiers: small folders in their layouts."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from harness.datasets.bases.imagenet_classes import SETS, WNIDS
from harness.datasets.geometry import Geometry
from harness.datasets.made.corruptions.catalogue import EXTRA, STANDARD
from harness.datasets.readers import later
from harness.errors import BadData, MissingData
from harness.measurement import Domain
from harness.registry import Registry
from harness.settings import Settings
from tests.datasets.bases.imagenet_folders import name_of, save

USUAL = Geometry(resize=256, crop=224)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def settings(root, tmp_path):
    return Settings(
        base="imagenet",
        data_root=root,
        cache_dir=tmp_path / "cache",
        store=tmp_path / "store",
    )


def members(family, settings):
    return Registry().families_of("imagenet")[family].datasets(settings)


@pytest.mark.parametrize(
    ("family", "folder", "variant"),
    [
        ("imagenet-v2", "imagenetv2-matched-frequency-format-val", "matched-frequency"),
        (
            "imagenet-v2-threshold-0.7",
            "imagenetv2-threshold0.7-format-val",
            "threshold-0.7",
        ),
        ("imagenet-v2-top-images", "imagenetv2-top-images", "top-images"),
    ],
)
def test_folders_of_numbers_are_in_the_order_of_numbers(
    root, settings, family, folder, variant
):
    """By their letters "10" would be class 1: right for 12 of 1000 classes."""
    for label in (0, 2, 10, 999):
        save(root / folder / str(label) / "a.jpeg")

    (dataset,) = members(family, settings)

    assert dataset.load().labels.tolist() == [0, 2, 10, 999]
    assert dataset.traits == {"source": "imagenet-v2", "split": variant}
    assert "4 of 10,000" in dataset.found.notes[0]


def test_numbers_from_1_or_twice_are_refused(root, settings):
    folder = root / "imagenetv2-matched-frequency"
    save(folder / "1000" / "a.jpeg")
    with pytest.raises(BadData, match=r"a number in 0\.\.999, got .*1000"):
        members("imagenet-v2", settings)
    (folder / "1000").rename(folder / "7")
    save(folder / "007" / "a.jpeg")
    with pytest.raises(BadData, match=r"007 and .*7 are the same"):
        members("imagenet-v2", settings)


def test_sketches_are_50889(root, settings):
    """889 more than their page says."""
    save(root / "sketch" / WNIDS[4] / "sketch_1.JPEG")

    (dataset,) = members("imagenet-sketch", settings)

    assert dataset.load().labels.tolist() == [4]
    assert "1 of 50,889 published" in dataset.found.notes[0]


@pytest.mark.parametrize("letter", ["a", "r"])
def test_200_classes_are_the_answers(root, settings, letter):
    """Logits of others are left out before the largest is looked for."""
    chosen = SETS[letter]
    first, last = WNIDS.index(chosen[0]), WNIDS.index(chosen[-1])
    for wnid in (chosen[-1], chosen[0]):
        save(root / f"imagenet-{letter}" / wnid / "a.jpg")

    (dataset,) = members(f"imagenet-{letter}", settings)
    truth = dataset.truth(1000)

    # ImageFolder would say 0 and 1, the numbers of tench and goldfish.
    assert dataset.labels().tolist() == [first, last]
    assert len(dataset.classes) == 200
    logits = np.zeros((2, 1000))
    outside = next(i for i, wnid in enumerate(WNIDS) if wnid not in chosen)
    logits[:, outside] = 9
    logits[0, first] = logits[1, last] = 5
    assert truth.right(logits).tolist() == [True, True]  # masked
    assert truth.right(logits.argmax(axis=1)).tolist() == [False, False]  # full
    assert truth.chance() == pytest.approx(1 / 200)


def test_other_classes_are_refused(root, settings):
    strange = next(wnid for wnid in WNIDS if wnid not in SETS["a"])
    save(root / "imagenet-a" / strange / "a.jpg")

    with pytest.raises(BadData, match=rf"200 classes of imagenet-a .* has {strange}"):
        members("imagenet-a", settings)


def test_pictures_of_no_class_have_no_labels(root, settings):
    """Whatever their folders are called."""
    save(root / "imagenet-o" / SETS["o"][3] / "a.jpg")

    (dataset,) = members("imagenet-o", settings)

    assert (dataset.domain, dataset.labelled) == (Domain.TARGET, False)
    assert dataset.labels() is None
    assert dataset.truth(1000) is None
    assert len(dataset.classes) == 200


@pytest.mark.parametrize("letter", ["a", "o", "r"])
def test_the_clean_partner_has_the_same_mask(root, settings, letter):
    kept = WNIDS.index(SETS[letter][1])
    left_out = next(i for i, wnid in enumerate(WNIDS) if wnid not in SETS[letter])
    for number, label in enumerate((kept, left_out), start=1):
        save(root / "imagenet" / "val" / WNIDS[label] / name_of(number))

    (dataset,) = members(f"imagenet-{letter}-clean", settings)

    assert dataset.labels().tolist() == [kept]
    assert len(dataset.classes) == 200
    assert "1 of 10,000" in dataset.found.notes[0]


def test_what_is_not_here_is_named(settings):
    for family, cure in (
        ("imagenet-v2", "ImageNetV2"),
        ("imagenet-sketch", "HaohanWang"),
        ("imagenet-a", "c3e55429088dc681f30d81f4726b6595"),
        ("imagenet-o", "86bd7a50c1c4074fb18fc5f219d6d50b"),
        ("imagenet-r", "hendrycks/imagenet-r"),
        ("imagenet-c-published", "2235448"),
    ):
        with pytest.raises(MissingData, match=cure):
            members(family, settings)


# --- ImageNet-C -----------------------------------------------------------------------


def save_corruptions(folder, names, size=(224, 224)):
    for name in names:
        for severity in range(1, 6):
            file = folder / name / str(severity) / WNIDS[severity] / name_of(severity)
            save(file, size)


def test_corrupted_files_are_not_resized_again(root, settings):
    """A second resize moved a ResNet-50's mean corruption error from 76.7 to 78.2."""
    save_corruptions(root / "imagenet-c", ["fog"])

    datasets = members("imagenet-c-published", settings)
    images = datasets[2].load()

    assert [dataset.name for dataset in datasets] == [
        f"imagenet-c-published/fog-{severity}" for severity in range(1, 6)
    ]
    assert datasets[2].traits == {
        "source": "imagenet-c",
        "corruption": "fog",
        "severity": 3,
    }
    assert images.labels.tolist() == [3]
    file = root / "imagenet-c" / "fog" / "3" / WNIDS[3] / name_of(3)
    saved = np.asarray(Image.open(file))
    assert np.array_equal(images.block(0, 1, USUAL)[0], saved)
    assert np.array_equal(images.block(0, 1)[0], saved)


def test_networks_of_other_sizes_see_the_whole_picture(root, settings):
    """As those of 128 do, whose middle of 224 would show things larger."""
    save_corruptions(root / "imagenet-c", ["fog"])
    asked = Geometry(resize=146, crop=128)
    pil = replace(settings, decoder="pil")  # the other resizer is off by 2 at most

    (found,) = members("imagenet-c-published", pil)[0].load().block(0, 1, asked)
    (quick,) = members("imagenet-c-published", settings)[0].load().block(0, 1, asked)

    file = root / "imagenet-c" / "fog" / "1" / WNIDS[1] / name_of(1)
    whole = Image.open(file).resize((128, 128), Image.Resampling.BILINEAR)
    assert np.array_equal(found, np.asarray(whole))
    assert np.abs(quick.astype(int) - found).max() <= 2


def test_archives_may_lie_in_folders_of_their_own(root, settings):
    save_corruptions(root / "ImageNet-C" / "extra", ["spatter"])
    save_corruptions(root / "ImageNet-C" / "noise", [STANDARD[0]])

    assert len(members("imagenet-c-published-extra", settings)) == 5
    assert len(members("imagenet-c-published", settings)) == 5


def test_what_is_missing_of_the_corruptions_is_told(root, settings):
    """A mean over some corruptions is not that of all."""
    save_corruptions(root / "imagenet-c", [n for n in STANDARD if n != "snow"], (8, 8))
    told = []

    datasets = members("imagenet-c-published", settings)
    for dataset in datasets:
        if dataset.verify is not None:
            dataset.verify(told.append)

    assert len(datasets) == 70
    assert "70 of 70 sets have not the 50,000" in told[0]
    assert told[1:] == [
        "imagenet-c-published: not here: snow; no mean over corruptions is that of "
        "ImageNet-C"
    ]


def test_a_missing_severity_is_refused(root, settings):
    save_corruptions(root / "imagenet-c", [EXTRA[0]], (8, 8))
    folder = root / "imagenet-c" / EXTRA[0] / "4"
    folder.rename(folder.with_name("forth"))

    with pytest.raises(MissingData, match=rf"looked at .*{EXTRA[0]}.4;"):
        members("imagenet-c-published-extra", settings)


def test_many_sets_are_not_held_and_must_stay_what_they_were(root, settings):
    """What is listed anew after others were looked at has the times that it had."""
    save_corruptions(root / "imagenet-c", STANDARD[:3], (8, 8))
    datasets = members("imagenet-c-published", settings)
    first = datasets[0].load()
    assert datasets[0].load() is first

    for dataset in datasets[1 : later.AT_ONCE + 1]:
        dataset.load()
    again = datasets[0].load()

    assert again is not first
    assert again.digest == first.digest
    for dataset in datasets[1 : later.AT_ONCE + 1]:
        dataset.load()
    save(root / "imagenet-c" / STANDARD[0] / "1" / WNIDS[1] / "new.JPEG", (8, 8))
    with pytest.raises(BadData, match="has changed since"):
        datasets[0].load()
