"""Closed forms and independent formulations: MaNo, energy, dispersion, and the rest."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import assume, given, settings
from sklearn.metrics import calinski_harabasz_score

from harness.arrays import softmax
from harness.errors import UndefinedMetricError
from harness.metrics.label_free.dispersion_score import dispersion_score
from harness.metrics.label_free.energy import average_energy, meta_distribution_energy
from harness.metrics.label_free.mano import mano
from harness.metrics.label_free.marginal_entropy import marginal_entropy
from harness.metrics.label_free.neighborhood_invariance import neighborhood_invariance
from harness.metrics.label_free.norms import (
    mean_feature_norm,
    mean_logit_norm,
    mean_max_logit,
)
from harness.metrics.label_free.softmax_corr import softmax_corr
from tests.strategies import simulated_world, worlds

quick = settings(max_examples=40, deadline=None)


@pytest.mark.parametrize("k", [2, 10])
@pytest.mark.parametrize("p", [1, 2, 4])
def test_mano_closed_forms(k, p):
    sure = 1e4 * np.eye(k)[np.arange(7) % k]
    assert mano(sure, p=p) == pytest.approx(k ** (-1 / p))
    assert mano(np.zeros((7, k)), p=p) == pytest.approx(1 / k)


def test_mano_of_ten_classes_as_published():
    assert mano(1e4 * np.eye(10)) == pytest.approx(0.5623, abs=5e-5)


@quick
@given(world=worlds())
def test_mano_softmax_branch_is_a_norm_of_torch(world):
    probs = torch.softmax(torch.from_numpy(world.logits), dim=1)
    expected = torch.linalg.vector_norm(probs, ord=4) / probs.numel() ** 0.25
    found = mano(world.logits, normalisation="softmax")
    assert found == pytest.approx(expected.item())


def test_mano_taylor_branch_row_by_row():
    logits = simulated_world(0.3, n=30).logits
    rows = []
    for f in logits:
        v = 1 + f + f**2 / 2
        v = v - v.min()
        rows.append(v / v.sum())
    expected = np.mean(np.array(rows) ** 4) ** 0.25
    assert mano(logits, normalisation="taylor") == pytest.approx(expected)


def test_mano_takes_the_branch_that_its_criterion_names():
    logits = simulated_world(0.5, n=30).logits
    phi = -np.log(scipy.special.softmax(logits, axis=1)).mean()
    taylor, exact = (mano(logits, normalisation=b) for b in ("taylor", "softmax"))
    assert taylor != pytest.approx(exact)
    assert mano(logits, eta=phi * 1.001) == taylor
    assert mano(logits, eta=phi * 0.999) == exact


def test_mano_batches_are_consecutive_and_the_last_may_be_short():
    logits = simulated_world(0.5, n=10).logits
    batches = [mano(logits[i : i + 4], eta=0) for i in (0, 4, 8)]
    assert mano(logits, eta=0, batch_size=4) == pytest.approx(np.mean(batches))
    assert mano(logits, eta=0, batch_size=10) == mano(logits, eta=0)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"p": 0.5}, "at least 1, got 0.5"),
        ({"normalisation": "exp"}, "got 'exp'"),
        ({"batch_size": 0}, "at least 1, got 0"),
    ],
)
def test_mano_refuses_options_out_of_range(option, message):
    with pytest.raises(ValueError, match=message):
        mano(2 * np.eye(2), **option)


@pytest.mark.parametrize("n", [1, 2, 2000, 10_000])
def test_constant_energies_give_log_n(n):
    """7.60 at 2,000 images and 9.21 at 10,000: never mix sizes."""
    logits = np.tile([1e4, -3.0], (n, 1))
    assert meta_distribution_energy(logits) == pytest.approx(np.log(n))


@quick
@given(world=worlds())
def test_energies_are_those_of_torch(world):
    logits = torch.from_numpy(world.logits)
    for temperature in (1.0, 2.5):
        energy = -temperature * torch.logsumexp(logits / temperature, dim=1)
        expected = -torch.log_softmax(energy, dim=0).mean().item()
        assert meta_distribution_energy(
            world.logits, temperature=temperature
        ) == pytest.approx(expected, abs=1e-9)
        assert average_energy(world.logits, temperature=temperature) == pytest.approx(
            -energy.mean().item()
        )


def test_energy_of_a_single_image_has_no_logarithm():
    with pytest.raises(UndefinedMetricError, match="needs two images, got 1"):
        meta_distribution_energy(2 * np.eye(2)[:1], variant="log")
    with pytest.raises(ValueError, match="'paper' or 'log', got 'EMD'"):
        meta_distribution_energy(np.eye(2), variant="EMD")


@quick
@given(world=worlds(max_n=12))
def test_dispersion_is_the_numerator_of_calinski_and_harabasz(world):
    predicted = world.logits.argmax(axis=1)
    groups, n = len(set(predicted)), len(predicted)
    assume(1 < groups < n)
    within = sum(
        ((rows - rows.mean(axis=0)) ** 2).sum()
        for j in set(predicted)
        for rows in [world.features[predicted == j]]
    )
    assume(within > 1e-6)
    index = calinski_harabasz_score(world.features, predicted)
    assume(index > 1e-9)
    expected = np.log(index * within / (n - groups))
    assert dispersion_score(world.features, predicted) == pytest.approx(expected)


def test_dispersion_grows_by_log_two_with_every_image_twice():
    world = simulated_world(0.5, n=40)
    once = dispersion_score(world.features, world.labels)
    twice = dispersion_score(np.tile(world.features, (2, 1)), np.tile(world.labels, 2))
    assert twice - once == pytest.approx(np.log(2))


def test_dispersion_of_one_class_or_one_mean_is_undefined():
    with pytest.raises(UndefinedMetricError, match="got only class 7"):
        dispersion_score(np.ones((3, 2)), np.array([7, 7, 7]))
    same = np.full((3, 2), 0.1)
    with pytest.raises(UndefinedMetricError, match="got 2 classes with equal means"):
        dispersion_score(same, np.array([0, 1, 1]))


@quick
@given(world=worlds())
def test_softmax_corr_is_a_cosine_of_flat_matrices(world):
    probs = softmax(world.logits)
    joint = sum(np.outer(p, p) for p in probs) / len(probs)
    eye = np.eye(probs.shape[1])
    expected = np.vdot(joint, eye) / np.linalg.norm(joint) / np.linalg.norm(eye)
    assert softmax_corr(probs) == pytest.approx(expected)


@quick
@given(world=worlds())
def test_marginal_entropy_is_that_of_scipy(world):
    probs = softmax(world.logits)
    expected = scipy.stats.entropy(probs.mean(axis=0))
    assert marginal_entropy(probs) == pytest.approx(expected, abs=1e-9)


def test_marginal_entropy_is_not_below_zero_for_rows_rounded_above_one():
    assert marginal_entropy(np.array([[1.00005, 0.0]])) == 0


@quick
@given(world=worlds())
def test_neighborhood_invariance_image_by_image(world):
    probs = softmax(world.view_logits)
    assume(len(probs) > 1)
    votes = probs.argmax(axis=-1)
    modes = [scipy.stats.mode(votes[:, i]).count for i in range(votes.shape[1])]
    expected = np.mean(modes) / len(votes)
    assert neighborhood_invariance(probs) == pytest.approx(expected)


def test_norms_by_hand():
    assert mean_max_logit(np.array([[1e4, 0.0], [0.0, 0.0]])) == 5000
    assert mean_logit_norm(np.array([[3e4, 4e4]])) == 5e4
    assert mean_feature_norm(np.array([[2.0], [-4.0]])) == 3
