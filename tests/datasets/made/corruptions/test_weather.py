"""Snow and fog against their recipes written out image by image."""

import math

import numpy as np
import pytest
import scipy.ndimage
import torch

from harness.datasets.made.corruptions import weather
from harness.datasets.made.corruptions.catalogue import SEVERITIES, corruption
from tests.datasets.made.corruptions.arrays import (
    BATCHES,
    GREY,
    RGB,
    SMOOTH,
    array,
    rng,
    tensor,
    truncated,
)

SQUARE = pytest.mark.parametrize(
    "images", [RGB, GREY, SMOOTH], ids=["rgb", "grey", "smooth"]
)
LEVELS = pytest.mark.parametrize("severity", SEVERITIES)


def assert_same_but_for_rounding(ours, expected, share=0.99):
    """One level apart at most, and that rarely: where a value is nearly whole."""
    apart = np.abs(ours.astype(int) - np.stack(expected).astype(int))
    assert apart.max() <= 1
    assert (apart == 0).mean() >= share


def zoomed(layer, factor):
    """The middle of a square layer, enlarged by scipy and trimmed."""
    side = len(layer)
    cut = math.ceil(side / factor)
    start = (side - cut) // 2
    part = layer[start : start + cut, start : start + cut]
    large = scipy.ndimage.zoom(part, factor, order=1)
    trim = (len(large) - side) // 2
    return large[trim : trim + side, trim : trim + side]


def smeared(layer, angle, radius, sigma):
    """(h, w) uint8 along a direction, tap by tap."""
    reach = 2 * radius + 1
    weights = [math.exp(-(i**2) / (2 * sigma**2)) for i in range(reach)]
    padded = np.pad(layer, reach, mode="edge")
    total = np.zeros(layer.shape)
    for i, weight in enumerate(weights):
        down = reach + math.ceil(i * math.sin(math.radians(angle)) - 0.5)
        right = reach + math.ceil(i * math.cos(math.radians(angle)) - 0.5)
        h, w = layer.shape
        total += weight / sum(weights) * padded[down : down + h, right : right + w]
    return np.floor(total + 1e-9)


@SQUARE
@LEVELS
def test_snow_is_its_recipe(images, severity):
    """Noise, zoom, threshold, motion; whitening; the layer once more upside down."""
    transformation = corruption("snow", severity)
    ours = array(transformation(tensor(images), rng()))
    p = transformation.parameters
    draws = rng()
    noise = draws.standard_normal((len(images), *images.shape[1:3]))
    angles = draws.uniform(-135, -45, size=len(images))

    expected = []
    for one, layer, angle in zip(images / 255, noise, angles, strict=True):
        flakes = zoomed(layer * p["spread"] + p["mean"], p["zoom"])
        flakes[flakes < p["threshold"]] = 0
        fallen = smeared(truncated(flakes), angle, p["radius"], p["sigma"]) / 255
        weights = [0.299, 0.587, 0.114] if one.shape[2] == 3 else [1.0]
        white = np.maximum(one, (one @ weights)[:, :, None] * 1.5 + 0.5)
        both = (fallen + np.rot90(fallen, k=2))[:, :, None]
        expected.append(truncated(p["keep"] * one + (1 - p["keep"]) * white + both))
    assert_same_but_for_rounding(ours, expected)


@pytest.mark.parametrize("images", BATCHES.values(), ids=BATCHES)
def test_snow_never_darkens(images):
    """It adds light alone, but for a level lost to cutting."""
    for severity in SEVERITIES:
        snowy = corruption("snow", severity)(tensor(images), rng())
        assert (snowy.int() - tensor(images).int()).min() >= -1


def diamond_square(draws, size, decay):
    """One map, point by point, with the draws in the order of the batch version."""
    field = np.zeros((size, size))
    step, wobble = size, 100.0
    while step >= 2:
        half, cells = step // 2, size // step
        levels = draws.uniform(-wobble, wobble, size=(3, 1, cells, cells))[:, 0]
        for i in range(cells):
            for j in range(cells):
                y, x = i * step, j * step
                around = [
                    field[(y + dy) % size, (x + dx) % size]
                    for dy in (0, step)
                    for dx in (0, step)
                ]
                field[y + half, x + half] = sum(around) / 4 + wobble * levels[0][i, j]
        for i in range(cells):
            for j in range(cells):
                y, x = i * step, j * step
                for (dy, dx), level in (((0, half), levels[1]), ((half, 0), levels[2])):
                    around = [
                        field[(y + dy + ey) % size, (x + dx + ex) % size]
                        for ey, ex in ((half, 0), (-half, 0), (0, half), (0, -half))
                    ]
                    field[y + dy, x + dx] = sum(around) / 4 + wobble * level[i, j]
        step, wobble = half, wobble / decay
    field -= field.min()
    return field / field.max()


@pytest.mark.parametrize("decay", [3.0, 1.75])
def test_plasma_is_diamond_square(decay):
    """Centres of squares first, then of their sides; the map wraps around."""
    ours = weather.plasma(rng(), 1, 32, decay)[0]

    assert ours == pytest.approx(diamond_square(rng(), 32, decay), abs=1e-12)


def test_plasma_is_smoother_with_more_decay_and_each_map_is_its_own():
    """From 0 to 1; the next power of two of the side."""
    rough = weather.plasma(rng(), 20, 20, 1.75)
    smooth = weather.plasma(rng(), 20, 20, 3.0)

    assert rough.shape == (20, 32, 32)
    assert (rough.min((1, 2)) == 0).all()
    assert (rough.max((1, 2)) == 1).all()
    assert np.abs(np.diff(rough)).mean() > 1.3 * np.abs(np.diff(smooth)).mean()
    assert len({one.tobytes() for one in rough}) == 20


@pytest.mark.parametrize("images", BATCHES.values(), ids=BATCHES)
@LEVELS
def test_fog_is_its_recipe(images, severity):
    """The same cloud for all channels; the brightest value stays the limit."""
    transformation = corruption("fog", severity)
    ours = array(transformation(tensor(images), rng()))
    strength, decay = transformation.parameters.values()
    h, w = images.shape[1:3]
    clouds = weather.plasma(rng(), len(images), max(h, w), decay)

    expected = []
    for one, cloud in zip(images / 255, clouds, strict=True):
        top = one.max()
        foggy = one + strength * cloud[:h, :w, None]
        expected.append(truncated(foggy * top / (top + strength)))
    assert_same_but_for_rounding(ours, expected)


def test_fog_of_a_black_image_is_black():
    """Scaled back to the brightness it had: none."""
    black = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)

    assert (corruption("fog", 5)(black, rng()) == 0).all()
