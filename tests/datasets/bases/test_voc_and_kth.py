"""Pascal VOC and KTH-TIPS2b in their published layouts; networks trained on them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.datasets.bases import IMAGENET, KTH, VOC
from harness.datasets.bases.imagenet_classes import WNIDS
from harness.datasets.families import FAMILIES
from harness.datasets.images import facts_of, sets_of
from harness.datasets.readers.kth_names import CLASSES
from harness.errors import BadData, MissingData
from harness.models.entry import ModelEntry
from harness.models.population import population
from harness.models.recipe import Recipe
from harness.models.trained_here import TrainedHere
from harness.settings import Settings
from tests.datasets.test_voc_annotations import BIRD, DOG, FILE, SOFA

RNG = np.random.default_rng(0)


def picture(path: Path, size: tuple[int, int] = (40, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0], 3)
    Image.fromarray(RNG.integers(0, 256, shape, dtype=np.uint8)).save(path)


def settings_of(folder: Path) -> Settings:
    return Settings(data_root=folder, cache_dir=folder / "c", store=folder / "s")


@pytest.fixture
def voc(tmp_path: Path) -> Settings:
    """Six images of two years: a dog with a sofa, a difficult bird, both, nothing."""
    objects = {
        "000001": DOG + SOFA,
        "000002": BIRD,
        "000003": DOG + BIRD,
        "000004": BIRD + SOFA,
        "2008_000001": SOFA,
        "2008_000002": "",
    }
    lists = {
        ("VOC2007", "trainval"): ["000001", "000002"],
        ("VOC2007", "test"): ["000003", "000002", "000004"],
        ("VOC2012", "trainval"): ["2008_000001", "2008_000002"],
    }
    for (year, part), stems in lists.items():
        place = tmp_path / "VOCdevkit" / year
        for folder in ("Annotations", "ImageSets/Main"):
            (place / folder).mkdir(parents=True, exist_ok=True)
        (place / f"ImageSets/Main/{part}.txt").write_text("\n".join(stems) + "\n")
        for stem in stems:
            picture(place / "JPEGImages" / f"{stem}.jpg", (200, 100))
            annotation = FILE.format(objects[stem])
            (place / "Annotations" / f"{stem}.xml").write_text(annotation)
    return settings_of(tmp_path)


@pytest.fixture
def kth(tmp_path: Path) -> Settings:
    """A picture of each class and sample, of scale 10, and one of scale 2."""
    for number, label in enumerate(CLASSES):
        for sample in "abcd":
            place = tmp_path / "KTH-TIPS2-b" / label / f"sample_{sample}"
            for scale, image in ((10, 11), (2, 9)):
                name = f"{number}{sample}-scale_{scale}_im_{image}_col.png"
                picture(place / name, (33, 31))
    return settings_of(tmp_path)


@pytest.fixture
def imagenet(tmp_path: Path) -> Settings:
    """Three classes, two pictures of each to train on and one to test."""
    for wnid in WNIDS[:3]:
        for i in range(2):
            picture(tmp_path / "imagenet/train" / wnid / f"{wnid}_{i}.JPEG")
        picture(tmp_path / "imagenet/val" / wnid / f"ILSVRC2012_val_0000000{i}.JPEG")
    return settings_of(tmp_path)


def held(images) -> list[str]:
    sets = sets_of(images)
    assert sets is not None
    return [" ".join(np.array(VOC.classes)[row]) for row in sets]


def test_voc_is_of_both_years_and_difficult_objects_count_in_training(voc):
    train, test = VOC.train(voc), VOC.test(voc)

    assert held(train) == ["dog sofa", "bird", "sofa", ""]
    assert held(test) == ["dog", "", "sofa"]
    assert train.labels is None
    assert [Path(name).stem for name in train.names] == [
        *("000001", "000002", "2008_000001", "2008_000002")
    ]
    facts = facts_of(train)
    assert facts["num_instances"].tolist() == [2, 0, 1, 0]
    assert facts["object_share"] == pytest.approx([1.125, 0, 1, 0])
    assert facts["object_share_union"].tolist() == [1, 0, 1, 0]
    assert train.block(0, 2).shape == (2, 224, 224, 3)
    assert VOC.locate(voc) == str(voc.data_root / "VOCdevkit")
    assert VOC.test(voc) is test


def test_voc_as_a_family_has_several_labels(voc):
    """An image without one is left out of top-1, and right where nothing is said."""
    (family,) = [f for f in FAMILIES if (f.base, f.name) == ("voc", "test")]
    (dataset,) = family.datasets(voc)
    truth = dataset.truth(20)

    assert truth.several
    assert truth.counted.tolist() == [True, False, True]
    assert truth.exact(np.full((3, 20), -1.0)).tolist() == [False, True, False]
    first = dataset.fingerprint()
    path = voc.data_root / "VOCdevkit/VOC2007/Annotations/000002.xml"
    path.write_text(FILE.format(DOG))
    again = settings_of(voc.data_root)
    assert family.datasets(again)[0].fingerprint() != first


def test_voc_that_lacks_something_is_named(voc, tmp_path):
    root = voc.data_root / "VOCdevkit"
    (root / "VOC2012/ImageSets/Main/trainval.txt").unlink()
    assert len(VOC.test(voc)) == 3
    with pytest.raises(MissingData, match=r"VOCtrainval_11-May-2012\.tar"):
        VOC.train(settings_of(voc.data_root))
    (root / "VOC2007/ImageSets/Main/test.txt").write_text("000003\n000003\n")
    with pytest.raises(BadData, match=r"test\.txt must name images, each once"):
        VOC.test(settings_of(voc.data_root))
    (root / "VOC2007/ImageSets/Main/test.txt").write_text("000009\n")
    with pytest.raises(BadData, match=r"000009\.xml must be an annotation"):
        VOC.test(settings_of(voc.data_root))
    with pytest.raises(MissingData, match="holds VOCdevkit"):
        VOC.locate(settings_of(tmp_path / "none"))


def test_kth_is_split_by_samples_and_has_its_factors(kth):
    train, test = KTH.train(kth), KTH.test(kth)

    assert (len(train), len(test)) == (11 * 3 * 2, 11 * 2)
    assert test.labels.tolist() == sorted([*range(11)] * 2)
    facts = facts_of(test)
    assert facts["scale"].tolist() == [2, 10] * 11  # as numbers: 2 comes first
    assert facts["rotation"].tolist() == ["left", "right"] * 11
    assert facts["illumination"].tolist() == ["side", "ambient"] * 11
    assert all("sample_c" in name for name in test.names)
    assert test.block(0, 1).shape == (1, 190, 190, 3)


def test_kth_that_lacks_something_is_named(kth, tmp_path):
    place = kth.data_root / "KTH-TIPS2-b/wool/sample_c"
    for path in [*place.iterdir()]:
        path.unlink()
    with pytest.raises(BadData, match="in its test part, and has none of wool"):
        KTH.test(kth)
    picture(place / "1.png")
    with pytest.raises(BadData, match="as KTH-TIPS2b has it"):
        KTH.test(settings_of(kth.data_root))
    with pytest.raises(MissingData, match="holds KTH-TIPS2-b"):
        KTH.locate(settings_of(tmp_path / "none"))


def coarse(k: int):
    """Means of four parts of the picture, and a linear layer: any size will do."""
    import torch

    return torch.nn.Sequential(
        torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten(), torch.nn.Linear(12, k)
    )


@pytest.mark.parametrize("base", [VOC, KTH, IMAGENET], ids=lambda base: base.name)
def test_a_population_is_trained_on_each(base, request):
    """Its record has one label of each image, or several, and lies on the images."""
    settings = request.getfixturevalue(base.name.partition("-")[0])
    k = len(base.classes)
    entry = ModelEntry(
        name="coarse",
        base=base.name,
        build=f"{__name__}:coarse",
        arguments={"k": k},
        head="2",
        mean=(0.5,) * 3,
        std=(0.25,) * 3,
        weights=TrainedHere(recipe=Recipe(epochs=2, learning_rate=1e-2)),
        source="",
        licence="",
    )
    found = population("coarse", base=base, model=entry, seeds=(0, 1))
    record = found.record(0, settings, lambda text: None)
    images = found.images("train", settings)

    n = len(base.train(settings))
    assert record.right("train").shape == record.right("during").shape == (2, n)
    assert record.facts["images"]["train"] == images.digest
    if base.several:
        assert record.predicted["train"].shape == (2, n, k)
        assert np.array_equal(record.labels["test"], sets_of(base.test(settings)))
    else:
        assert np.array_equal(record.labels["train"], images.labels)
    member = found.members[1]
    network = member.load(settings, base, "cpu", lambda text: None)
    assert network.fingerprint
