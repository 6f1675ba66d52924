"""DeepAugment: the network against a loop, distortions against single weights."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from harness.datasets.bases import CIFAR10, DIGITS
from harness.datasets.bases.shared import shared
from harness.datasets.dataset import BLOCK, Dataset
from harness.datasets.images import ArrayImages
from harness.datasets.made.pools import (
    OTHER_POOLS,
    POOL_A,
    POOL_B,
    POOL_C,
    POOL_D,
    in_one_pass,
)
from harness.datasets.made.transformations import deep
from harness.datasets.made.transformations.deep import deep_augment, network
from harness.datasets.made.transformations.distortions import DISTORTIONS
from harness.measurement import Domain
from harness.settings import Settings
from harness.traits import kinds
from tests.datasets.made.corruptions.arrays import GREY, OBLONG, RGB, SMOOTH, tensor

CHANGING = [name for name in DISTORTIONS if name != "zero_layer"]


def rng(seed=3):
    return np.random.default_rng(seed)


@given(
    b=st.integers(1, 3),
    c=st.sampled_from([1, 3]),
    h=st.integers(1, 12),
    w=st.integers(1, 12),
    seed=st.integers(0, 99),
)
def test_without_distortions_every_image_comes_back(b, c, h, w, seed):
    """To the bit, whatever its size: the decoder undoes the encoder."""
    pixels = rng(seed).integers(0, 256, (b, c, h, w), dtype=np.uint8)
    images = torch.from_numpy(pixels)

    assert torch.equal(deep_augment(images, rng(), distortions=[]), images)


@pytest.mark.parametrize("channels", [1, 3])
def test_patches_are_orthonormal_and_the_network_is_one(channels):
    """The same weights every time; branches add about as much as they are told."""
    net = network(channels)
    patches = net.patches.reshape(deep.MAPS, -1).double().numpy()

    np.testing.assert_allclose(
        patches.T @ patches, np.eye(9 * channels), rtol=0, atol=1e-6
    )
    again = network.__wrapped__(channels)
    assert np.array_equal(again.first, net.first)
    assert torch.equal(again.patches, net.patches)
    assert net.first.std() == pytest.approx(math.sqrt(2 / 144), rel=0.02)
    assert net.second.std() == pytest.approx(deep.STRENGTH[channels] / 12, rel=0.02)


def plain_network(image, first, second):
    """(c, h, w) floats in and out, one image, layer by layer, in double precision."""
    net = network(len(image))
    patches = net.patches.double()
    seen = F.pad(image[None] - 0.5, (2, 2, 2, 2), mode="replicate")
    maps = F.conv2d(seen, patches)[0]
    own = torch.from_numpy(net.first).double(), torch.from_numpy(net.second).double()
    given_ = torch.from_numpy(first).double(), torch.from_numpy(second).double()

    def branch(weights, k, half):
        inner = F.conv2d(half[None], weights[0][k], padding=1).relu()
        return F.conv2d(inner, weights[1][k], padding=1)[0]

    halves = [maps[:16], maps[16:]]
    for k in (0, 1, 2, 3):
        halves[k % 2] = halves[k % 2] + branch(own, k, halves[1 - k % 2])
    for k in (3, 2, 1, 0):
        halves[k % 2] = halves[k % 2] - branch(given_, k, halves[1 - k % 2])
    maps = torch.cat(halves)
    result = torch.zeros_like(image)
    height, width = image.shape[1:]
    for y in range(height):
        for x in range(width):
            # Output pixel (y, x) is in the nine patches whose corners are up to 2 away.
            for dy in range(3):
                for dx in range(3):
                    at = maps[:, y + 2 - dy, x + 2 - dx]
                    result[:, y, x] += (at[:, None] * patches[:, :, dy, dx]).sum(0) / 9
    return result + 0.5


@pytest.mark.parametrize("name", DISTORTIONS)
def test_an_image_goes_through_weights_of_its_own(name):
    """As one by one, with the branch and the draws of the generator."""
    images = tensor(OBLONG)
    found = deep_augment(images, rng(), distortions=[name])

    draws = rng()
    net = network(3)
    branch = draws.integers(0, 4, size=3)
    one, two = DISTORTIONS[name](net.first[branch], net.second[branch], draws)
    for i, image in enumerate(images):
        first, second = net.first.copy(), net.second.copy()
        first[branch[i]], second[branch[i]] = one[i], two[i]
        expected = plain_network(image.double() / 255, first, second) * 255
        apart = (found[i].double() - expected.clamp(0, 255)).abs()
        assert apart.max() <= 0.5 + 1e-3


def test_chunks_change_nothing(monkeypatch):
    """But for the last digits, and so a level here and there."""
    images = tensor(SMOOTH)
    whole = deep_augment(images, rng(), distortions=CHANGING)
    monkeypatch.setattr(deep, "_AT_ONCE", 2 * 32 * 32)

    parts = deep_augment(images, rng(), distortions=CHANGING)

    apart = (whole.int() - parts.int()).abs()
    assert apart.max() <= 1
    assert (apart > 0).float().mean() < 1e-3


@pytest.mark.parametrize("name", DISTORTIONS)
@pytest.mark.parametrize("images", [SMOOTH, GREY], ids=["rgb", "grey"])
def test_every_distortion_changes_images_and_leaves_them_to_be_seen(name, images):
    """By some grey levels, and otherwise from image to image and seed to seed."""
    many = tensor(np.concatenate([images] * 8))
    found = deep_augment(many, rng(), distortions=[name])

    change = (found.float() - many.float()).abs().mean((1, 2, 3))
    assert 2 < change.mean() < 60
    assert change.std() > 0.5
    assert not torch.equal(found[:6], found[6:12])  # another branch, or other draws
    assert torch.equal(found, deep_augment(many, rng(), distortions=[name]))
    assert not torch.equal(found, deep_augment(many, rng(4), distortions=[name]))
    alike = [
        np.corrcoef(one.flatten(), other.flatten())[0, 1]
        for one, other in zip(many.numpy(), found.numpy(), strict=True)
    ]
    assert np.median(alike) > 0.5


# --- distortions ----------------------------------------------------------------------

SHAPE = (3, 16, 16, 3, 3)
FIRST = rng(1).standard_normal(SHAPE).astype(np.float32)
SECOND = rng(2).standard_normal(SHAPE).astype(np.float32)


def distorted(name, seed=3):
    first, second = DISTORTIONS[name](FIRST, SECOND, rng(seed))
    assert first.shape == second.shape == SHAPE
    assert first.dtype == second.dtype == np.float32
    return first, second


def test_distortions_without_draws_are_what_they_say():
    """Each weight by hand."""
    first, second = distorted("flip_filters")
    assert np.array_equal(first[:, 3], FIRST[:, 12])
    assert np.array_equal(second[:, 0], SECOND[:, 15])

    first, second = distorted("negate_layer")
    assert np.array_equal(first, -FIRST)
    assert np.array_equal(second, SECOND)

    first, second = distorted("zero_layer")
    assert not first.any()

    for found, layer in zip(distorted("gelu_weights"), (FIRST, SECOND), strict=True):
        expected = -F.gelu(torch.from_numpy(layer)).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)

    first, second = distorted("mirror_kernels")
    assert np.array_equal(first[..., 0], FIRST[..., 2])
    assert np.array_equal(second, -SECOND)

    for found, layer in zip(distorted("keep_largest"), (FIRST, SECOND), strict=True):
        assert ((found != 0).sum((-2, -1)) == 1).all()
        assert np.array_equal(found.max((-2, -1)), np.maximum(layer.max((-2, -1)), 0))
        assert np.array_equal(found.sum((-2, -1)), layer.max((-2, -1)))


def test_distortions_with_draws_are_drawn_for_each_image():
    """Of which there are as many ways as the published list has."""
    first, second = distorted("edge_kernels")
    ways = [
        [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    ]
    which = [
        [np.array_equal(one, own * np.array(way)) for way in ways]
        for one, own in zip(first, FIRST, strict=True)
    ]
    assert [sum(row) for row in which] == [1, 1, 1]
    seen = {
        tuple(
            distorted("edge_kernels", seed)[0][0, 0, 0, 1, 1:] / FIRST[0, 0, 0, 1, 1:]
        )
        for seed in range(20)
    }
    assert {round(float(centre)) for centre, _ in seen} == {-4, 8}

    first, second = distorted("scale_weights")
    factor = second / SECOND
    assert np.array_equal(first, FIRST)
    assert (factor >= 1 - 1e-6).all()
    assert (factor <= 5).all()
    assert len({round(float(one.max()), 2) for one in factor}) == 3

    turns = {distorted("turn_kernels", seed)[0][0].tobytes() for seed in range(20)}
    assert turns == {np.rot90(FIRST[0], k, (-2, -1)).tobytes() for k in (1, 2, 3)}

    kinds_ = set()
    for seed in range(20):
        (one, *_), _ = distorted("mask_weights", seed)
        changed = one != FIRST[0]
        assert changed.mean() == pytest.approx(0.5, abs=0.05)
        zero = not one[changed].any()
        assert zero or np.array_equal(one[changed], -FIRST[0][changed])
        kinds_.add(zero)
    assert kinds_ == {True, False}

    negated = []
    for seed in range(60):
        first, _ = distorted("negate_filters", seed)
        signs = first / FIRST
        assert ((signs == 1) | (signs == -1)).all()
        assert (signs == signs[:, :, :1, :1, :1]).all()
        negated.append((signs[:, :, 0, 0, 0] < 0).mean())
    # Eight draws of sixteen, with replacement.
    assert np.mean(negated) == pytest.approx(1 - (15 / 16) ** 8, abs=0.02)


# --- the family -----------------------------------------------------------------------


def test_the_pool_shares_nothing_and_a_set_is_one_pass():
    """Three distortions fall on the same weights, in their order."""
    assert [one.name for one in POOL_D] == list(DISTORTIONS)
    assert not set(DISTORTIONS) & {one.name for one in (*POOL_A, *POOL_B, *POOL_C)}
    assert list(OTHER_POOLS) == ["a", "b", "c", "d"]  # draws are keyed by the place

    (made,) = in_one_pass((POOL_D[4], POOL_D[0], POOL_D[7]))
    names = ["edge_kernels", "flip_filters", "turn_kernels"]
    assert made.parameters == {"distortions": names}
    images = tensor(RGB)
    assert torch.equal(
        made(images, rng()), deep_augment(images, rng(), distortions=names)
    )


@pytest.mark.parametrize("base", [DIGITS, CIFAR10], ids=lambda base: base.name)
def test_sets_say_which_distortions_they_are_of(base, tmp_path):
    """As kinds, of which one can be left out."""
    (family,) = (one for one in shared(base) if one.name == "interior-d")
    settings = Settings(cache_dir=tmp_path, store=tmp_path, interior=6)

    sets = family.datasets(settings)

    assert family.on_request
    assert [one.name for one in sets[:2]] == ["interior-d/0000", "interior-d/0001"]
    for one in sets:
        (made,) = one.transformations
        assert kinds(one.traits) == tuple(made.parameters["distortions"])
        assert len(set(kinds(one.traits))) == 3
        assert one.traits["pool"] == "d"
    assert (
        len({one.transformations[0].parameters["distortions"][0] for one in sets}) > 1
    )


def test_an_image_depends_on_seed_set_and_number_alone():
    """The first images of a block of many are those of the block, in every run."""
    pixels = np.concatenate([SMOOTH] * 90)[: BLOCK + 20]
    content = ArrayImages(pixels=pixels, labels=None, digest="none")

    def blocks(seed=(0, 1)):
        dataset = Dataset(
            name="one",
            family="one",
            domain=Domain.INTERIOR,
            load=lambda: content,
            transformations=in_one_pass(POOL_D[5:8]),
            seed=seed,
            labelled=False,
        )
        return list(dataset.blocks()), list(dataset.blocks(start=1))

    (first, second), (later,) = blocks()
    assert torch.equal(second, later)
    (again, _), _ = blocks()
    assert torch.equal(first, again)
    (other, _), _ = blocks((0, 2))
    assert not torch.equal(first, other)
