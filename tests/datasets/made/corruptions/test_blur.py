"""Blurs against scipy and plain loops, image by image."""

import math

import numpy as np
import pytest
import scipy.ndimage
import torch

from harness.datasets.made.corruptions import blur
from harness.datasets.made.corruptions.catalogue import SEVERITIES, corruption
from tests.datasets.made.corruptions.arrays import (
    BATCHES,
    SMOOTH,
    array,
    rng,
    tensor,
    truncated,
)

EVERY = pytest.mark.parametrize("images", BATCHES.values(), ids=BATCHES)
LEVELS = pytest.mark.parametrize("severity", SEVERITIES)


def smooth(values, sigma):
    """One (h, w, c) image."""
    return scipy.ndimage.gaussian_filter(values, (sigma, sigma, 0), mode="nearest")


def corrupted(name, severity, images):
    """Ours, and the strengths it was made with."""
    transformation = corruption(name, severity)
    return array(transformation(tensor(images), rng())), transformation.parameters


def assert_same_but_for_rounding(ours, expected, share=0.99):
    """One level apart at most, and that rarely: where a value is nearly whole."""
    apart = np.abs(ours.astype(int) - np.stack(expected).astype(int))
    assert apart.max() <= 1
    assert (apart == 0).mean() >= share


@EVERY
@LEVELS
def test_gaussian_blur_is_scipys(images, severity):
    """Tails end at four sigmas; the last pixel goes on."""
    ours, p = corrupted("gaussian_blur", severity, images)

    assert_same_but_for_rounding(
        ours, [truncated(smooth(one / 255, p["sigma"])) for one in images]
    )


@EVERY
@LEVELS
def test_defocus_blur_is_a_disk_of_seventeen_pixels_side(images, severity):
    """Correlated by scipy, mirrored at the last pixel."""
    ours, p = corrupted("defocus_blur", severity, images)
    y, x = np.mgrid[-8:9, -8:9]
    disk = (x**2 + y**2 <= p["radius"] ** 2).astype(float)
    near = math.exp(-0.5 / p["alias"] ** 2)
    taps = np.array([near, 1, near]) / (1 + 2 * near)
    kernel = scipy.ndimage.convolve(disk / disk.sum(), np.outer(taps, taps))

    expected = [
        truncated(scipy.ndimage.correlate(one / 255, kernel[:, :, None], mode="mirror"))
        for one in images
    ]
    # At the fifth level it is the mean of nine bytes, which is whole one time in nine.
    assert_same_but_for_rounding(ours, expected, share=0.85)


@EVERY
@LEVELS
def test_zoom_blur_is_scipys_zoom(images, severity):
    """Of the square middle; as many steps as arange gives."""
    ours, p = corrupted("zoom_blur", severity, images)
    factors = np.arange(1, p["stop"], 0.01)
    assert len(factors) == (7, 12, 16, 21, 26)[severity - 1]

    def middle(side, larger):
        return slice((larger - side) // 2, (larger - side) // 2 + side)

    def zoomed(one, factor):
        cut = [math.ceil(side / factor) for side in one.shape[:2]]
        start = [(s - c) // 2 for s, c in zip(one.shape, cut, strict=False)]
        part = one[start[0] : start[0] + cut[0], start[1] : start[1] + cut[1]]
        large = scipy.ndimage.zoom(part, (factor, factor, 1), order=1)
        return large[
            middle(one.shape[0], large.shape[0]), middle(one.shape[1], large.shape[1])
        ]

    expected = [
        truncated((one + sum(zoomed(one, f) for f in factors)) / (len(factors) + 1))
        for one in images / 255
    ]
    assert_same_but_for_rounding(ours, expected)


class Draws:
    """In place of a generator: gives what the test wants to be drawn."""

    def __init__(self, *values):
        self.values = list(values)

    def integers(self, low, high, size):
        """The next array, of that size and range."""
        value = self.values.pop(0)
        assert value.shape == size
        assert value.min() >= low
        assert value.max() < high
        return value


@LEVELS
def test_glass_blur_is_the_loop_over_views(severity):
    """From the last pixel to the first, by the assignment that copies."""
    p = corruption("glass_blur", severity).parameters
    images = SMOOTH[:2]
    draws = [
        np.random.default_rng(i).integers(0, 2, size=(2, 2, 30, 30))
        for i in range(p["rounds"])
    ]
    ours = array(blur.glass_blur(tensor(images), Draws(*draws), **p))

    expected = []
    for i, one in enumerate(images):
        x = truncated(smooth(one / 255, p["sigma"]))
        for drawn in draws:
            for h in range(31, 1, -1):
                for w in range(31, 1, -1):
                    dy, dx = -drawn[:, i, h - 2, w - 2]
                    x[h, w], x[h + dy, w + dx] = x[h + dy, w + dx], x[h, w]
        expected.append(truncated(smooth(x / 255, p["sigma"])))
    assert_same_but_for_rounding(ours, expected)


def test_glass_blur_leaves_the_first_two_rows_and_columns():
    """And sees each of the four neighbours in a quarter of the others."""
    place = np.arange(32 * 32) % 251
    image = np.broadcast_to(place.reshape(1, 32, 32, 1), (20, 32, 32, 1))
    ours, _ = corrupted("glass_blur", 1, image.astype(np.uint8))

    assert (ours[:, :2] == image[:, :2]).all()
    assert (ours[:, :, :2] == image[:, :, :2]).all()
    moved = (image - ours)[:, 2:, 2:] % 251
    assert set(np.unique(moved)) == {0, 1, 32, 33}
    assert np.unique(moved, return_counts=True)[1] / moved.size == pytest.approx(
        [0.25] * 4, abs=0.02
    )


@EVERY
@pytest.mark.parametrize("degrees", [-135.0, -45.0, -20.0, 0.0, 33.0, 45.0])
def test_smear_is_a_sum_of_shifted_images(images, degrees):
    """Step by step along the direction, to the nearest pixel, edges going on."""
    angles = np.linspace(degrees, degrees + 3, len(images))
    ours = array(blur.smear(tensor(images), angles, radius=3, sigma=2.0))

    expected = []
    for one, angle in zip(images, angles, strict=True):
        total = np.zeros(one.shape)
        weights = [math.exp(-(i**2) / 8) for i in range(7)]
        padded = np.pad(one, ((7, 7), (7, 7), (0, 0)), mode="edge")
        for i, weight in enumerate(weights):
            dy = math.ceil(i * math.sin(math.radians(angle)) - 0.5)
            dx = math.ceil(i * math.cos(math.radians(angle)) - 0.5)
            h, w = one.shape[:2]
            shifted = padded[7 + dy : 7 + dy + h, 7 + dx : 7 + dx + w]
            total += weight / sum(weights) * shifted
        expected.append(np.floor(total + 1e-9).astype(np.uint8))
    assert_same_but_for_rounding(ours, expected, share=0.9999)


def test_smear_of_a_point_goes_backwards():
    """Pixels look ahead, so a bright one is seen by those behind it."""
    image = torch.zeros(1, 1, 9, 9, dtype=torch.uint8)
    image[0, 0, 4, 4] = 255
    result = blur.smear(image, np.array([0.0]), radius=1, sigma=1.0)[0, 0]

    # exp(0), exp(-1/2), exp(-2), over their sum 1.7419, of 255
    assert result[4].tolist() == [0, 0, 19, 88, 146, 0, 0, 0, 0]
    assert result.sum() == 19 + 88 + 146


def test_motion_blur_draws_a_direction_for_each_image():
    """Copies of one image come out in many ways; close directions may be one path."""
    copies = np.repeat(SMOOTH[:1], 6, axis=0)
    ours, p = corrupted("motion_blur", 5, copies)
    again = array(
        blur.smear(tensor(copies), rng().uniform(-45, 45, size=6), radius=9, sigma=2.5)
    )

    assert (ours == again).all()
    assert len({one.tobytes() for one in ours}) >= 4
    assert p["angle"] == [-45.0, 45.0]


@pytest.mark.parametrize(
    "name", ["gaussian_blur", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur"]
)
def test_flat_images_stay_flat_and_tiny_ones_are_refused(name):
    """But for one level for each time that bytes are cut instead of rounded."""
    for level in (0, 93, 255):
        flat = torch.full((1, 3, 12, 9), level, dtype=torch.uint8)
        result = corruption(name, 5)(flat, rng())
        cuts = 2 if name == "glass_blur" else 1
        assert (flat.int() - result.int()).abs().max() <= cuts
    with pytest.raises(ValueError, match="at least 8 pixels high and wide, got 7 by 9"):
        corruption(name, 5)(flat[:, :, :7], rng())
