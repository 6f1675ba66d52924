"""Neighbours: operations as torchvision or PIL has them, each image drawing its own."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from harness.datasets.dataset import BLOCK, Dataset, Transformation
from harness.datasets.images import ArrayImages
from harness.datasets.made.transformations import neighbours
from harness.fixtures.copies import TARGET
from harness.measurement import Domain

RNG = np.random.default_rng(0)
# Smooth, so that interpolation rounds alike everywhere.
WAVES = np.add.outer(np.sin(np.arange(32) / 5), np.cos(np.arange(32) / 7))
COLOUR = torch.from_numpy(
    np.stack([128 + 60 * np.roll(WAVES, k, 0) for k in range(3)])[None].astype(np.uint8)
).repeat(40, 1, 1, 1)


def rng(seed=0):
    return np.random.default_rng(seed)


def nearest(found, options):
    """For each image, the mean distance to the nearest of several images."""
    apart = [
        (found.float() - option.float()).abs().mean((1, 2, 3)) for option in options
    ]
    return torch.stack(apart).amin(0)


def moved(shear=(0.0, 0.0), angle=0.0, shift=(0, 0)):
    """torchvision's own affine map of the first image, about its centre."""
    return functional.affine(
        COLOUR[:1],
        angle=angle,
        translate=list(shift),
        scale=1.0,
        shear=[float(np.degrees(np.arctan(s))) for s in shear],
        interpolation=InterpolationMode.BILINEAR,
    )


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (neighbours._turned, [moved(angle=15), moved(angle=-15)]),
        (
            lambda x, r: neighbours._sheared(x, r, axis=0),
            [moved(shear=(0.15, 0)), moved(shear=(-0.15, 0))],
        ),
        (neighbours._posterize, [functional.posterize(COLOUR[:1], 6)]),
    ],
    ids=["turn", "shear", "posterize"],
)
def test_operations_are_torchvisions(operation, expected):
    found = operation(COLOUR, rng())
    assert nearest(found, expected).max() < 0.6  # of 255: rounding
    if len(expected) > 1:  # and both signs are drawn
        taken = {tuple(image.flatten()[:500].tolist()) for image in found}
        assert len(taken) == 2


@pytest.mark.parametrize(
    ("enhance", "pil"),
    [
        (neighbours._enhance_contrast, ImageEnhance.Contrast),
        (neighbours.enhance_brightness, ImageEnhance.Brightness),
        (neighbours.enhance_color, ImageEnhance.Color),
        (neighbours.enhance_sharpness, ImageEnhance.Sharpness),
    ],
)
def test_enhancements_are_pils(enhance, pil):
    found = neighbours._either(enhance)(COLOUR, rng())
    picture = Image.fromarray(COLOUR[0].permute(1, 2, 0).numpy())
    expected = [
        torch.from_numpy(np.asarray(pil(picture).enhance(factor)).copy())
        .permute(2, 0, 1)
        .unsqueeze(0)
        for factor in (0.55, 1.45)
    ]
    assert nearest(found, expected).max() < 0.1
    assert len({image.float().sum().item() for image in found}) == 2


def test_erased_is_a_black_rectangle_of_the_area_that_it_should_be():
    white = torch.full((300, 1, 40, 40), 255, dtype=torch.uint8)
    black = neighbours.erase(white, rng())[:, 0] == 0
    for image in black:
        rows, columns = image.any(1).sum(), image.any(0).sum()
        assert image.sum() == rows * columns
    share = black.float().mean((1, 2))
    assert 0.015 < share.min() < 0.05
    assert 0.28 < share.max() < 0.35


def test_a_crop_enlarges_and_half_are_mirrored():
    ramp = (torch.arange(32) * 8).to(torch.uint8).expand(400, 3, 32, 32)
    found = neighbours.crop_and_flip(ramp, rng()).float()
    middle = found[:, 0, 16]
    falling = middle[:, 2] > middle[:, -3]
    assert 0.4 < falling.float().mean() < 0.6
    span = (middle[:, 2] - middle[:, -3]).abs()
    assert span.min() < 100 < span.max() <= 248
    assert found[:, :, 4:-4].std(dim=2).max() < 1  # rows stay alike


@pytest.mark.parametrize("shape", [(50, 1, 8, 8), (50, 3, 32, 32), (3, 3, 5, 9)])
def test_neighbours_differ_by_image_and_are_reproducible(shape):
    images = torch.from_numpy(RNG.integers(0, 256, size=shape, dtype=np.uint8))
    one, two = (neighbours.neighbour(images, rng(7)) for _ in range(2))
    assert torch.equal(one, two)
    assert one.shape == images.shape
    assert one.dtype == torch.uint8
    assert not torch.equal(one, neighbours.neighbour(images, rng(8)))


def test_a_copy_leaves_what_it_copies_as_it_was():
    """A transformation with a seed of its own does not disturb the others' draws."""
    pixels = RNG.integers(0, 256, size=(BLOCK + 30, 8, 8, 1), dtype=np.uint8)
    noise = Transformation(
        name="noise",
        target="harness.datasets.made.corruptions.noise:gaussian_noise",
        parameters={"sigma": 0.1},
    )
    plain = Dataset(
        name="d",
        family="d",
        domain=Domain.EXTERIOR,
        load=lambda: ArrayImages(pixels=pixels, labels=None, digest="x"),
        transformations=(noise,),
        seed=(3,),
    )
    made = Transformation(name="neighbour-0", target=TARGET, seed=(0, 0))
    first = replace(plain, transformations=(made, noise))
    still = Transformation(name="still", target=f"{__name__}:still", seed=(9,))
    same = replace(plain, transformations=(still, noise))

    def all_of(dataset):
        return torch.cat(list(dataset.blocks()))

    assert torch.equal(all_of(same), all_of(plain))
    copied = replace(plain, transformations=(noise, made))
    assert torch.equal(all_of(copied), all_of(copied))
    assert not torch.equal(all_of(copied), all_of(plain))
    assert len({d.fingerprint() for d in (plain, first, copied, same)}) == 4


def still(images, rng):
    """Draws, and changes nothing."""
    rng.uniform(size=100)
    return images
