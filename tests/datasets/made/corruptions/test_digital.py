"""Tone, pixels and JPEG against PIL and Python's own colorsys, image by image."""

import colorsys
import io

import numpy as np
import pytest
from PIL import Image

from harness.datasets.made.corruptions import digital
from tests.datasets.made.corruptions.arrays import (
    BATCHES,
    GREY,
    OBLONG,
    RGB,
    RNG,
    array,
    rng,
    tensor,
    truncated,
)

EVERY = pytest.mark.parametrize("images", BATCHES.values(), ids=BATCHES)
# Colours at which conversions go wrong: black, white, greys, pure and tied channels.
SPECIAL = np.array(
    [
        (0, 0, 0), (255, 255, 255), (7, 7, 7), (128, 128, 128), (255, 0, 0),
        (0, 255, 0), (0, 0, 255), (255, 255, 0), (10, 200, 200), (1, 0, 0),
    ],
    dtype=np.uint8,
).repeat(8, 0).reshape(1, 10, 8, 3)  # fmt: skip
COLOURED = pytest.mark.parametrize(
    "images", [RGB, OBLONG, SPECIAL], ids=["rgb", "oblong", "special"]
)


def through_hsv(images, change):
    """Every pixel to HSV, changed, and back, one at a time."""
    pixels = [
        colorsys.hsv_to_rgb(*change(*colorsys.rgb_to_hsv(*(p / 255))))
        for p in images.reshape(-1, 3)
    ]
    return truncated(np.array(pixels).reshape(images.shape))


def assert_same_but_for_rounding(ours, expected, share=0.9):
    """One level apart at most, and that rarely: where a value is nearly whole."""
    apart = np.abs(ours.astype(int) - expected.astype(int))
    assert apart.max() <= 1
    assert (apart == 0).mean() >= share


@COLOURED
@pytest.mark.parametrize("amount", [0.05, 0.3])
def test_brightness_is_colorsys(images, amount):
    """V rises, no further than 1."""
    ours = array(digital.brightness(tensor(images), rng(), amount=amount))
    expected = through_hsv(images, lambda h, s, v: (h, s, min(v + amount, 1)))

    assert_same_but_for_rounding(ours, expected)


def test_brightness_of_grey_images_is_a_sum():
    """Their V is their only channel."""
    ours = array(digital.brightness(tensor(GREY), rng(), amount=0.1))

    assert_same_but_for_rounding(ours, truncated(GREY / 255 + 0.1))


@COLOURED
@pytest.mark.parametrize(
    ("factor", "offset"), [(0.3, 0.0), (0.1, 0.0), (1.5, 0.0), (2.0, 0.1), (2.5, 0.2)]
)
def test_saturation_is_colorsys(images, factor, offset):
    """S shrinks or grows, no further than 1; grey reddens with an offset."""

    def change(h, s, v):
        return h, min(s * factor + offset, 1), v

    ours = array(digital.saturate(tensor(images), rng(), factor=factor, offset=offset))

    # The top channel is whole, and colorsys keeps it; division may lose its last bit.
    assert_same_but_for_rounding(ours, through_hsv(images, change), share=0.75)


def test_saturation_keeps_the_brightest_channel():
    """V is what it was; grey gets red as its brightest channel."""
    ours = array(digital.saturate(tensor(SPECIAL), rng(), factor=2.0, offset=0.1))

    assert (ours.max(-1) == SPECIAL.max(-1)).all()
    assert tuple(ours[0, 2, 0]) == (7, 6, 6)  # 7 * (1 - 0.1) = 6.3


def test_grey_images_have_nothing_to_saturate():
    """The message says what was given and what to do."""
    with pytest.raises(ValueError, match="must be RGB to be saturated, got 1 channel"):
        digital.saturate(tensor(GREY), rng(), factor=2.0, offset=0.1)


@EVERY
@pytest.mark.parametrize("factor", [0.75, 0.15])
def test_contrast_is_about_each_channels_own_mean(images, factor):
    """Not about the mean of grey, as libraries have it."""
    ours = array(digital.contrast(tensor(images), rng(), factor=factor))
    values = images / 255
    means = values.mean((1, 2), keepdims=True)

    expected = truncated((values - means) * factor + means)
    assert_same_but_for_rounding(ours, expected, share=0.999)


@EVERY
@pytest.mark.parametrize("quality", [80, 40])
def test_jpeg_is_pil_to_the_byte(images, quality):
    """One file per image."""
    ours = array(digital.jpeg_compression(tensor(images), rng(), quality=quality))

    for one, result in zip(images, ours, strict=True):
        file = io.BytesIO()
        Image.fromarray(one.squeeze()).save(file, "JPEG", quality=quality)
        assert (np.asarray(Image.open(file)).reshape(one.shape) == result).all()
    assert (ours != images).any()


@EVERY
@pytest.mark.parametrize("scale", [0.95, 0.65, 0.4])
def test_pixelate_is_pil_to_the_byte(images, scale):
    """BOX down and BOX up."""
    h, w = images.shape[1:3]
    small = int(scale * w), int(scale * h)
    ours = array(digital.pixelate(tensor(images), rng(), scale=scale))

    for one, result in zip(images, ours, strict=True):
        picture = Image.fromarray(one.squeeze())
        down = picture.resize(small, Image.Resampling.BOX)
        up = np.asarray(down.resize((w, h), Image.Resampling.BOX))
        assert (up.reshape(one.shape) == result).all()


def test_pixelate_is_pil_where_half_a_pixel_falls_on_an_edge():
    """A side of 13 at one half: PIL takes its window in whole pixels first."""
    image = RNG.integers(0, 256, size=(1, 13, 16, 1), dtype=np.uint8)
    ours = array(digital.pixelate(tensor(image), rng(), scale=0.5))

    picture = Image.fromarray(image.squeeze())
    down = picture.resize((8, 6), Image.Resampling.BOX)
    up = np.asarray(down.resize((16, 13), Image.Resampling.BOX))
    assert (up == ours.squeeze()).all()
