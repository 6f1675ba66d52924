"""Families of corrupted datasets: names, seeds, and what blocks depend on."""

from pathlib import Path

import numpy as np
import pytest
import torch

from harness.datasets.bases import CIFAR10, DIGITS
from harness.datasets.dataset import BLOCK, Dataset
from harness.datasets.family import Family
from harness.datasets.images import ArrayImages
from harness.datasets.made.corruptions.catalogue import CATALOGUE, STANDARD, corruption
from harness.datasets.made.corruptions.families import corrupted, suffixed
from harness.errors import UnknownName
from harness.measurement import Domain
from harness.settings import Settings
from tests.datasets.made.corruptions.arrays import RNG

PIXELS = RNG.integers(0, 256, size=(BLOCK + 7, 8, 8, 3), dtype=np.uint8)
CONTENT = ArrayImages(
    pixels=PIXELS, labels=np.arange(len(PIXELS), dtype=np.int64) % 10, digest="d"
)


def dataset(name="test", family="test", **more):
    """A dataset of random images, more than a block of them."""
    return Dataset(
        name=name,
        family=family,
        **{"domain": Domain.INTERIOR, "load": lambda: CONTENT, "seed": (4, 2)} | more,
    )


def pixels(one, limit=None):
    """All of its blocks, put together."""
    return torch.cat(list(one.blocks(limit=limit)))


def test_one_dataset_gives_seventy_five():
    """Named by corruption and severity; exterior; with labels."""
    made = corrupted((dataset(),), "cifar10-c")

    assert len(made) == 75
    assert made[0].name == "cifar10-c/gaussian_noise-1"
    assert made[-1].name == "cifar10-c/jpeg_compression-5"
    assert {d.family for d in made} == {"cifar10-c"}
    assert {d.domain for d in made} == {Domain.EXTERIOR}
    assert (made[0].labels() == CONTENT.labels).all()


def test_members_keep_their_names_and_get_corruptions_on_top():
    """After what was done to them before."""
    first = corruption("contrast", 1)
    members = (
        dataset("interior/0000", "interior", transformations=(first,)),
        dataset("interior/0001", "interior", seed=(4, 3)),
    )
    made = corrupted(members, "interior-c", names=["fog"], severities=[2])

    assert [d.name for d in made] == [
        "interior-c/0000/fog-2",
        "interior-c/0001/fog-2",
    ]
    assert [[t.name for t in d.transformations] for d in made] == [
        ["contrast-1", "fog-2"],
        ["fog-2"],
    ]
    assert [d.seed for d in made] == [(4, 2, 9, 2), (4, 3, 9, 2)]


def test_unlabelled_targets_stay_targets():
    """Nobody's labels are asked for."""
    target = dataset(domain=Domain.TARGET, labelled=False)
    (made,) = corrupted((target,), "mine-c", names=["snow"], severities=[1])

    assert made.domain is Domain.TARGET
    assert not made.labelled


def test_a_choice_gives_the_same_images_as_the_whole():
    """Seeds go by place in the catalogue, not in the choice."""
    whole = {d.name: d for d in corrupted((dataset(),), "c", names=tuple(CATALOGUE))}
    (chosen,) = corrupted((dataset(),), "c", names=["speckle_noise"], severities=[4])

    assert chosen.seed == whole[chosen.name].seed
    assert chosen.fingerprint() == whole[chosen.name].fingerprint()
    assert len({d.seed for d in whole.values()}) == 95


def test_wrong_choices_are_refused():
    """Unknown names, severities out of range, members of one name."""
    with pytest.raises(UnknownName, match="did you mean fog"):
        corrupted((dataset(),), "c", names=["fogg"])
    with pytest.raises(ValueError, match="`severity` must be 1, 2, 3, 4 or 5, got 0"):
        corrupted((dataset(),), "c", severities=[0])
    with pytest.raises(ValueError, match="must be all different, got c/fog-1 twice"):
        corrupted((dataset(),), "c", names=["fog", "fog"], severities=[1])


@pytest.mark.parametrize("name", CATALOGUE)
def test_images_depend_on_content_and_seed_alone(name):
    """The same again; another severity's are others."""
    one, five = corrupted((dataset(),), "c", names=[name], severities=[1, 5])
    (moved,) = corrupted((dataset(seed=(5,)),), "c", names=[name], severities=[5])
    images = pixels(five)

    assert images.shape == (BLOCK + 7, 3, 8, 8)
    assert images.dtype == torch.uint8
    assert (pixels(five) == images).all()
    assert (images != pixels(one)).any()
    drawn = name not in {
        "defocus_blur", "zoom_blur", "brightness", "contrast", "pixelate",
        "jpeg_compression", "gaussian_blur", "saturate",
    }  # fmt: skip
    assert (images != pixels(moved)).any() == drawn


@pytest.mark.parametrize("name", [n for n in STANDARD if n != "jpeg_compression"])
def test_an_image_depends_on_its_place_not_on_its_neighbours(name):
    """Another first image changes none of the others."""
    other = PIXELS[:20].copy()
    other[0] = 255 - other[0]

    def made(block):
        return corruption(name, 3)(
            torch.from_numpy(block).permute(0, 3, 1, 2), np.random.default_rng(1)
        )

    same = (made(PIXELS[:20].copy()) == made(other)).flatten(1).all(1)
    # How many numbers a Poisson draw takes depends on its mean.
    assert same[1:].all() == (name != "shot_noise")
    assert not same[0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no second device")
@pytest.mark.parametrize("name", CATALOGUE)
def test_images_stay_on_their_device(name):
    """And are what they are elsewhere, but for rounding."""
    (made,) = corrupted((dataset(),), "c", names=[name], severities=[3])
    there = torch.cat(list(made.blocks(device="cuda", limit=40)))

    assert there.device.type == "cuda"
    apart = (there.cpu().int() - pixels(made, limit=40).int()).abs()
    assert (apart == 0).double().mean() > 0.99


SETTINGS = Settings(cache_dir=Path("cache"), store=Path("store"))


def family(name, members):
    return Family(
        name=name,
        base="cifar10",
        domain=Domain.EXTERIOR,
        datasets=lambda settings: members,
        description="",
    )


def test_a_suffix_makes_a_family_of_any_other():
    """The base's name stands for its test split; what is no suffix is no family."""
    test = Dataset(name="test", family="test", domain=Domain.INTERIOR, load=None)
    camera = Dataset(name="cam", family="cam", domain=Domain.EXTERIOR, load=None)
    known = {"test": family("test", (test,)), "cam": family("cam", (camera,))}

    whole = suffixed("cifar10-c", known, CIFAR10)
    extra = suffixed("cam-c-extra", known, CIFAR10)

    names = [d.name for d in whole.datasets(SETTINGS)]
    assert len(names) == len(set(names)) == 75
    assert names[0] == "cifar10-c/gaussian_noise-1"
    assert {d.family for d in whole.datasets(SETTINGS)} == {"cifar10-c"}
    assert len(extra.datasets(SETTINGS)) == 20
    assert suffixed("cam", known, CIFAR10) is None
    assert suffixed("cat-c", known, CIFAR10) is None


def test_grey_images_are_spared_what_needs_colour():
    test = Dataset(name="test", family="test", domain=Domain.INTERIOR, load=None)
    found = suffixed("digits-c-extra", {"test": family("test", (test,))}, DIGITS)
    names = [d.name for d in found.datasets(SETTINGS)]
    assert len(names) == 15
    assert not any("saturate" in name for name in names)
