"""How many images to label, which, and what their labels say."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.labelling import (
    drawn,
    expected_interval,
    labelled_interval,
    labels_needed,
)
from harness.metrics.numerics.uncertainty import sampling_interval


def test_the_first_images_of_a_draw_are_any_images_alike():
    """Over seeds each of ten images is among the first three as often as any other."""
    firsts = np.concatenate([drawn(10, seed=s)[:3] for s in range(4000)])

    counts = np.bincount(firsts, minlength=10)
    # 1,200 expected, of a standard deviation of 29
    assert abs(counts - 1200).max() < 4 * 29


def test_a_draw_depends_on_nothing_but_the_number_of_images():
    """A list that is made again, or made longer, begins with the same images."""
    assert drawn(50).tolist() == drawn(50).tolist()
    assert sorted(drawn(50).tolist()) == list(range(50))


def test_a_tenth_of_the_labels_against_a_hand_computed_interval():
    """18 of 20 right, of 200 images: Wilson's at 20 * 199 / 180 = 22.1111 images."""
    found = labelled_interval([True] * 18 + [False] * 2, None, None, 200)

    n = 20 * 199 / 180
    z = 1.959963984540054
    middle = (0.9 + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(0.9 * 0.1 / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert found.accuracy == 0.9
    assert found.low == pytest.approx(middle - half, abs=1e-12)
    assert found.high == pytest.approx(middle + half, abs=1e-12)


def test_confidences_that_tell_right_from_wrong_make_it_narrower():
    """The estimate is the mean confidence plus the labelled images' mean error."""
    right = np.array([True] * 8 + [False] * 2)
    sure = np.where(right, 0.9, 0.2)
    everywhere = np.concatenate([sure, np.full(90, 0.85)])

    found = labelled_interval(right, sure, everywhere, 100)
    plain = labelled_interval(right, None, None, 100)

    # y - f is 0.1 on eight images and -0.2 on two; y scatters by 0.16.
    mean_error = (8 * 0.1 - 2 * 0.2) / 10
    gain = (8 * (0.1 - mean_error) ** 2 + 2 * (0.2 + mean_error) ** 2) / 10 / 0.16
    effect = (2 * gain + 1) / 3
    middle = (0.9 * 8 + 0.2 * 2 + 0.85 * 90) / 100 + mean_error
    low, high = sampling_interval(middle, 10 * 99 / 90 / effect)
    assert found.accuracy == pytest.approx(middle)
    assert (found.low, found.high) == pytest.approx((float(low), float(high)))
    assert found.high - found.low < plain.high - plain.low


def test_confidences_that_mislead_are_left_out():
    """Sure where it is wrong: they scatter more than the answers themselves."""
    right = np.array([True, False] * 10)
    misled = np.where(right, 0.1, 0.9)

    found = labelled_interval(right, misled, np.full(100, 0.5), 100)

    assert found == labelled_interval(right, None, None, 100)


def test_all_labels_leave_nothing_open():
    """The accuracy of the images is then known."""
    right = np.array([True] * 7 + [False] * 3)

    found = labelled_interval(right, np.full(10, 0.3), np.full(10, 0.3), 10)

    assert (found.low, found.accuracy, found.high) == (0.7, 0.7, 0.7)


@pytest.mark.parametrize("n", [0, 11])
def test_labels_are_of_some_of_the_images(n):
    """None, or more than there are images, is refused."""
    with pytest.raises(ValueError, match=f"must be of 1 to 10 images, got {n}"):
        labelled_interval([True] * n, None, None, 10)


@given(st.data())
def test_an_interval_holds_its_middle_and_what_labels_leave_possible(data):
    """Whatever the answers and the confidences."""
    images = data.draw(st.integers(1, 60))
    n = data.draw(st.integers(1, images))
    right = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    share = st.floats(0, 1)
    sure = data.draw(st.lists(share, min_size=images, max_size=images))

    found = labelled_interval(right, sure[:n], sure, images)

    least, most = sum(right) / images, (sum(right) + images - n) / images
    assert least <= found.low <= found.accuracy <= found.high <= most


@given(
    accuracy=st.floats(0, 1),
    images=st.integers(1, 3000),
    width=st.floats(0.001, 1),
)
def test_no_fewer_labels_would_do(accuracy, images, width):
    """One label less gives an interval that is too wide."""
    n = labels_needed(accuracy, images, width)

    low, high = expected_interval(accuracy, n, images)
    assert 1 <= n <= images
    assert high - low <= width
    if n > 1:
        low, high = expected_interval(accuracy, n - 1, images)
        assert high - low > width


@pytest.fixture(scope="module")
def digits():
    """(confidence, right) of every image of other writers, by model and dataset."""
    from harness.registry import Registry
    from harness.run import Run
    from harness.settings import Settings

    here = Path()
    settings = Settings(
        models=("resnet", "linear"),
        families=("writers", "writers-c"),
        cache_dir=here,
        store=here,
    )
    run = Run(settings, Registry(), tell=print)
    found = {}
    for model in run.models:
        for name in ("writers", "writers-c/pixelate-3", "writers-c/shot_noise-5"):
            dataset = run.datasets[name]
            probs = run.predict(model, dataset).probs()
            found[model, name] = (
                probs.max(axis=1),
                probs.argmax(axis=1) == dataset.labels(),
            )
    return found


@pytest.mark.parametrize(("images", "share"), [(150, 0.3), (510, 0.2)])
def test_labels_give_what_was_promised_as_often_as_it_says(digits, images, share):
    """Digits with their true labels, drawn anew: held by 95 %, and no wider."""
    held, widths, promised = [], [], []
    for sure, right in digits.values():
        for seed in range(150):
            folder = drawn(len(right), seed=10_000 + seed)[:images]
            f, y = sure[folder], right[folder]
            n = int(share * images)
            rows = drawn(images, seed=seed)[:n]
            found = labelled_interval(y[rows], f[rows], f, images)
            held.append(found.low <= y.mean() <= found.high)
            widths.append(found.high - found.low)
            low, high = expected_interval(float(y.mean()), n, images)
            promised.append(high - low)

    assert 0.935 <= np.mean(held) <= 0.985
    assert 0.75 <= np.mean(widths) / np.mean(promised) <= 1
