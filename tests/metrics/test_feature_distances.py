"""Distances between sets of features: closed forms and other formulations."""

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial.distance
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics.pairwise import rbf_kernel

from harness.errors import UndefinedMetricError
from harness.metrics.label_free.bag_of_prototypes import (
    bag_of_prototypes,
    kmeans_centres,
    prototype_divergence,
)
from harness.metrics.label_free.frechet_distance import frechet_distance
from harness.metrics.label_free.mean_discrepancy import (
    maximum_mean_discrepancy,
    mean_shift,
)
from tests.strategies import simulated_world, worlds

quick = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**32 - 1)


@quick
@given(seed=seeds, d=st.integers(1, 5))
def test_frechet_by_the_root_of_the_product_of_covariances(seed, d):
    rng = np.random.default_rng(seed)
    target = rng.normal(size=(40, d)) @ rng.normal(size=(d, d)) + 3
    source = rng.normal(size=(30, d)) @ rng.normal(size=(d, d))
    one, other = (np.cov(x, rowvar=False).reshape(d, d) for x in (target, source))
    root = scipy.linalg.sqrtm(one @ other).real
    expected = ((target.mean(axis=0) - source.mean(axis=0)) ** 2).sum()
    expected += np.trace(one + other - 2 * root)
    assert frechet_distance(target, source) == pytest.approx(expected, rel=1e-6)


def test_frechet_of_diagonal_gaussians():
    """Sum of squared differences of means and of deviations."""
    rng = np.random.default_rng(0)
    white = rng.normal(size=(50, 3))
    white -= white.mean(axis=0)
    white = white @ np.linalg.inv(np.linalg.cholesky(np.cov(white, rowvar=False)).T)
    means, deviations = np.array([1.0, -2.0, 0.5]), np.array([2.0, 0.5, 3.0])
    expected = (means**2).sum() + ((deviations - 1) ** 2).sum()
    found = frechet_distance(white * deviations + means, white)
    assert found == pytest.approx(expected)


@quick
@given(world=worlds())
def test_frechet_is_symmetric_and_zero_on_itself_even_if_singular(world):
    target, source = world.features, world.source_features
    assume(min(len(target), len(source)) > 1)
    there, back = frechet_distance(target, source), frechet_distance(source, target)
    assert there == pytest.approx(back, abs=1e-9)
    assert frechet_distance(target, target) == pytest.approx(0, abs=1e-9)


def test_frechet_needs_two_images_of_each():
    one, two = np.zeros((1, 2)), np.zeros((2, 2))
    with pytest.raises(UndefinedMetricError, match="`features` needs two images"):
        frechet_distance(one, two)
    with pytest.raises(UndefinedMetricError, match="`source_features` needs two"):
        frechet_distance(two, one)
    with pytest.raises(ValueError, match="2 columns of `features`, got 3"):
        frechet_distance(two, np.zeros((2, 3)))


@quick
@given(world=worlds())
def test_mean_shift_and_frechet_of_a_moved_set(world):
    assume(len(world.features) > 1)
    step = np.arange(1.0, world.features.shape[1] + 1)
    moved = world.features + step
    size = np.linalg.norm(step)
    assert mean_shift(moved, world.features) == pytest.approx(size)
    assert frechet_distance(moved, world.features) == pytest.approx(size**2)


@quick
@given(world=worlds())
def test_mmd_by_the_kernel_matrices_of_scikit_learn(world):
    target, source = world.features, world.source_features
    pairs = scipy.spatial.distance.cdist(source, source, "sqeuclidean")
    assume(pairs.max() > 1e-3)
    gamma = 1 / (2 * pairs.mean())
    squared = rbf_kernel(target, gamma=gamma).mean()
    squared += rbf_kernel(source, gamma=gamma).mean()
    squared -= 2 * rbf_kernel(target, source, gamma=gamma).mean()
    found = maximum_mean_discrepancy(target, source)
    assert found**2 == pytest.approx(squared, abs=1e-9)


def test_mmd_in_blocks_is_mmd_at_once(monkeypatch):
    world = simulated_world(0.5, n=50)
    arrays = world.features, world.source_features
    whole = maximum_mean_discrepancy(*arrays)
    monkeypatch.setattr("harness.metrics.label_free.mean_discrepancy._ROWS", 7)
    assert maximum_mean_discrepancy(*arrays) == pytest.approx(whole)


def test_mmd_keeps_its_digits_far_from_the_origin():
    world = simulated_world(0.5, n=50)
    near = maximum_mean_discrepancy(world.features, world.source_features)
    far = maximum_mean_discrepancy(world.features + 1e6, world.source_features + 1e6)
    assert far == pytest.approx(near, rel=1e-6)


def test_mmd_refuses_a_bandwidth_that_is_none():
    same, other = np.ones((3, 2)), np.zeros((3, 2))
    with pytest.raises(UndefinedMetricError, match="pass `bandwidth`"):
        maximum_mean_discrepancy(other, same)
    assert maximum_mean_discrepancy(other, same, bandwidth=1.0) > 0
    with pytest.raises(ValueError, match=r"finite, got 0\.0"):
        maximum_mean_discrepancy(other, same, bandwidth=0.0)


@quick
@given(seed=seeds)
def test_divergence_of_shares_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(5, 2))
    sets = rng.normal(size=(8, 2)), 2 * rng.normal(size=(11, 2)) + 1
    shares = [
        np.bincount(
            scipy.spatial.distance.cdist(x, centres).argmin(axis=1), minlength=5
        )
        for x in sets
    ]
    expected = scipy.spatial.distance.jensenshannon(*shares) ** 2
    assert prototype_divergence(*sets, centres) == pytest.approx(expected, abs=1e-12)


def test_centres_are_a_fixed_point_as_good_as_that_of_scikit_learn():
    rows = simulated_world(1.0, n=300).features

    def spread(centres: np.ndarray) -> float:
        return scipy.spatial.distance.cdist(rows, centres).min(axis=1).__pow__(2).sum()

    found = kmeans_centres(rows, 5, iterations=100, rng=np.random.default_rng(0))
    theirs = KMeans(5, n_init=10, random_state=0).fit(rows)
    assert spread(found) == pytest.approx(theirs.inertia_, rel=1e-6)
    again = KMeans(5, init=found, n_init=1).fit(rows)
    np.testing.assert_allclose(again.cluster_centers_, found, atol=1e-9)


def test_more_prototypes_than_images_are_the_images():
    source = np.array([[0.0], [0.0], [5.0]])  # with equal rows among them
    target = np.array([[1.0], [4.0], [6.0]])
    found = bag_of_prototypes(target, source, prototypes=80)
    expected = scipy.spatial.distance.jensenshannon([1, 2], [2, 1]) ** 2
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("option", ["prototypes", "iterations"])
def test_bag_of_prototypes_refuses_options_below_one(option):
    with pytest.raises(ValueError, match=f"`{option}` must be at least 1, got 0"):
        bag_of_prototypes(np.ones((2, 1)), np.ones((2, 1)), **{option: 0})
