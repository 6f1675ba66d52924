"""Heads on frozen features: published and hand-made values, leaks, twins."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from harness.datasets.bases import CIFAR10
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.uncertainty import sampling_interval, share_interval
from harness.models.pretext.cutting import NEIGHBOURS
from harness.models.pretext.options import Jigsaw
from harness.registry import Registry
from harness.settings import Settings
from harness.tasks import colorization, context, inpainting, rotation, tiles
from harness.tasks.frozen import Asked, Setting, ask_views, better, fitted, right_share
from harness.tasks.jigsaw import chosen_jigsaw, frozen, tile_means
from harness.tasks.jpeg_lattice import lattice_distances, table, told_by_jpeg
from harness.tasks.rotation import ROTATION
from harness.tasks.twins import encoder, random_twin


def noise(n=20, side=32, channels=3, seed=0):
    drawn = np.random.default_rng(seed).integers(0, 256, (n, side, side, channels))
    return drawn.astype(np.uint8)


def as_jpeg(pixels, quality=75):
    found = []
    for image in pixels:
        content = io.BytesIO()
        Image.fromarray(image.squeeze()).save(content, "JPEG", quality=quality)
        found.append(np.asarray(Image.open(content)).reshape(image.shape))
    return np.stack(found)


def flat(pixels):
    return pixels.reshape(len(pixels), -1).astype(np.float64)


# --- heads ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("penalty", "value"),
    [(1, 0.352738674443), (10, 0.356276044982), (100, 0.374450126519)],
)
def test_middles_of_digits_from_what_is_around_them(penalty, value):
    """Reference page, section 1: the other 48 pixels, 1,000 train, 797 test."""
    from sklearn.datasets import load_digits

    pixels = load_digits().images.astype(np.uint8)[..., None]
    around = ~inpainting.hidden(8, 8)
    assert around.sum() == 48

    def visible(shown):
        return flat(shown[:, around])

    train, test = pixels[:1000], pixels[1000:]
    setting = Setting.of(train)
    asked = [inpainting.ask(part, visible, setting) for part in (train, test)]
    head = fitted(asked[0], penalty=penalty)

    assert head.score(asked[1])[0] == pytest.approx(value, abs=1e-9)
    around_mean = ((asked[1].answers - head.centre) ** 2).mean() * 255**2 / 16**2
    assert around_mean == pytest.approx(0.144375437020, abs=1e-10)


def test_classes_are_told_as_scikit_learn_does():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(0)
    x = random.standard_normal((300, 5)) * [1, 2, 3, 4, 5]
    y = (x[:, 0] + random.standard_normal(300) > 0).astype(np.int64)
    pipe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    pipe.fit(x[:200], y[:200])
    rows = np.arange(300)
    head = fitted(Asked(features=x[:200], answers=y[:200], images=rows[:200]))

    found, *_ = head.score(Asked(features=x[200:], answers=y[200:], images=rows[200:]))
    assert found == pytest.approx(pipe.score(x[200:], y[200:]))


def test_a_feature_that_never_changes_counts_for_nothing():
    x = np.column_stack([np.arange(6.0), np.ones(6)])
    asked = Asked(features=x, answers=np.arange(6.0)[:, None], images=np.arange(6))

    assert fitted(asked, penalty=1e-9).score(asked)[0] == pytest.approx(1)


@given(scale=st.floats(0.01, 100), seed=st.integers(0, 99))
def test_a_score_is_of_no_unit_and_of_each_image_once(scale, seed):
    random = np.random.default_rng(seed)
    errors, around = random.random((2, 12)) + 0.1
    images = np.repeat(np.arange(4), 3)
    found = better(errors, around, images)

    assert found[0] == pytest.approx(1 - errors.sum() / around.sum())
    assert better(scale * errors, scale * around, images) == pytest.approx(found)
    summed = [part.reshape(4, 3).sum(axis=1) for part in (errors, around)]
    assert better(*summed, np.arange(4)) == pytest.approx(found)
    assert found[1] <= found[0] <= found[2]
    assert better(0 * errors, around, images) == (1, 1, 1)
    assert better(around, around, images) == pytest.approx((0, 0, 0))


def test_the_interval_of_r2_is_students_and_ends_at_1():
    from scipy.stats import t

    errors, around = np.array([1, 2, 1, 3, 2.0]), np.full(5, 9.0)
    value, low, high = better(errors, around, np.arange(5))
    ends = t.interval(0.95, 4, loc=0.8, scale=(errors / 9).std(ddof=1) / np.sqrt(5))
    assert (value, low, high) == pytest.approx((0.8, *ends))

    value, low, high = better(np.array([0, 0, 0, 0.5]), np.ones(4), np.arange(4))
    assert (value, high) == (0.875, 1.0)
    assert low < 0.875 - 0.125  # Student's: 3.18 standard errors below


@given(wrong=st.lists(st.integers(0, 4), min_size=2, max_size=30))
def test_the_interval_of_a_share_lies_between_those_of_images_and_of_questions(wrong):
    """Four questions about each image, of which some are answered wrong."""
    right = np.concatenate([np.arange(4) >= number for number in wrong])
    images = np.repeat(np.arange(len(wrong)), 4)
    value, low, high = right_share(right, images)

    assert value == right.mean()
    assert 0 <= low <= value <= high <= 1
    few, many = (sampling_interval(value, n) for n in (len(wrong), len(right)))
    assert few[0] - 1e-9 <= low <= many[0] + 1e-9
    assert many[1] - 1e-9 <= high <= few[1] + 1e-9


def test_a_share_of_one_question_an_image_has_wilsons_interval():
    right = np.array([True] * 19 + [False])
    found = right_share(right, np.arange(20))
    assert found == pytest.approx((0.95, *share_interval(right)))
    # Four questions that stand and fall together are one.
    same = right_share(np.repeat(right, 4), np.repeat(np.arange(20), 4))
    assert same == pytest.approx(found)
    # Nearly all right: with Student's interval it ended at 1.0004.
    wrong = np.zeros((500, 4), dtype=bool)
    wrong[[3, 8], 0] = True
    share, _, high = right_share(~wrong.ravel(), np.repeat(np.arange(500), 4))
    assert share == 0.999
    assert share < high < 1


def test_answers_that_are_all_the_mean_are_no_question():
    with pytest.raises(UndefinedMetricError, match="differ from their mean"):
        better(np.ones(3), np.zeros(3), np.arange(3))
    with pytest.raises(UndefinedMetricError, match="1 was asked about"):
        better(np.ones(3), np.ones(3), np.zeros(3, dtype=np.int64))


# --- what is asked --------------------------------------------------------------------


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (28, 1), (32, 3), (224, 3)])
def test_every_task_can_be_asked_of_usual_sizes(side, channels):
    pixels = noise(3, side, channels)
    seen = []

    def encode(shown):
        assert shown.dtype == np.uint8
        assert shown.shape[1:] == (side, side, channels)
        seen.append(len(shown))
        return flat(shown)[:, :7]

    setting = Setting.of(pixels)
    tiles = frozen(chosen_jigsaw("spaced", 2, None, fit="refuse", size=(side, side)))
    assert rotation.FROZEN.ask(pixels, encode, setting).features.shape == (12, 7)
    assert tiles.ask(pixels, encode, setting).features.shape == (12, 7)
    neighbours = context.ask(pixels, encode, setting)
    assert neighbours.features.shape == (24, 21)
    assert neighbours.answers.tolist() == [*range(8)] * 3
    middles = inpainting.ask(pixels, encode, setting)
    assert middles.answers.shape == (3, (side // 2) ** 2 * channels)
    assert seen == [3] * 8 + [27, 3]
    if channels == 3:
        assert colorization.ask(pixels, encode, setting).answers.shape == (3, 8)


def test_context_pairs_the_centre_with_each_neighbour():
    """Patches that say where they are."""
    features = np.arange(1.0, 10.0).reshape(1, 9, 1)
    found = context.pairs(features)

    assert found.features[:, 0].tolist() == [5.0] * 8
    assert found.features[:, 1].tolist() == [1, 2, 3, 4, 6, 7, 8, 9]
    assert found.features[:, 2].tolist() == [5, 10, 15, 20, 30, 35, 40, 45]
    assert len(NEIGHBOURS) == 8
    with pytest.raises(ValueError, match="must have square images, got 8x9"):
        context.ask(noise(2, 8)[:, :, :7].repeat(2, 2)[:, :, :9], flat, None)


@pytest.mark.parametrize(("grid", "count"), [(2, 24), (3, 64)])
def test_tiles_are_seen_one_by_one_and_stand_in_an_order(grid, count):
    """Tiles that say where they are."""
    pixels = np.zeros((5, 28, 28, 1), dtype=np.uint8)
    cell = 28 // grid
    for place in range(grid**2):
        row, column = divmod(place, grid)
        at = (
            slice(row * cell, (row + 1) * cell),
            slice(column * cell, (column + 1) * cell),
        )
        pixels[:, *at] = place
    task = tiles.frozen(grid, 28)
    asked = task.ask(
        pixels, lambda shown: shown[:, 14, 14].astype(float), Setting.of(pixels)
    )

    assert task.chance == 1 / count
    assert asked.features.shape == (20, grid**2)
    orders = Jigsaw(grid=grid).orders(28)
    for row, label in zip(asked.features, asked.answers, strict=True):
        assert tuple(row.astype(int)) == orders[label]
    assert asked.images.tolist() == np.repeat(np.arange(5), 4).tolist()


def test_the_middle_is_not_shown():
    pixels = noise(5, 8, 1)
    other = pixels.copy()
    other[:, 2:6, 2:6] = 255 - other[:, 2:6, 2:6]
    setting = Setting(mean_colour=(77.4,))
    one, two = (inpainting.ask(part, flat, setting) for part in (pixels, other))

    assert np.array_equal(one.features, two.features)
    assert set(one.features.reshape(5, 8, 8)[:, 2:6, 2:6].flat) == {77.0}
    assert np.array_equal(one.answers * 255, flat(pixels[:, 2:6, 2:6]))
    around = inpainting.colour_around(pixels)
    assert np.array_equal(around, inpainting.colour_around(other))


def test_colours_are_asked_and_not_shown():
    pixels = noise(4, 8, 3)
    found = colorization.ask(pixels, flat, Setting.of(pixels))
    shown = found.features.reshape(4, 8, 8, 3)

    assert (shown == shown[..., :1]).all()
    assert np.abs(shown[..., 0] - pixels @ [0.299, 0.587, 0.114]).max() <= 0.5
    red = np.zeros((1, 4, 4, 3), dtype=np.uint8)
    red[:, :2, :2, 0] = 255
    ab = colorization.mean_ab(red)[0]
    assert ab[:2].tolist() == pytest.approx([80.09, 67.20], abs=0.01)
    assert np.abs(ab[2:]).max() < 1e-9


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_images_have_no_colours_to_tell(channels):
    grey = noise(4, 8, 1).repeat(channels, axis=3)
    with pytest.raises(UndefinedMetricError, match="must have images in colour"):
        colorization.TASK.score(grey, grey, flat)


def test_a_head_on_an_arrow_tells_every_turn():
    arrows = np.zeros((40, 8, 8, 1), dtype=np.uint8)
    arrows[:, 0] = 200
    arrows += noise(40, 8, 1) // 8

    assert rotation.FROZEN.score(arrows[:30], arrows[30:], flat).value == 1
    blind = rotation.FROZEN.score(
        arrows[:30], arrows[30:], lambda shown: np.ones((len(shown), 1))
    )
    assert blind.value == blind.chance == 0.25


def test_means_of_tiles_stand_where_the_tiles_do():
    pixels = np.zeros((1, 4, 4, 1), dtype=np.uint8)
    pixels[0, :2, 2:] = 10
    pixels[0, 3, 0] = 4

    found = tile_means(pixels, 2)[0].tolist()
    assert found == pytest.approx([0, 0, 10, 0, 1, np.sqrt(3), 0, 0])


# --- the leak of rotation -------------------------------------------------------------


def test_the_table_is_that_of_a_file():
    """Pillow writes the tables of the Independent JPEG Group into its files."""
    for quality in (10, 50, 75, 95):
        content = io.BytesIO()
        Image.fromarray(noise(1, 16)[0]).save(content, "JPEG", quality=quality)
        stored = Image.open(content).quantization[0]
        assert sorted(stored) == sorted(table(quality).astype(int).flat)
    with pytest.raises(ValueError, match=r"`quality` must be in 1\.\.100, got 0"):
        table(0)


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_that_was_a_jpeg_is_told(channels):
    saved = as_jpeg(noise(60, 32, channels))

    assert told_by_jpeg(saved).all()
    upright, aside = lattice_distances(saved).T
    assert (upright < aside).all()
    turned = lattice_distances(np.rot90(saved, axes=(1, 2)))
    assert np.allclose(turned, np.column_stack([aside, upright]), atol=1e-9)


def test_noise_that_was_none_is_told_by_accident():
    assert 0.4 < told_by_jpeg(noise(200)).mean() < 0.6
    score = rotation.FROZEN.score(noise(80), noise(80, seed=1), lattice_distances)
    assert score.value < 0.4


def test_half_of_the_label_is_given_away():
    train, test = as_jpeg(noise(60)), as_jpeg(noise(40, seed=1))

    assert rotation.FROZEN.score(train, test, lattice_distances).value == 0.5


def test_an_image_of_no_block_is_refused():
    with pytest.raises(UndefinedMetricError, match="sides of at least 8, got 7x7"):
        rotation.FROZEN.score(noise(4, 7), noise(4, 7), lattice_distances)


def test_a_feature_that_never_changed_weighs_little_where_it_does():
    """A mean of it is rounded, and what is left of that is no deviation."""
    rng = np.random.default_rng(0)
    x = np.c_[rng.standard_normal((1000, 1)), np.full(1000, 0.1)]
    y, about = (x[:, 0] > 0).astype(np.int64), np.arange(1000)
    head = fitted(Asked(features=x, answers=y, images=about))
    changed = x + np.array([0, 0.1])

    assert head.scale.whole(changed)[:, 1].tolist() == pytest.approx([0.1] * 1000)
    assert head.score(Asked(features=changed, answers=y, images=about))[0] > 0.95


def test_a_head_needs_two_answers():
    asked = Asked(
        features=np.ones((4, 2)),
        answers=np.zeros(4, dtype=np.int64),
        images=np.arange(4),
    )
    with pytest.raises(UndefinedMetricError, match="one class alone"):
        fitted(asked)


@pytest.mark.parametrize("task", [rotation.FROZEN, inpainting.TASK])
def test_features_that_are_not_finite_are_refused(task):
    """Of numbers as of classes: ridge regression would say nan."""
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1), dtype=np.uint8)

    def broken(shown):
        return np.full((len(shown), 3), np.nan)

    with pytest.raises(ValueError, match="`features` must be finite, got nan at"):
        task.head(pixels, broken)


# --- twins ----------------------------------------------------------------------------


def test_a_twin_is_the_same_network_with_other_weights(tmp_path):
    registry = Registry()
    base, entry = registry.bases["digits"], registry.model("digits", "resnet")
    settings = Settings(cache_dir=tmp_path, store=tmp_path)
    own = entry.load(settings, base, "cpu", print)
    twins = [random_twin(entry, base, seed=seed, device="cpu") for seed in (0, 0, 1)]
    images = noise(6, 8, 1)
    features = [
        encoder(one, device="cpu", batch_size=4)(images) for one in (own, *twins)
    ]

    assert all(found.shape == (6, 32) for found in features)
    assert np.array_equal(features[1], features[2])
    assert not np.allclose(features[1], features[3])
    assert not np.allclose(features[0], features[1])
    assert not twins[0].network.training
    assert twins[0].fingerprint == twins[1].fingerprint != twins[2].fingerprint
    encoding = registry.model("digits", "resnet-jigsaw")
    twin = random_twin(encoding, base, seed=0, device="cpu")
    assert encoder(twin, device="cpu", batch_size=4)(images).shape == (6, 32)


def test_a_network_of_the_users_own_has_no_twin():
    class Own:
        name = "mine"

    with pytest.raises(UndefinedMetricError, match="mine has no twin"):
        random_twin(Own(), None, seed=0, device="cpu")


# --- the published table of the reference page ----------------------------------------


@pytest.fixture(scope="module")
def cifar10(data_root):
    settings = Settings(data_root=data_root, cache_dir=data_root, store=data_root)
    train, test = CIFAR10.train(settings), CIFAR10.test(settings)
    return np.array(train.pixels[:2000]), np.array(test.pixels[:2000])


@pytest.mark.real
def test_jpeg_gives_half_of_rotation_away(cifar10):
    assert told_by_jpeg(cifar10[1]).sum() == 2000


@pytest.mark.real
@pytest.mark.parametrize(
    ("task", "train", "test", "trained", "twin", "leak"),
    [
        # The leaks are ours: what was there of them was not said.
        (rotation.FROZEN, 1000, 500, 0.507, 0.474, 0.5),
        (inpainting.TASK, 2000, 1000, 0.138, 0.252, 0.120),
        (colorization.TASK, 2000, 1000, 0.160, 0.065, 0.026),
        # Which patches are drawn is not said there.
        (context.TASK, 1000, 500, 0.243, 0.220, 0.164),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_resnet20_and_its_twin(
    cifar10, weights_root, tmp_path, task, train, test, trained, twin, leak
):
    """Reference page, section 1, table."""
    registry = Registry()
    base, entry = registry.bases["cifar10"], registry.model("cifar10", "resnet20")
    settings = Settings(weights_root=weights_root, cache_dir=tmp_path, store=tmp_path)
    own = entry.load(settings, base, "cpu", print)
    other = random_twin(entry, base, seed=0, device="cpu")
    within = 0.01 if task.name == "context" else 0.0015
    for network, value in ((own, trained), (other, twin)):
        encode = encoder(network, device="cpu", batch_size=250)
        found = task.score(cifar10[0][:train], cifar10[1][:test], encode)
        assert found.value == pytest.approx(value, abs=within)
        assert found.low < found.value < found.high
    given = task.score(cifar10[0][:train], cifar10[1][:test], task.leak)
    assert given.value == pytest.approx(leak, abs=0.001)


def test_views_are_asked_in_the_order_of_their_labels():
    pixels = noise(3, 8, 1)
    found = ask_views(pixels, flat, ROTATION)

    assert found.answers.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    quarter = np.rot90(pixels, 1, axes=(1, 2))
    assert np.array_equal(found.features[3:6], flat(quarter))
