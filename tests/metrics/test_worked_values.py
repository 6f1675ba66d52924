"""Closed forms and independent formulations of the metrics of one forward pass."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import given, settings
from sklearn.metrics import accuracy_score

from harness.arrays import softmax
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.effective_invariance import (
    effective_invariance,
    jigsaw_invariance,
    rotation_invariance,
)
from harness.metrics.label_free.entropy import entropy
from harness.metrics.label_free.nuclear_norm import nuclear_norm
from harness.metrics.outcomes.accuracy import accuracy
from tests.strategies import simulated_world, worlds

quick = settings(max_examples=40, deadline=None)


def sure(classes: np.ndarray, k: int) -> np.ndarray:
    """(n, k) logits whose softmax is one-hot to the last bit."""
    return 1e4 * np.eye(k)[classes]


@quick
@given(world=worlds())
def test_accuracy_is_that_of_scikit_learn(world):
    predicted = world.logits.argmax(axis=1)
    assert accuracy(world.logits, world.labels) == pytest.approx(
        accuracy_score(world.labels, predicted)
    )


def test_a_tie_is_the_first_class():
    tied = np.zeros((3, 3))
    assert accuracy(tied, np.array([0, 1, 2])) == pytest.approx(1 / 3)
    assert accuracy(tied, np.array([0, 0, 0])) == 1.0


@quick
@given(world=worlds())
def test_confidence_and_entropy_are_those_of_torch(world):
    dist = torch.distributions.Categorical(logits=torch.from_numpy(world.logits))
    assert average_confidence(world.logits) == pytest.approx(
        dist.probs.max(dim=1).values.mean().item()
    )
    assert entropy(world.logits) == pytest.approx(
        dist.entropy().mean().item(), abs=1e-12
    )


@quick
@given(world=worlds())
def test_temperature_divides_the_logits(world):
    warm = scipy.special.softmax(world.logits / 2.5, axis=1)
    assert average_confidence(world.logits, temperature=2.5) == pytest.approx(
        warm.max(axis=1).mean()
    )
    assert entropy(world.logits, temperature=2.5) == pytest.approx(
        scipy.stats.entropy(warm, axis=1).mean(), abs=1e-12
    )


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("metric", [average_confidence, entropy])
def test_temperature_is_positive_and_finite(metric, temperature):
    with pytest.raises(ValueError, match=f"finite, got {temperature}"):
        metric(2 * np.eye(2), temperature=temperature)


@pytest.mark.parametrize("k", [2, 3, 10])
def test_uniform_predictions(k):
    assert average_confidence(np.full((7, k), 3.0)) == pytest.approx(1 / k)
    assert entropy(np.full((7, k), 3.0)) == pytest.approx(np.log(k))
    assert nuclear_norm(np.full((20, k), 1 / k)) == pytest.approx(1 / k)


@pytest.mark.parametrize("n", [1, 7])
def test_saturated_predictions(n):
    logits = sure(np.arange(n) % 3, 3)
    assert average_confidence(logits) == 1.0
    assert entropy(logits) == 0.0


@pytest.mark.parametrize("n", [10, 50])
def test_nuclear_norm_closed_forms(n):
    k = 10
    balanced = np.eye(k)[np.arange(n) % k]
    assert nuclear_norm(balanced) == pytest.approx(1)
    assert nuclear_norm(np.eye(k)[np.full(n, 3)]) == pytest.approx(1 / np.sqrt(k))
    for m in (1, 2, 5):
        some = np.eye(k)[np.arange(n) % m]
        assert nuclear_norm(some) == pytest.approx(np.sqrt(m / k))
    for share in (0.0, 0.3, 0.9):
        mixed = share * balanced + (1 - share) / k
        assert nuclear_norm(mixed) == pytest.approx((1 + (k - 1) * share) / k)


@quick
@given(world=worlds())
def test_nuclear_norm_does_not_grow_with_the_set(world):
    """Dividing by n sqrt(min(n, k)) instead fails this."""
    probs = softmax(np.tile(world.logits, (world.logits.shape[1], 1)))  # n >= k
    twice = np.concatenate([probs, probs])
    assert nuclear_norm(twice) == pytest.approx(nuclear_norm(probs), abs=1e-9)


@quick
@given(world=worlds())
def test_nuclear_norm_is_the_trace_of_a_matrix_square_root(world):
    probs = softmax(world.logits)
    n, k = probs.shape
    eigenvalues = np.linalg.eigvalsh(probs @ probs.T).clip(0)
    assert nuclear_norm(probs) == pytest.approx(
        np.sqrt(eigenvalues).sum() / np.sqrt(n * min(n, k)), abs=1e-6
    )


def test_effective_invariance_of_a_constant_predictor_is_its_confidence():
    constant = np.tile([0.1, 0.7, 0.2], (5, 1))
    views = np.stack([constant] * 3)
    assert rotation_invariance(constant, views) == pytest.approx(0.7)
    assert jigsaw_invariance(constant, views) == pytest.approx(0.7)


@quick
@given(world=worlds())
def test_effective_invariance_is_symmetric(world):
    one, other = softmax(world.logits), softmax(world.view_logits[0])
    there = effective_invariance(one, other[None])
    assert np.array_equal(there, effective_invariance(other, one[None]))


@quick
@given(world=worlds())
def test_effective_invariance_image_by_image(world):
    probs, views = softmax(world.logits), softmax(world.view_logits)
    expected = [
        [
            np.sqrt(p.max() * q.max()) if p.argmax() == q.argmax() else 0.0
            for p, q in zip(probs, view, strict=True)
        ]
        for view in views
    ]
    np.testing.assert_allclose(effective_invariance(probs, views), expected, atol=1e-12)


def test_views_must_be_of_the_same_images():
    probs = softmax(simulated_world(0.5, n=4, k=3).logits)
    with pytest.raises(ValueError, match=r"shape \(any, 4, 3\), got \(1, 3, 3\)"):
        rotation_invariance(probs, probs[None, :3])
    with pytest.raises(ValueError, match="must have 3 axes"):
        rotation_invariance(probs, probs)
    with pytest.raises(ValueError, match=r"row 0, 1 sums to 2; pass softmax"):
        rotation_invariance(probs, probs[None] * np.array([[1], [2], [1], [1]]))
