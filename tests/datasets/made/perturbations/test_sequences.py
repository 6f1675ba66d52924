"""Sequences of frames: which frame is where, whose draws, and of which families."""

from dataclasses import replace

import numpy as np
import pytest

from harness.datasets.bases import CIFAR10, DIGITS, IMAGENET
from harness.datasets.dataset import Dataset, Transformation
from harness.datasets.family import Family
from harness.datasets.geometry import Geometry
from harness.datasets.images import ArrayImages
from harness.datasets.kept import Kept
from harness.datasets.made.perturbations import families, sequences
from harness.datasets.made.perturbations.catalogue import CIFAR10_P, IMAGENET_P
from harness.datasets.made.perturbations.sequences import PerturbedImages
from harness.datasets.truth import KnownTruth, Truth
from harness.errors import HarnessError
from harness.measurement import Domain
from harness.sampling import sampled_rows
from harness.settings import Settings
from tests.datasets.made.corruptions.arrays import SMOOTH

LABELS = np.arange(6, dtype=np.int64)
CONTENT = ArrayImages(pixels=SMOOTH, labels=LABELS, digest="d")


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    """Nothing is kept from another test."""
    monkeypatch.setattr(sequences, "PERTURBED", Kept(room=0))


def images(name="translate", seed=(7,), content=CONTENT, table=CIFAR10_P, **more):
    return PerturbedImages(content, table[name], seed, size=(32, 32), **more)


def test_frames_of_an_image_follow_each_other():
    """With its label each; whatever the block, and in whatever order."""
    found = images()
    whole = found.pixels

    assert len(found) == 6 * 16
    assert found.labels.tolist() == np.repeat(LABELS, 16).tolist()
    for i in range(6):
        assert np.array_equal(whole[16 * i + 7], SMOOTH[i])  # moved by 0
        assert np.array_equal(whole[16 * i + 9, :, 2:], SMOOTH[i, :, :-2])
    rows = np.array([95, 3, 40, 3])
    assert np.array_equal(found.take(rows), whole[rows])
    assert np.array_equal(found.block(10, 50), whole[10:50])


def test_draws_are_an_images_own():
    """By seed and number, and not by what else is made with it."""
    found = images("gaussian_noise")

    third = found.block(2 * 31, 3 * 31)

    assert np.array_equal(found.pixels[2 * 31 : 3 * 31], third)
    other = images("gaussian_noise", seed=(8,))
    assert not np.array_equal(other.block(2 * 31, 3 * 31), third)
    twice = ArrayImages(pixels=SMOOTH[[2, 2, 2]], labels=None, digest="e")
    same = images("gaussian_noise", content=twice).pixels.reshape(3, 31, 32, 32, 3)
    assert (same[0, 1:] != same[1, 1:]).mean() > 0.5
    assert np.array_equal(same[2], third)


def test_the_digest_is_over_images_perturbation_seed_and_size():
    prints = {
        images(*arguments, **more).digest
        for arguments, more in (
            ((), {}),
            (("rotate",), {}),
            (("translate", (8,)), {}),
            ((), {"table": IMAGENET_P}),
            ((), {"quick": False}),
            ((), {"whole": Geometry(resize=40, crop=40)}),
            ((), {"content": ArrayImages(pixels=SMOOTH, labels=None, digest="f")}),
        )
    }
    assert len(prints) == 7
    assert images().digest == images().digest


def test_photographs_are_moved_whole_and_stretched_to_what_a_network_takes():
    """What comes from outside of a frame is to be seen; the frame is stretched."""

    asked = []

    class Photographs(ArrayImages):
        def take(self, rows, geometry=None):
            asked.append(geometry)
            return np.pad(SMOOTH[rows], ((0, 0), (4, 4), (4, 4), (0, 0)), mode="edge")

    whole = Geometry(resize=40, crop=40)
    content = Photographs(pixels=SMOOTH, labels=None, digest="p")
    found = images(content=content, whole=whole)

    moved = found.take(np.array([7 + 4]))[0]
    assert np.array_equal(moved[:, 4:], SMOOTH[0, :, :-4])
    assert np.array_equal(moved[:, :4], SMOOTH[0][:, :1].repeat(4, 1))  # and no black
    assert asked == [whole]
    small = found.take(np.arange(3), Geometry(resize=24, crop=20))
    assert small.shape == (3, 20, 20, 3)
    assert np.abs(small.mean() - found.take(np.arange(3)).mean()) < 3
    assert found.take(np.arange(3), Geometry(resize=40, crop=32)).shape[1] == 32


def test_frames_are_made_once_for_the_next_network(monkeypatch):
    kept = Kept(room=10**8)
    monkeypatch.setattr(sequences, "PERTURBED", kept)
    found = images()
    first = found.block(0, 20)
    monkeypatch.setattr(PerturbedImages, "_made", None)

    assert np.array_equal(found.block(0, 20), first)


# --- families -------------------------------------------------------------------------


def family(base, tmp_path, name="", content=CONTENT, **more):
    """The sequences of a base's test split."""
    facts = {
        "family": "test",
        "domain": Domain.INTERIOR,
        "load": lambda: content,
        "traits": {"split": "test"},
        "seed": (3,),
        **{k: v for k, v in more.items() if k != "max_images"},
    }
    origin = Family(
        name="test",
        base=base.name,
        domain=Domain.INTERIOR,
        datasets=lambda settings: (Dataset(name="test", **facts),),
        description="",
    )
    settings = Settings(
        cache_dir=tmp_path, store=tmp_path, max_images=more.get("max_images")
    )
    found = families.suffixed(name or f"{base.name}-p", {"test": origin}, base)
    return None if found is None else found.datasets(settings)


def test_the_test_split_is_perturbed_in_ten_ways(tmp_path):
    """By the table of the images' size; traits say that the harness made them."""
    small, large = family(CIFAR10, tmp_path), family(IMAGENET, tmp_path)

    assert [one.name for one in small] == [f"cifar10-p/{name}" for name in CIFAR10_P]
    assert [one.name for one in large] == [f"imagenet-p/{name}" for name in IMAGENET_P]
    assert dict(large[6].traits) == {
        "split": "test",
        "perturbation": "translate",
        "difficulty": 1,
        "frames": 41,
        "made": "harness",
    }
    assert {one.domain for one in small} == {Domain.EXTERIOR}
    assert small[6].labels().tolist() == np.repeat(LABELS, 16).tolist()
    assert len({one.fingerprint() for one in small}) == 10
    assert [len(block) for block in small[6].blocks()] == [96]
    assert family(CIFAR10, tmp_path, "cifar10-q") is None
    assert family(CIFAR10, tmp_path, "other-p") is None


def test_a_sample_is_of_whole_sequences(tmp_path):
    """As many as there is room for, drawn evenly; of one no frame is left out."""
    few = family(CIFAR10, tmp_path, max_images=50)[6]
    rows = sampled_rows(6, 3)

    assert few.size(50) == 48
    whole = few.load().pixels
    assert np.array_equal(whole[7::16], SMOOTH[rows])
    one = family(CIFAR10, tmp_path, max_images=5)[6]
    assert one.size() == 16
    assert one.fingerprint() != few.fingerprint()


def test_frames_have_the_truth_of_their_image(tmp_path):
    """Of several labels an image, and of a sample of the images too."""
    sets = [[0], [1, 2], [3], [4, 5, 6], [7], [8]]
    known = KnownTruth(lambda: Truth.sets(sets, 10))
    whole = family(CIFAR10, tmp_path, known=known)[6]
    few = family(CIFAR10, tmp_path, known=known, max_images=50)[6]

    assert whole.truth(10).given.shape == (96, 10)
    for dataset, rows in ((whole, np.arange(6)), (few, sampled_rows(6, 3))):
        given = dataset.truth(10).given[::16]
        assert [np.flatnonzero(row).tolist() for row in given] == [
            sets[i] for i in rows
        ]
    assert whole.fingerprint() != family(CIFAR10, tmp_path)[6].fingerprint()
    nothing = KnownTruth(lambda: None)
    plain = family(CIFAR10, tmp_path, known=nothing)[6]
    assert plain.labels().tolist() == np.repeat(LABELS, 16).tolist()


def test_photographs_are_asked_for_larger_than_a_frame(tmp_path):
    """Images of one size that are no larger are refused by name."""
    pixels = np.zeros((2, 224, 224, 3), np.uint8)
    content = ArrayImages(pixels=pixels, labels=None, digest="a")
    (made, *_) = family(IMAGENET, tmp_path, content=content)

    with pytest.raises(ValueError, match="at least 256x256 pixels, got 224x224"):
        next(made.blocks())


def test_what_cannot_be_perturbed_is_refused(tmp_path):
    """Too small images, transformed ones; the message has the cure."""
    with pytest.raises(HarnessError, match=r"sides of at least 28 pixels.*, got 8; ch"):
        family(DIGITS, tmp_path)
    fog = Transformation(name="fog", target="a:b")
    with pytest.raises(HarnessError, match="perturb what it is made of"):
        family(CIFAR10, tmp_path, transformations=(fog,))


def test_several_members_are_told_apart(tmp_path):
    two = tuple(
        Dataset(name=f"own/{n}", family="own", domain=d, load=lambda: CONTENT)
        for n, d in (("a", Domain.EXTERIOR), ("b", Domain.TARGET))
    )
    settings = Settings(cache_dir=tmp_path, store=tmp_path)

    found = families.perturbed(two, "own-p", CIFAR10, settings)

    assert [one.name for one in found[9:11]] == [
        "own-p/a/scale",
        "own-p/b/gaussian_noise",
    ]
    assert [one.traits["member"] for one in found[9:11]] == ["a", "b"]
    assert [one.domain for one in found[9:11]] == [Domain.EXTERIOR, Domain.TARGET]


def test_seeds_of_the_run_are_other_draws(tmp_path):
    settings = Settings(cache_dir=tmp_path, store=tmp_path)
    test = Dataset(name="t", family="t", domain=Domain.EXTERIOR, load=lambda: CONTENT)
    made = [
        families.perturbed((test,), "t-p", CIFAR10, replace(settings, seed=seed))[0]
        for seed in (0, 0, 1)
    ]
    one, same, other = (dataset.load().block(0, 31) for dataset in made)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
