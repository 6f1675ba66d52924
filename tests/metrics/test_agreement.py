"""Agreement of models: planted lines, independent fits, and 30 published models."""

import os
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from harness.errors import UndefinedMetricError
from harness.metrics.label_free.agreement import agreement
from harness.metrics.label_free.aline import aline_d, aline_s
from harness.metrics.numerics.agreement_line import (
    accuracy_line,
    accuracy_of_each,
    agreement_line,
    agreement_matrix,
    aline_d_estimates,
    aline_s_estimates,
)
from tests.strategies import simulated_world

seeds = st.integers(0, 2**32 - 1)


def planted(seed: int, m: int = 6, slope: float = 0.8, intercept: float = -0.4):
    """Source accuracy and agreement, and both again with every probit on one line."""
    rng = np.random.default_rng(seed)
    accuracy = rng.uniform(0.6, 0.95, m)
    agreements = rng.uniform(0.3, 0.95, (m, m))
    agreements = np.triu(agreements, 1) + np.triu(agreements, 1).T + np.eye(m)

    def shifted(shares: np.ndarray) -> np.ndarray:
        return ndtr(slope * ndtri(shares) + intercept)

    return accuracy, agreements, shifted(accuracy), shifted(agreements)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
@pytest.mark.parametrize("estimates", [aline_s_estimates, aline_d_estimates])
def test_a_planted_line_is_recovered(estimates, seed):
    source_accuracy, source_agreement, accuracy, agreements = planted(seed)
    found = estimates(source_accuracy, source_agreement, agreements, source_images=1000)
    np.testing.assert_allclose(found, accuracy, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_the_line_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    _, source, _, target = planted(seed)
    noise = 0.02 * rng.normal(size=target.shape)
    target = ndtr(ndtri(np.where(np.eye(len(target)), 0.5, target)) + noise + noise.T)
    i, j = np.triu_indices(len(target), 1)
    keep = (np.minimum(source, target)[i, j] >= 0.05) & (
        np.maximum(source, target)[i, j] <= 0.98
    )
    fit = scipy.stats.linregress(ndtri(source[i, j][keep]), ndtri(target[i, j][keep]))
    line = agreement_line(source, target)
    assert line.points == keep.sum()
    assert (line.slope, line.intercept) == pytest.approx((fit.slope, fit.intercept))
    assert line.r_squared == pytest.approx(fit.rvalue**2)
    shares = np.array([0.3, 0.9])
    np.testing.assert_allclose(
        line(shares), ndtr(fit.slope * ndtri(shares) + fit.intercept)
    )


def test_pairs_that_agree_too_much_or_too_little_are_dropped_on_either_set():
    _, source, _, target = planted(0, m=4)
    source[0, 1] = 0.99
    target[0, 2] = 0.04
    assert agreement_line(source, target).points == 4


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_aline_d_is_the_least_squares_solution(seed):
    source_accuracy, source, _, target = planted(seed)
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(len(target), 1)
    target[i, j] = np.clip(target[i, j] + rng.uniform(-0.03, 0.03, len(i)), 0.06, 0.97)
    slope = agreement_line(source, target).slope
    kept = (source[i, j] <= 0.98) & (source[i, j] >= 0.05)
    rows, right = [], []
    for a, b in zip(i[kept], j[kept], strict=True):
        row = np.zeros(len(source_accuracy))
        row[[a, b]] = 0.5
        gap = ndtri(source_accuracy[[a, b]]).mean() - ndtri(source[a, b])
        rows.append(row)
        right.append(ndtri(target[a, b]) + slope * gap)
    expected = ndtr(np.linalg.lstsq(np.array(rows), np.array(right))[0])
    found = aline_d_estimates(source_accuracy, source, target, source_images=1000)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_model_without_pairs_is_not_determined_and_the_others_are():
    source_accuracy, source, accuracy, target = planted(1)
    source[0, 1:] = source[1:, 0] = 0.99
    found = aline_d_estimates(source_accuracy, source, target, source_images=1000)
    assert np.isnan(found[0])
    np.testing.assert_allclose(found[1:], accuracy[1:], atol=1e-9)


@pytest.mark.parametrize("metric", [aline_s, aline_d])
def test_one_model_gets_its_row_of_all_models(metric):
    world = simulated_world(0.5)
    predicted = np.vstack([world.logits.argmax(axis=1), world.peer_predicted])
    source = np.vstack(
        [world.source_logits.argmax(axis=1), world.source_peer_predicted]
    )
    every = {aline_s: aline_s_estimates, aline_d: aline_d_estimates}[metric](
        accuracy_of_each(source, world.source_labels),
        agreement_matrix(source),
        agreement_matrix(predicted),
        source_images=len(world.source_labels),
    )
    for i in range(len(predicted)):
        others = np.arange(len(predicted)) != i
        mine = metric(
            predicted[i], predicted[others], source[i], source[others],
            world.source_labels,
        )  # fmt: skip
        assert mine == pytest.approx(every[i])


def test_identical_models_have_no_line():
    row = np.array([0, 1, 1])
    with pytest.raises(UndefinedMetricError, match="got 0 points; add models"):
        aline_s(row, np.tile(row, (3, 1)), row, np.tile(row, (3, 1)), row)


def test_two_models_have_no_line():
    row, peer = np.array([0, 1, 1]), np.array([[0, 1, 0]])
    with pytest.raises(UndefinedMetricError, match="got 1 point; add models"):
        aline_d(row, peer, row, peer, row)


def test_a_path_of_pairs_determines_no_model():
    source_accuracy, source, _, target = planted(2, m=3)
    source[0, 1] = source[1, 0] = 0.99  # what is left is 0-2 and 1-2: no odd cycle
    found = aline_d_estimates(source_accuracy, source, target, source_images=1000)
    assert np.isnan(found).all()


def test_perfect_source_accuracy_is_half_an_image_short_of_one():
    source_accuracy, source, _, target = planted(3)
    source_accuracy[0] = 1.0
    found = aline_s_estimates(source_accuracy, source, target, source_images=50)
    assert found[0] == pytest.approx(ndtr(0.8 * ndtri(0.99) - 0.4))


def test_agreement_is_the_mean_of_the_others_in_the_matrix():
    world = simulated_world(0.5, n=50)
    matrix = agreement_matrix(world.peer_predicted)
    mine = agreement(world.peer_predicted[0], world.peer_predicted[1:])
    assert mine == pytest.approx(matrix[0, 1:].mean())
    np.testing.assert_array_equal(matrix, matrix.T)


def published(name: str):
    root = os.environ.get("HARNESS_DATA_ROOT")
    if not root:
        pytest.skip("HARNESS_DATA_ROOT is not set: no published predictions")
    path = Path(root) / "published-predictions" / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"no {path.name} under HARNESS_DATA_ROOT")
    with np.load(path) as file:
        return file["predictions"].astype(np.int64), file["labels"].astype(np.int64)


# Recomputed from the predictions that Recht et al. published with CIFAR-10.1; Baek et
# al. 2022 have 1.20 and 1.14 points there, for other models.
@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "line", "accuracy", "errors"),
    [
        (
            "cifar10.1_v6",
            (0.9946, -0.3962, 0.9834),
            (0.9496, -0.3811, 0.9840),
            (1.137, 1.131, 2.825),
        ),
        (
            "cifar10.1_v4",
            (0.9934, -0.4091, 0.9834),
            (0.9515, -0.3986, 0.9831),
            (1.152, 1.150, 2.872),
        ),
    ],
)
def test_thirty_published_models(name, line, accuracy, errors):
    source, source_labels = published("cifar10_test")
    predicted, labels = published(name)
    source_accuracy = accuracy_of_each(source, source_labels)
    true = accuracy_of_each(predicted, labels)
    pairs = agreement_matrix(source), agreement_matrix(predicted)
    s = len(source_labels)

    found = agreement_line(*pairs)
    assert found.points == 435
    assert (found.slope, found.intercept, found.r_squared) == pytest.approx(
        line, abs=5e-5
    )
    fit = accuracy_line(source_accuracy, true, images=len(labels))
    assert (fit.slope, fit.intercept, fit.r_squared) == pytest.approx(
        accuracy, abs=5e-5
    )
    aline = [
        estimates(source_accuracy, *pairs, source_images=s)
        for estimates in (aline_s_estimates, aline_d_estimates)
    ]
    others = range(len(predicted))
    naive = [agreement(predicted[i], np.delete(predicted, i, axis=0)) for i in others]
    points = [100 * np.abs(e - true).mean() for e in (*aline, naive)]
    assert points == pytest.approx(errors, abs=5e-4)
