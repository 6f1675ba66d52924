"""Error consistency and shape bias: against scikit-learn, draws and hand counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from harness.errors import UndefinedMetricError
from harness.metrics.robustness.error_consistency import (
    error_consistencies,
    error_consistency,
    error_consistency_interval,
)
from harness.metrics.robustness.shape_bias import shape_bias

some = settings(max_examples=60, deadline=None)
pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12)


def networks(seed, n=400):
    rng = np.random.default_rng(seed)
    shared = rng.random(n)
    return tuple(shared + rng.normal(0, 0.4, n) < level for level in (0.8, 0.6))


@some
@given(pairs)
def test_kappa_as_in_scikit_learn(rows):
    first, second = np.array(rows).T.copy()
    if first.min() == first.max() == second.min() == second.max():
        with pytest.raises(UndefinedMetricError, match="chance explains it"):
            error_consistency(first, second)
        return
    found = error_consistency(first, second)
    assert found == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    assert found == pytest.approx(error_consistency(second, first), abs=1e-12)
    assert found == pytest.approx(error_consistency(~first, ~second), abs=1e-12)


def test_all_pairs_at_once():
    rng = np.random.default_rng(0)
    right = rng.random((4, 50)) < 0.7
    found = error_consistencies(right)

    assert found == pytest.approx(found.T)
    assert np.diag(found).tolist() == [1.0] * 4
    assert found[1, 3] == pytest.approx(error_consistency(right[1], right[3]))


def test_one_network_without_errors_shares_none_beyond_chance():
    perfect, other = np.ones(10, dtype=bool), np.arange(10) < 7
    assert error_consistency(perfect, other) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_is_that_of_a_bootstrap(seed):
    first, second = networks(seed)
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, 400, (400, 400))
    spread = np.std([error_consistency(first[r], second[r]) for r in draws], ddof=1)
    low, high = error_consistency_interval(first, second)

    assert low <= error_consistency(first, second) <= high
    assert (high - low) / 2 == pytest.approx(1.96 * spread, rel=0.2)


def test_bad_input_is_refused():
    right = np.array([True, False])
    with pytest.raises(TypeError, match="`first` must be a bool array of what"):
        error_consistency(np.array([1, 0]), right)
    with pytest.raises(ValueError, match="`second` must be of the 2 images"):
        error_consistency(right, np.array([True]))
    with pytest.raises(ValueError, match="of at least 2 networks, got"):
        error_consistencies(right[None])
    with pytest.raises(UndefinedMetricError, match="0 and 1 are both right on all 2"):
        error_consistencies(np.ones((2, 2), dtype=bool))


def test_shape_bias_leaves_out_what_has_no_conflict():
    """Counted, the two images of one category would make it 4 of 6."""
    shape = np.array([0, 1, 2, 3, 4, 4])
    texture = np.array([1, 0, 0, 1, 4, 4])
    found = shape_bias(np.array([0, 1, 0, 9, 4, 4]), shape, texture)

    assert (found.shape, found.texture, found.images) == (2, 1, 4)
    assert found.value == pytest.approx(2 / 3)
    assert found.either == 0.75
    low, high = found.interval
    assert 0 < low < found.value < high < 1


def test_shape_bias_without_a_decision_or_a_conflict_has_no_value():
    one = np.array([1])
    with pytest.raises(UndefinedMetricError, match="of one category on every image"):
        shape_bias(one, one, one)
    with pytest.raises(UndefinedMetricError, match="none of the 1 decisions"):
        shape_bias(np.array([5]), one, np.array([2]))
    with pytest.raises(ValueError, match=r"`texture` must have shape \(1\)"):
        shape_bias(one, one, np.array([2, 3]))
