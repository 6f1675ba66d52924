"""The interior's other pools against PIL, torchvision and scipy, and as families."""

import colorsys
import io

import numpy as np
import pytest
import scipy.interpolate
import scipy.ndimage
import torch
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as V  # noqa: N812 - as its own docs do

from harness.datasets.dataset import Dataset
from harness.datasets.families import FAMILIES
from harness.datasets.images import ArrayImages
from harness.datasets.made.metaset import metaset
from harness.datasets.made.pools import (
    DEFAULT_POOL,
    GREY_POOL,
    GREY_POOL_A,
    GREY_POOL_B,
    GREY_POOL_C,
    POOL_A,
    POOL_B,
    POOL_C,
)
from harness.datasets.made.transformations import (
    colour,
    filters,
    levels,
    storage,
    warp,
    weather,
)
from harness.measurement import Domain
from harness.sampling import sampled_rows
from harness.settings import Settings

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, size=(8, 32, 32, 3), dtype=np.uint8)
GREY = RNG.integers(0, 200, size=(8, 8, 8, 1), dtype=np.uint8)
SHAPES = pytest.mark.parametrize("images", [RGB, GREY], ids=["rgb", "grey"])
LETTERS = pytest.mark.parametrize("letter", ["a", "b", "c", "d"])
FOG = next(entry.parameters for entry in POOL_A if entry.name == "fog")
RAIN = next(entry.parameters for entry in POOL_B if entry.name == "rain")


def tensor(images):
    """(b, h, w, c) to (b, c, h, w)."""
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def array(images):
    """And back."""
    return images.permute(0, 2, 3, 1).numpy()


def rng(seed=3):
    """The same draws every time."""
    return np.random.default_rng(seed)


def apart(ours, images, single):
    """Largest difference in levels from a function of single PIL images."""
    worst = 0
    for one, result in zip(images, array(ours), strict=True):
        expected = np.asarray(single(Image.fromarray(one.squeeze())))
        difference = expected.reshape(one.shape).astype(int) - result
        worst = max(worst, int(np.abs(difference).max()))
    return worst


def smooth(images):
    """Without the noise that would hide where a pixel comes from."""
    return scipy.ndimage.gaussian_filter(images, (0, 2, 2, 0))


ENTRIES = [
    *((entry, RGB) for entry in (*POOL_A, *POOL_B, *POOL_C[:-1])),  # shared with A
    *((entry, GREY) for entry in (*GREY_POOL_A, *GREY_POOL_B, *GREY_POOL_C)),
]


@pytest.mark.parametrize(
    ("entry", "images"),
    ENTRIES,
    ids=[f"{entry.name}-{images.shape[1]}" for entry, images in ENTRIES],
)
def test_every_entry_keeps_shape_and_depends_on_its_draws_alone(entry, images):
    """uint8 to uint8; the input is left as it was; something changes."""
    before = tensor(images.copy())
    once = entry(before, rng())

    assert once.dtype == torch.uint8
    assert once.shape == before.shape
    assert (before == tensor(images)).all()
    assert (once == entry(tensor(images), rng())).all()
    assert any((entry(before, rng(seed)) != before).any() for seed in range(8))


NEIGHBOURS = {"sharpen", "emboss", "elastic", "piecewise_affine", "rain"}


@pytest.mark.parametrize("sides", [(1, 1), (1, 5), (2, 2), (3, 4)])
@pytest.mark.parametrize(
    ("entry", "images"),
    ENTRIES,
    ids=[f"{entry.name}-{images.shape[1]}" for entry, images in ENTRIES],
)
def test_tiny_images_are_transformed_or_refused(entry, images, sides):
    """Those that mix neighbours need two pixels a side, and say so."""
    tiny = tensor(images)[:, :, : sides[0], : sides[1]]
    if min(sides) == 1 and entry.name in NEIGHBOURS:
        message = rf"sides of at least 2 pixels .* got {sides[0]}x{sides[1]};"
        with pytest.raises(ValueError, match=message):
            entry(tiny, rng())
    else:
        assert entry(tiny, rng()).shape == tiny.shape


NO_STRENGTH = [
    (colour.grayscale, {"alpha": (0, 0)}),
    (colour.multiply_hue, {"factor": (1, 1)}),
    (colour.add_to_saturation, {"amount": (0, 0)}),
    (levels.enhance_brightness, {"factor": (1, 1)}),
    (levels.invert, {"probability": 0}),
    (filters.enhance_sharpness, {"factor": (1, 1)}),
    (filters.emboss, {"alpha": (0, 0), "strength": (1, 1)}),
    (storage.additive_noise, {"sigma": (0, 0), "per_channel": 0.5}),
    (warp.elastic, {"alpha": (0, 0), "sigma": (0.5, 0.5)}),
    (warp.piecewise_affine, {"scale": (0, 0), "points": (2, 4)}),
    (weather.fog, {**FOG, "density": (0, 0)}),
    (weather.rain, {**RAIN, "density": (0, 0)}),
]


@pytest.mark.parametrize(
    ("transform", "parameters"), NO_STRENGTH, ids=[f.__name__ for f, _ in NO_STRENGTH]
)
def test_no_strength_is_no_change(transform, parameters):
    """To the byte, whatever is drawn beside it."""
    assert (transform(tensor(RGB), rng(), **parameters) == tensor(RGB)).all()


@pytest.mark.parametrize("alpha", [0.3, 0.5, 1.0])
def test_grayscale_is_a_blend_with_pils_grey(alpha):
    """Within a level, for PIL's blend truncates; all grey is exact."""
    ours = colour.grayscale(tensor(RGB), rng(), alpha=(alpha, alpha))

    def single(image):
        return Image.blend(image, image.convert("L").convert("RGB"), alpha)

    assert apart(ours, RGB, single) <= (0 if alpha == 1 else 1)


@pytest.mark.parametrize(
    ("transform", "change"),
    [
        (
            lambda x: colour.multiply_hue(x, rng(), factor=(1.4, 1.4)),
            lambda h, s: (h * 1.4 % 1, s),
        ),
        (
            lambda x: colour.add_to_saturation(x, rng(), amount=(40, 40)),
            lambda h, s: (h, min(s + 40 / 255, 1)),
        ),
        (
            lambda x: colour.add_to_saturation(x, rng(), amount=(-40, -40)),
            lambda h, s: (h, max(s - 40 / 255, 0)),
        ),
    ],
    ids=["hue", "more", "less"],
)
def test_hue_and_saturation_are_the_standard_librarys(transform, change):
    """Pixel by pixel through colorsys; greys, black and white among them."""
    images = RGB[:1, :16, :16].copy()
    images[0, 0, :6] = [[0] * 3, [255] * 3, [90] * 3, [9, 9, 0], [255, 0, 0], [0, 0, 1]]
    ours = array(transform(tensor(images)))

    for pixel, result in zip(images.reshape(-1, 3), ours.reshape(-1, 3), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*(pixel / 255))
        expected = colorsys.hsv_to_rgb(*change(hue, saturation), value)
        assert np.abs(np.array(expected) * 255 - result).max() <= 0.51


@pytest.mark.parametrize(
    ("kelvin", "light"),
    [(1100, [255, 71, 0]), (2050, [255, 139.5, 25.5]), (5000, [255, 228, 206])],
)
def test_temperature_is_the_light_of_a_black_body(kelvin, light):
    """White becomes the light's colour, between the tabled ones linearly."""
    white = torch.full((1, 3, 8, 8), 255, dtype=torch.uint8)
    lit = colour.change_temperature(white, rng(), kelvin=(kelvin, kelvin))

    assert np.abs(lit[0, :, 0, 0].numpy() - light).max() <= 0.5


@SHAPES
@pytest.mark.parametrize("factor", [0.5, 0.8, 1.5])
def test_brightness_and_sharpness_are_pils(images, factor):
    """ImageEnhance within a level."""
    lit = levels.enhance_brightness(tensor(images), rng(), factor=(factor, factor))
    sharp = filters.enhance_sharpness(tensor(images), rng(), factor=(factor, factor))

    def brightness(image):
        return ImageEnhance.Brightness(image).enhance(factor)

    def sharpness(image):
        return ImageEnhance.Sharpness(image).enhance(factor)

    assert apart(lit, images, brightness) <= 1
    assert apart(sharp, images, sharpness) <= 1


@SHAPES
def test_blur_is_pils_to_the_byte(images):
    """The edges that it leaves alone among them."""
    ours = filters.filter_blur(tensor(images), rng())

    assert apart(ours, images, lambda image: image.filter(ImageFilter.BLUR)) == 0


@pytest.mark.parametrize(
    "images",
    [RGB, RGB // 5 + 30, RGB // 100, np.zeros_like(RGB), GREY],
    ids=["full", "dull", "three levels", "flat", "too small"],
)
def test_equalize_is_pils_to_the_byte(images):
    """Channel by channel."""
    assert apart(levels.equalize(tensor(images), rng()), images, ImageOps.equalize) == 0


def test_inversion_takes_its_share_of_channels_one_by_one():
    """All of it or nothing of each; a share of 0.05 is not one of 0.2."""
    images = torch.full((2000, 3, 1, 1), 200, dtype=torch.uint8)
    some = levels.invert(images, rng(), probability=0.05)
    every = levels.invert(tensor(RGB), rng(), probability=1)

    assert set(some.unique().tolist()) == {55, 200}
    assert (some == 55).float().mean() == pytest.approx(0.05, abs=0.01)
    assert apart(every, RGB, ImageOps.invert) == 0


@SHAPES
def test_emboss_is_its_kernel(images):
    """As scipy correlates, the mirror without the last pixel outside."""
    alpha, strength = 0.4, 1.2
    ours = array(
        filters.emboss(
            tensor(images), rng(), alpha=(alpha,) * 2, strength=(strength,) * 2
        )
    )
    kernel = alpha * np.array(
        [
            [-1 - strength, -strength, 0],
            [-strength, 1, strength],
            [0, strength, 1 + strength],
        ]
    )
    kernel[1, 1] += 1 - alpha
    exact = scipy.ndimage.correlate(
        images.astype(float), kernel[None, :, :, None], mode="mirror"
    )

    assert np.abs(exact.clip(0, 255) - ours).max() <= 0.51


@SHAPES
@pytest.mark.parametrize(("compression", "quality"), [(70, 31), (85, 17), (99, 3)])
def test_jpeg_is_pils_at_the_quality_of_a_strength(images, compression, quality):
    """More strength is less quality."""
    ours = storage.jpeg(tensor(images), rng(), compression=(compression,) * 2)

    def single(image):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file)

    assert apart(ours, images, single) == 0


def test_noise_has_its_deviation_and_its_own_channels():
    """Those of an image are the same or all different, half of the images each."""
    images = torch.full((400, 3, 32, 32), 128, dtype=torch.uint8)
    noise = storage.additive_noise(images, rng(), sigma=(5, 5), per_channel=0.5)
    change = noise.float() - 128
    same = (change[:, :1] == change).all((1, 2, 3))

    assert change.std().item() == pytest.approx(5, rel=0.02)
    assert change.mean().item() == pytest.approx(0, abs=0.05)
    assert same.float().mean().item() == pytest.approx(0.5, abs=0.1)


def test_elastic_is_torchvisions_under_the_same_displacement():
    """Bicubic; the displacement is drawn noise under a Gaussian of 5x5 taps."""
    images = smooth(RGB)[:1]
    ours = warp.elastic(tensor(images), rng(), alpha=(2, 2), sigma=(0.5, 0.5))

    draws = rng()
    draws.uniform(size=2)  # alpha and sigma
    noise = draws.uniform(-1, 1, size=(2, 36, 36))
    moved = 2 * scipy.ndimage.gaussian_filter(noise, (0, 0.5, 0.5), radius=(0, 2, 2))
    moved = moved[:, 2:-2, 2:-2] * (2 / 32)
    displacement = torch.from_numpy(moved).permute(1, 2, 0)[None].float()
    expected = V.elastic(
        tensor(images).float(), displacement, InterpolationMode.BICUBIC, fill=0
    )
    inner = (..., slice(4, -4), slice(4, -4))

    assert (expected - ours)[inner].abs().max() <= 0.6


@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (3, 4), (4, 2)])
def test_piecewise_affine_is_scipys_interpolation_in_triangles(rows, columns):
    """Where pixels come from, for one grid of each shape."""
    h, w = 20, 32
    moves = rng().normal(0, 1, size=(1, 4, 4, 2))
    y, x = warp._places(moves, np.array([rows]), np.array([columns]), h, w)

    grid = np.meshgrid(
        np.linspace(0, h - 1, rows), np.linspace(0, w - 1, columns), indexing="ij"
    )
    start = np.stack(grid, -1)
    end = (start + moves[0, :rows, :columns]).clip(0, [h - 1, w - 1]).reshape(-1, 2)
    # A touch of shear decides for Qhull which way it cuts the cells.
    sheared = start.reshape(-1, 2) @ np.array([[1, 1e-7], [1e-7, 1]])
    pixels = np.stack(np.mgrid[:h, :w], -1) @ np.array([[1, 1e-7], [1e-7, 1]])
    exact = scipy.interpolate.LinearNDInterpolator(sheared, end)(pixels)
    within = ~np.isnan(exact).any(-1)

    assert within.mean() > 0.8
    assert np.abs(np.stack([y[0], x[0]], -1) - exact)[within].max() < 1e-4


def test_piecewise_affine_sees_bilinearly():
    """As scipy at those places."""
    images = RGB[:1]
    ours = array(
        warp.piecewise_affine(tensor(images), rng(), scale=(0.03, 0.03), points=(3, 3))
    )
    draws = rng()
    draws.integers(3, 4, size=(2, 1))
    draws.uniform(size=1)
    moves = draws.standard_normal((1, 3, 3, 2)) * (0.03 * 32)
    y, x = warp._places(moves, np.array([3]), np.array([3]), 32, 32)
    for channel in range(3):
        exact = scipy.ndimage.map_coordinates(
            images[0, :, :, channel].astype(float), [y[0], x[0]], order=1
        )
        assert np.abs(exact - ours[0, :, :, channel]).max() <= 0.6


def test_fog_brightens_and_flattens():
    """Black takes on the layer's grey, all channels alike, within its bounds."""
    black = torch.zeros(200, 3, 32, 32, dtype=torch.uint8)
    fogged = weather.fog(black, rng(), **FOG).float()
    means = fogged.mean((1, 2, 3))

    assert (fogged[:, :1] == fogged).all()
    # Shares are between .7^.9 * .4 and 1, the layer between 220 * .8 and 255.
    assert 40 < means.min() < means.max() <= 255
    assert (means.max() - means.min()) > 60
    assert (fogged.std((1, 2, 3)) > 1).all()


def test_rain_falls_in_streaks_brighter_than_a_dark_image():
    """Longer streaks are longer along the fall; more layers are more rain."""
    black = torch.zeros(100, 1, 32, 32, dtype=torch.uint8)
    still = {**RAIN, "uniformity": (0.9, 0.9), "density": (0.03, 0.03), "angle": (0, 0)}

    def rained(layers, speed):
        parameters = {**still, "layers": layers, "speed": speed}
        return weather.rain(black, rng(), **parameters).double()

    one, three = rained((1, 1), (0.4, 0.4)), rained((3, 3), (0.4, 0.4))

    def along(images, axis):
        """Correlation of neighbours along an axis."""
        ahead, behind = images.diff(dim=axis), images
        return 1 - (ahead**2).mean() / (2 * behind.var())

    assert three.mean() > 2 * one.mean() > 0
    assert one.max() <= 240
    assert along(one, 2) > 0.7 > along(one, 3)


def test_streaks_are_lines_that_add_up_to_one():
    """Up to one pixel is no streak; a streak fades along its fall."""
    kernels = weather._streaks(
        np.array([0.0, 0.0, 15.0]), np.array([1, 5, 9]), longest=9
    )
    identity, short, long = kernels[:, 0]

    assert kernels.sum((1, 2, 3)).tolist() == pytest.approx([1, 1, 1])
    assert identity[4, 4] == 1
    assert short[:, 4].tolist() == pytest.approx([0, 0, 0.4, 0.3, 0.2, 0.1, 0, 0, 0])
    assert (long[:, 4] > 0).sum() < 9 < (long > 0).sum()


def test_colour_is_refused_on_grey_images():
    """The message says what to do."""
    with pytest.raises(ValueError, match="choose another transformation for grey"):
        colour.grayscale(tensor(GREY), rng(), alpha=(0, 1))
    with pytest.raises(ValueError, match=r"`kelvin` must be two rising numbers"):
        colour.change_temperature(tensor(RGB), rng(), kelvin=(900, 2000))


def test_pools_share_only_what_is_said_of_them():
    """Disjoint but for C, whose list repeats others'."""

    def shared(one, other):
        return {entry.name for entry in one if entry in other}

    assert [len(pool) for pool in (POOL_A, POOL_B, POOL_C)] == [8, 8, 8]
    assert not shared(POOL_A, (*DEFAULT_POOL, *POOL_B))
    assert not shared(POOL_B, (*DEFAULT_POOL, *POOL_C))
    assert shared(POOL_C, DEFAULT_POOL) == {"enhance_color", "solarize", "autocontrast"}
    assert shared(POOL_C, POOL_A) == {"grayscale"}
    assert not shared(GREY_POOL_A, (*GREY_POOL, *GREY_POOL_B, *GREY_POOL_C))
    assert not shared(GREY_POOL_B, (*GREY_POOL, *GREY_POOL_C))


@pytest.mark.parametrize("pool", [POOL_A, POOL_B, POOL_C], ids=list("abc"))
def test_a_set_is_the_same_in_whatever_batch_and_up_to_whatever_limit(pool):
    """Image i depends on the seed, the set, the images and i alone."""
    pixels = np.tile(RGB, (66, 1, 1, 1))[:520]
    content = ArrayImages(pixels=pixels, labels=None, digest="none")
    for index in range(3):
        dataset = Dataset(
            name="one",
            family="one",
            domain=Domain.INTERIOR,
            load=lambda: content,
            transformations=metaset(0, index, pool),
            seed=(0, index),
            labelled=False,
        )
        first, second = (torch.cat(list(dataset.blocks())) for _ in range(2))

        assert (first == second).all()


def settings(path, **chosen):
    """Those of a run whose files are in a folder of its own."""
    return Settings(cache_dir=path, store=path, **chosen)


def members(base, letter, run):
    """Datasets of a family, after a look at what is declared."""
    name = f"interior-{letter}"
    family = next(f for f in FAMILIES if (f.base, f.name) == (base, name))
    assert family.on_request
    assert family.domain is Domain.INTERIOR
    return family.datasets(run)


@LETTERS
def test_families_run_on_the_digits(letter, tmp_path):
    """Every set, with the digits' shape and labels; no two sets are the same."""
    sets = members("digits", letter, settings(tmp_path, interior=12))
    plain = torch.from_numpy(sets[0].load().pixels).permute(0, 3, 1, 2)
    plain = plain[sampled_rows(len(plain), 50)]
    found = [next(iter(dataset.blocks(limit=50))) for dataset in sets]

    assert [dataset.name for dataset in sets[:2]] == [
        f"interior-{letter}/0000",
        f"interior-{letter}/0001",
    ]
    assert all(one.shape == (50, 1, 8, 8) for one in found)
    assert all((one != plain).any() for one in found)
    assert len({one.numpy().tobytes() for one in found}) == 12
    labels = sets[0].load().labels
    assert (sets[0].labels(50) == labels[sampled_rows(len(labels), 50)]).all()


@LETTERS
@pytest.mark.parametrize("base", ["digits", "cifar10"])
def test_a_set_is_the_same_however_many_are_made(base, letter, tmp_path):
    """And another seed makes others."""
    few = members(base, letter, settings(tmp_path, interior=3, seed=5))
    many = members(base, letter, settings(tmp_path, interior=9, seed=5))
    others = members(base, letter, settings(tmp_path, interior=3, seed=6))

    def drawn(dataset):
        return dataset.name, dataset.transformations, dataset.seed

    assert len(few) == 3
    assert list(map(drawn, few)) == list(map(drawn, many[:3]))
    assert not {d.seed for d in few} & {d.seed for d in others}
