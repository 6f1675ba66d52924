"""Perturbations: each frame as the published generators make it, by their libraries."""

import colorsys
import math

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F  # noqa: N812 - as its docs do

from harness.datasets.made.corruptions import spatter, weather
from harness.datasets.made.corruptions.blur import smear
from harness.datasets.made.perturbations.catalogue import (
    CIFAR10_P,
    IMAGENET_P,
    NAMES,
    Perturbation,
)
from harness.datasets.made.perturbations.still import middle
from tests.datasets.made.corruptions.arrays import RNG, SMOOTH, array, rng

# Larger than a frame, as photographs are: 40 rows, 51 columns.
PHOTO = ndimage.zoom(RNG.integers(0, 256, (8, 10, 3)), (5, 5.1, 1), order=1)
PHOTO = PHOTO.clip(0, 255).astype(np.uint8)
SIZE = (32, 32)
TABLES = {"imagenet": IMAGENET_P, "cifar": CIFAR10_P}


def image(pixels):
    return torch.from_numpy(pixels).permute(2, 0, 1)


def frames(name, pixels=PHOTO, size=SIZE, table=IMAGENET_P, draws=None):
    """(t, h, w, c) of an image under a perturbation."""
    return array(table[name](image(pixels), size, draws or rng()))


def cut(pixels, size=SIZE):
    """The middle, by torchvision."""
    return np.asarray(F.center_crop(Image.fromarray(pixels), list(size)))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_ten_have_the_published_numbers_of_frames(table):
    """21 and 16 of motion and translation of CIFAR-10-P, 41 of ImageNet-P's."""
    counts = {name: len(frames(name, SMOOTH[0], table=table)) for name in table}

    odd = {"translate": 41} if table is IMAGENET_P else {}
    odd = odd or {"motion_blur": 21, "translate": 16}
    assert counts == {name: odd.get(name, 31) for name in table}
    assert counts == {name: row.frames for name, row in table.items()}
    assert len(table) == 10
    assert set(table) < set(NAMES)
    assert ("snow" in table) == (table is IMAGENET_P) == ("spatter" not in table)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_moves_go_as_far_as_published(table, channels):
    """By scipy, of the whole image before its middle is cut; Pillow cuts to bytes."""
    pixels = PHOTO if channels == 3 else PHOTO[..., :1].copy()
    cifar = table is CIFAR10_P
    y, x = np.mgrid[:40, :51] - np.array([19.5, 25])[:, None, None]
    moved = {
        "translate": [(x - (i - 7 if cifar else i - 20), y) for i in range(41)],
        "rotate": [
            (c * x + s * y, c * y - s * x)
            for c, s in (
                (math.cos(a), math.sin(a)) for a in np.deg2rad(np.arange(-15, 16))
            )
        ],
        "scale": [
            (x / zoom, y / zoom)
            for zoom in (
                0.7 + 0.02 * i if cifar else 0.4 + 0.025 * i for i in range(31)
            )
        ],
    }

    for name, places in moved.items():
        for frame, (x_from, y_from) in zip(
            frames(name, pixels, table=table), places, strict=False
        ):
            check_seen(frame, pixels, x_from + 25, y_from + 19.5)
    # Clockwise: what was at the top is to the right of it.
    point = np.zeros((33, 33, 1), np.uint8)
    point[2, 16] = 255
    turned = frames("rotate", point, (33, 33), table=table)[30]
    assert turned[..., 0].sum(axis=0).argmax() == 20


def check_seen(frame, pixels, x, y):
    """A frame shows bilinear what is at these places, but for the outermost pixels."""
    h, w, channels = pixels.shape
    seen = np.stack(
        [
            ndimage.map_coordinates(pixels[..., k].astype(float), [y, x], order=1)
            for k in range(channels)
        ],
        axis=-1,
    )
    inside = (x > 0) & (x < w - 1) & (y > 0) & (y < h - 1)
    outside = (x < -1) | (x > w) | (y < -1) | (y > h)
    apart = np.abs(frame.astype(float) - cut_floats(seen))
    assert apart[cut_floats(inside)].max(initial=0) <= 1 + 1e-6
    assert frame[cut_floats(outside)].max(initial=0) == 0
    assert cut_floats(inside).any()


def cut_floats(values):
    top, left = round((values.shape[0] - 32) / 2), round((values.shape[1] - 32) / 2)
    return values[top : top + 32, left : left + 32]


def test_zoom_blur_is_the_mean_of_what_was_seen_so_far():
    """Of the image and its enlargements, cut to bytes; a level by single precision."""
    picture = Image.fromarray(PHOTO)
    total = F.to_tensor(cut(PHOTO).copy())
    found = frames("zoom_blur")

    assert np.array_equal(found[0], cut(PHOTO))
    for i in range(1, 31):
        larger = F.affine(
            picture,
            angle=0,
            translate=(0, 0),
            scale=1 + 0.004 * i,
            shear=0,
            interpolation=InterpolationMode.BILINEAR,
        )
        total += F.to_tensor(F.center_crop(larger, [32, 32]))
        mean = np.asarray(F.to_pil_image(total / (i + 1))).astype(int)
        assert np.abs(found[i] - mean).max() <= 1
        assert (found[i] != mean).mean() < 0.05
    flat = np.full((40, 40, 3), 77, np.uint8)
    assert (frames("zoom_blur", flat) == 77).all()


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_tilt_is_the_published_perspective(table):
    """Of the product of five matrices; scipy looks up where each pixel comes from."""
    step = 1.0 if table is IMAGENET_P else 0.75
    h, w = PHOTO.shape[:2]
    found = frames("tilt", table=table)

    for i in (0, 9, 15, 22, 30):
        angle = math.radians(step * (i - 15))
        c, s, f = math.cos(angle), math.sin(angle), math.sqrt(w**2 + h**2)
        product = (
            np.array([[f, 0, w / 2, 0], [0, f, h / 2, 0], [0, 0, 1, 0]])
            @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, f], [0, 0, 0, 1]])
            @ np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1]])
            @ np.array([[c, 0, -s, 0], [0, 1, 0, 0], [s, 0, c, 0], [0, 0, 0, 1]])
            @ np.array([[1, 0, -w / 2], [0, 1, -h / 2], [0, 0, 1], [0, 0, 1]])
        )
        y, x = np.mgrid[:h, :w]
        places = np.linalg.inv(product) @ np.stack([x, y, np.ones_like(x)]).reshape(
            3, -1
        )
        x, y = (places[:2] / places[2]).reshape(2, h, w)
        check_seen(found[i], PHOTO, x, y)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_brightness_is_the_published_change_of_v(table):
    """By Python's own colours; the middle frame is the image."""
    step = 0.02 if table is IMAGENET_P else 0.015
    found = frames("brightness", table=table)
    first = cut(PHOTO)

    assert np.array_equal(found[15], first)
    for i in (0, 12, 30):
        for y, x in RNG.integers(0, 32, (40, 2)):
            h, s, v = colorsys.rgb_to_hsv(*first[y, x] / 255)
            v = min(max(v + step * (i - 15), 0), 1)
            expected = np.array(colorsys.hsv_to_rgb(h, s, v)) * 255
            assert np.abs(found[i, y, x] - np.floor(expected + 1e-9)).max() <= 1


@pytest.mark.parametrize(
    ("name", "table", "spread"),
    [
        ("gaussian_noise", IMAGENET_P, 0.03 * 255),
        ("gaussian_noise", CIFAR10_P, 0.02 * 255),
        ("shot_noise", IMAGENET_P, math.sqrt(128 / 255 / 300) * 255),
        ("shot_noise", CIFAR10_P, math.sqrt(128 / 255 / 700) * 255),
    ],
)
def test_noise_is_new_in_every_frame_but_the_first(name, table, spread):
    """Of the published strength; cutting to bytes takes half a level."""
    flat = np.full((32, 32, 3), 128, np.uint8)
    found = frames(name, flat, table=table)

    assert np.array_equal(found[0], flat)
    change = found[1:].astype(float) - 128
    assert change.std() == pytest.approx(spread, rel=0.03)
    assert change.mean() == pytest.approx(-0.5, abs=0.1)
    between = np.corrcoef(change.reshape(30, -1))[np.triu_indices(30, 1)]
    assert np.abs(between).max() < 0.1


@pytest.mark.parametrize(
    ("table", "angles", "radius", "sigma"),
    [
        (IMAGENET_P, [(i - 30) * 4.0 for i in range(31)], 10, 3.0),
        (CIFAR10_P, [(i - 20) * 9.0 for i in range(21)], 6, 1.8),
    ],
    ids=TABLES,
)
def test_motion_turns_by_the_published_angles(table, angles, radius, sigma):
    first = middle(image(PHOTO), SIZE)
    for frame, angle in zip(frames("motion_blur", table=table), angles, strict=True):
        one = smear(first, np.array([angle]), radius=radius, sigma=sigma)
        assert np.array_equal(frame, array(one)[0])


class Drawn:
    """Gives the same normal draws again, and of a range its lower end."""

    def __init__(self, seed=3):
        self._rng = np.random.default_rng(seed)

    def standard_normal(self, shape):
        return self._rng.standard_normal(shape)

    def uniform(self, low, high, size):
        assert low == high
        return np.full(size, low)


def test_snow_falls_in_other_directions_of_the_same_flakes():
    """Each frame is the corruption at that angle."""
    found = frames("snow")

    for i in (0, 13, 30):
        expected = weather.snow(
            middle(image(PHOTO), SIZE),
            Drawn(),
            mean=0.05,
            spread=0.3,
            zoom=3.0,
            threshold=0.5,
            radius=14,
            sigma=4.0,
            keep=0.85,
            angle=(i * 4 - 150, i * 4 - 150),
        )
        assert np.array_equal(found[i], array(expected)[0])
    assert (found[0] != found[1]).any()


def test_water_runs_down():
    """The first frame is the corruption; from then on columns are convolved."""
    pixels = SMOOTH[0]
    found = frames("spatter", pixels, table=CIFAR10_P)
    facts = {"mean": 0.6, "spread": 0.265, "sigma": 1.75}
    first = spatter.spatter(
        image(pixels)[None],
        Drawn(),
        liquid="water",
        threshold=0.7,
        amount=0.6,
        **facts,
    )
    assert np.array_equal(found[0], array(first)[0])

    noise = np.random.default_rng(3).standard_normal((32, 32)) * 0.265 + 0.6
    height = ndimage.gaussian_filter(noise, 1.75, mode="nearest", truncate=4)
    height[height < 0.7] = 0
    assert (height > 0).any()
    values = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].double() / 255
    for frame in found[:6]:
        wet = torch.from_numpy(height.copy())[None, None]
        assert np.array_equal(frame, array(spatter.watered(values, wet, 0.6))[0])
        height = np.apply_along_axis(
            lambda column: np.convolve(column, [0.2, 0.8], mode="same"), 0, height
        )


@pytest.mark.parametrize("name", [*IMAGENET_P, "spatter"])
def test_a_later_frame_is_less_like_the_first(name):
    """On photographs, of what changes steadily; of noise all are as far."""
    table = IMAGENET_P if name in IMAGENET_P else CIFAR10_P
    found = frames(name, SMOOTH[1], table=table).astype(float)
    apart = np.abs(found - found[0]).mean(axis=(1, 2, 3))

    if "noise" in name:
        assert apart[1:].std() < 0.05 * apart[1:].mean()
    else:
        assert apart[1] < apart[len(apart) // 2]
    assert apart[-1] > 0


def test_grey_images_stay_grey():
    grey = SMOOTH[0][..., :1].copy()
    for name, row in CIFAR10_P.items():
        found = row(image(grey), SIZE, rng())
        assert found.shape == (row.frames, 1, 32, 32), name


def test_a_perturbation_that_gives_something_else_is_refused():
    odd = Perturbation(name="rotate", module="moves", frames=31)
    assert len(odd(image(PHOTO), SIZE, rng())) == 31
    with pytest.raises(ValueError, match="perturbation rotate must give uint8"):
        odd(image(PHOTO), (60, 60), rng())
