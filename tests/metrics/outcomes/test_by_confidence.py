"""RMS calibration and AURRA: against plain loops, and against what the codes do."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.arrays import softmax
from harness.errors import UndefinedMetricError
from harness.metrics.outcomes.accuracy import accuracy
from harness.metrics.outcomes.aurra import AURRA, aurra
from harness.metrics.outcomes.rms_calibration import (
    rms_calibration_error,
    rms_calibration_error_official,
)
from tests.strategies import worlds

some = settings(max_examples=50, deadline=None)
seeds = pytest.mark.parametrize("seed", range(4))


def world(seed, n=730, k=6):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    return rng.normal(0, 1.5, (n, k)) + 2 * np.eye(k)[labels], labels


def plain(logits, labels, bins_left_out):
    """Bin by bin: 100 images each in the order of confidence, the rest in the last."""
    sure, right = softmax(logits).max(axis=1), logits.argmax(axis=1) == labels
    order, n = np.argsort(sure), len(labels)
    edges = [100 * m for m in range(n // 100)] + [n]
    total = 0.0
    for first, end in itertools.pairwise(edges[: len(edges) - bins_left_out]):
        rows = order[first:end]
        total += len(rows) / n * (sure[rows].mean() - right[rows].mean()) ** 2
    return total**0.5


@seeds
def test_rms_calibration_as_in_a_plain_loop(seed):
    """All bins, and all but the last: seven bins of 730 images, the last of 130."""
    logits, labels = world(seed)
    whole, official = plain(logits, labels, 0), plain(logits, labels, 1)

    assert rms_calibration_error(logits, labels) == pytest.approx(whole, abs=1e-12)
    assert rms_calibration_error_official(logits, labels) == pytest.approx(
        official, abs=1e-12
    )
    assert official < whole


def test_the_last_bin_counts():
    """Surest images that are wrong are what the official form does not see."""
    logits = np.log([[0.55, 0.45]] * 100 + [[0.99, 0.01]] * 100)
    labels = np.array([0] * 55 + [1] * 45 + [1] * 100)

    assert rms_calibration_error_official(logits, labels) == pytest.approx(0, abs=1e-9)
    assert rms_calibration_error(logits, labels) == pytest.approx(0.99 / 2**0.5)


@pytest.mark.parametrize("n", [1, 99, 100, 199])
def test_the_official_form_of_few_images_is_refused(n):
    """The code fails for fewer than 100, and says 0 for fewer than 200."""
    logits, labels = world(0, n)

    with pytest.raises(UndefinedMetricError, match=rf"at least 200, got {n}; rms_"):
        rms_calibration_error_official(logits, labels)
    sure = softmax(logits).max(axis=1)
    gap = abs(sure.mean() - accuracy(logits, labels))
    assert rms_calibration_error(logits, labels) == pytest.approx(gap, abs=1e-12)


@seeds
def test_aurra_as_in_a_plain_loop(seed):
    """Without ties: the mean over k of the accuracy of the k surest."""
    logits, labels = world(seed, n=150)
    right = (logits.argmax(axis=1) == labels)[np.argsort(-softmax(logits).max(axis=1))]

    assert aurra(logits, labels) == pytest.approx(
        np.mean([right[:k].mean() for k in range(1, 151)]), abs=1e-12
    )


def test_ties_by_expectation_and_not_by_the_order_of_images():
    """A constant confidence, half of it right: 0.154 or 0.846 by order, here 0.5."""
    logits = np.zeros((20_000, 2))
    first = np.repeat([0, 1], 10_000)
    curves = [np.cumsum(c) / np.arange(1, 20_001) for c in (first == 0, first == 1)]

    assert [c.mean() for c in curves] == pytest.approx([0.846, 0.154], abs=1e-3)
    assert aurra(logits, first) == aurra(logits, 1 - first) == pytest.approx(0.5)


@seeds
def test_aurra_is_the_mean_over_random_orders_of_ties(seed):
    """Confidences of four values; each draw parts ties as it likes."""
    rng = np.random.default_rng(seed)
    level, labels = rng.integers(0, 4, 60), rng.integers(0, 2, 60)
    logits = np.column_stack([1.0 + level, np.zeros(60)])
    right = labels == 0
    drawn = []
    for _ in range(2000):
        order = np.lexsort((rng.random(60), -level))
        drawn.append((np.cumsum(right[order]) / np.arange(1, 61)).mean())

    assert aurra(logits, labels) == pytest.approx(np.mean(drawn), abs=5e-3)


@some
@given(world=worlds(), seed=st.integers(0, 99))
def test_what_is_as_sure_of_all_has_its_accuracy(world, seed):
    """And chance is the most common class, always said."""
    same = np.zeros_like(world.logits)
    said = int(np.random.default_rng(seed).integers(world.logits.shape[1]))
    same[:, said] = 5.0

    assert aurra(same, world.labels) == pytest.approx((world.labels == said).mean())
    common = np.bincount(world.labels).max() / len(world.labels)
    assert AURRA.chance(same, world.labels) == pytest.approx(common)


@some
@given(world=worlds())
def test_rms_is_at_least_the_gap_of_all_images(world):
    """Bins can hide less than one bin does."""
    gap = abs(
        accuracy(world.logits, world.labels) - softmax(world.logits).max(axis=1).mean()
    )

    assert rms_calibration_error(world.logits, world.labels) >= gap - 1e-9
