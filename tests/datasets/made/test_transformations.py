"""Transformations of the meta-set against independent implementations."""

import numpy as np
import pytest
import scipy.ndimage
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from harness.datasets.made.metaset import metaset
from harness.datasets.made.pools import DEFAULT_POOL, GREY_POOL
from harness.datasets.made.transformations import space, tone

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, size=(12, 32, 32, 3), dtype=np.uint8)
GREY = RNG.integers(0, 200, size=(12, 8, 8, 1), dtype=np.uint8)
SHAPES = pytest.mark.parametrize("images", [RGB, GREY], ids=["rgb", "grey"])


def tensor(images):
    """(b, h, w, c) to (b, c, h, w)."""
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def array(images):
    """And back."""
    return images.permute(0, 2, 3, 1).numpy()


def rng():
    """The same draws every time."""
    return np.random.default_rng(3)


@SHAPES
@pytest.mark.parametrize("pool", [DEFAULT_POOL, GREY_POOL])
def test_every_transformation_keeps_shape_and_depends_on_its_draws_alone(images, pool):
    """uint8 to uint8; the same generator gives the same images."""
    for transformation in pool:
        once = transformation(tensor(images), rng())
        again = transformation(tensor(images), rng())

        assert (once == again).all(), transformation.name


@SHAPES
@pytest.mark.parametrize("cutoff", [0, 5, 20])
def test_autocontrast_is_pil_to_the_byte(images, cutoff):
    """One cutoff for both ends, channel by channel."""
    # Low contrast, so that there is something to stretch.
    dull = (images // 3 + 40).astype(np.uint8)
    ours = array(tone.autocontrast(tensor(dull), rng(), cutoff=(cutoff, cutoff)))

    for one, result in zip(dull, ours, strict=True):
        expected = ImageOps.autocontrast(Image.fromarray(one.squeeze()), cutoff=cutoff)
        assert (np.asarray(expected).reshape(one.shape) == result).all()


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 2.5])
def test_colour_is_pil_to_one_level(factor):
    """0 is grey, 1 changes nothing."""
    ours = array(tone.enhance_color(tensor(RGB), rng(), factor=(factor, factor)))

    for one, result in zip(RGB, ours, strict=True):
        expected = np.asarray(ImageEnhance.Color(Image.fromarray(one)).enhance(factor))
        assert np.abs(expected.astype(int) - result).max() <= 1
        if factor in (0.0, 1.0):
            assert (expected == result).all()


def test_tone_curves_by_hand():
    """Each on values worked out on paper."""
    image = torch.tensor([0, 64, 100, 127, 200, 255], dtype=torch.uint8)
    image = image.view(1, 1, 1, 6)

    doubled = tone.multiply(image, rng(), factor=(1.5, 1.5), per_channel=0.0)
    inverted = tone.solarize(image, rng(), probability=1.0, threshold=(100.0, 100.0))
    left = tone.solarize(image, rng(), probability=0.0, threshold=(100.0, 100.0))
    flat = tone.linear_contrast(image, rng(), alpha=(0.5, 0.5), per_channel=0.0)

    assert doubled.flatten().tolist() == [0, 96, 150, 191, 255, 255]
    assert inverted.flatten().tolist() == [0, 64, 155, 128, 55, 0]
    assert (left == image).all()
    assert flat.flatten().tolist() == [64, 96, 114, 127, 164, 191]


@SHAPES
def test_affine_is_scipys(images):
    """One drawn scale, shift and angle about the centre, bilinear, 0 outside."""
    b, h, w, c = images.shape
    smooth = scipy.ndimage.gaussian_filter(images, (0, 2, 2, 0))
    bounds = {"scale": (0.9, 0.9), "translate": (0.1, 0.1), "rotate": (20.0, 20.0)}
    ours = array(space.affine(tensor(smooth), rng(), probability=1.0, **bounds))

    angle = np.deg2rad(20)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    forward = turn @ np.diag([0.9, 0.9])  # on (x, y) about the centre
    back = np.linalg.inv(forward)[::-1, ::-1]  # on (row, column)
    centre = np.array([(h - 1) / 2, (w - 1) / 2])
    offset = centre - back @ (centre + 0.1 * np.array([h, w]))
    for i in range(b):
        for channel in range(c):
            expected = scipy.ndimage.affine_transform(
                smooth[i, :, :, channel].astype(float), back, offset, order=1
            )
            inner = (slice(h // 4, -h // 4), slice(w // 4, -w // 4))
            difference = np.abs(expected - ours[i, :, :, channel])[inner]
            assert difference.max() <= 1


def test_sharpen_is_its_kernel():
    """(1 - alpha) identity + alpha times 8 + lightness amid -1, edges reflected."""
    alpha, lightness = 0.6, 1.1
    ours = array(
        space.sharpen(
            tensor(RGB), rng(), alpha=(alpha,) * 2, lightness=(lightness,) * 2
        )
    )

    kernel = alpha * np.array([[-1, -1, -1], [-1, 8 + lightness, -1], [-1, -1, -1]])
    kernel[1, 1] += 1 - alpha
    for channel in range(3):
        for one, result in zip(RGB[..., channel], ours[..., channel], strict=True):
            exact = scipy.ndimage.correlate(one.astype(float), kernel, mode="mirror")
            assert np.abs(np.clip(exact, 0, 255) - result).max() <= 0.51


@SHAPES
def test_blur_is_scipys(images):
    """A Gaussian, edges reflected; what is left of the tail does not show."""
    ours = array(space.gaussian_blur(tensor(images), rng(), sigma=(1.0, 1.0)))
    expected = scipy.ndimage.gaussian_filter(
        images.astype(float), (0, 1, 1, 0), mode="mirror"
    )

    assert np.abs(expected - ours).max() <= 1


@given(seed=st.integers(0, 2**31), index=st.integers(0, 10_000))
def test_a_set_is_three_different_entries_and_always_the_same(seed, index):
    """A function of seed and number alone."""
    chosen = metaset(seed, index)

    assert len({entry.name for entry in chosen}) == 3
    assert chosen == metaset(seed, index)


def test_sets_differ_and_every_entry_is_used():
    """Among the first hundred."""
    sets = [tuple(e.name for e in metaset(0, i)) for i in range(100)]

    assert len(set(sets)) > 50
    assert {name for one in sets for name in one} == {e.name for e in DEFAULT_POOL}
