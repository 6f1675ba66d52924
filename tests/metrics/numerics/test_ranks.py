"""Ranks and their correlation, against scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.metrics.numerics.ranks import average_ranks, spearman

values = st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=30)


@given(values)
def test_ranks_agree_with_scipy_on_ties(numbers):
    x = np.array(numbers)
    assert average_ranks(x).tolist() == stats.rankdata(x).tolist()


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_spearman_agrees_with_scipy(seed, ties):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, rng.integers(3, 40)))
    if ties:
        x, y = np.round(x), np.round(y, 1)
    if np.ptp(x) == 0:
        return
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


@given(values)
def test_spearman_of_anything_rising_is_one(numbers):
    x = np.array(numbers)
    rho = spearman(x, np.exp(x))
    assert rho is None if np.ptp(x) == 0 else rho == pytest.approx(1)


def test_spearman_of_a_constant_does_not_exist():
    assert spearman(np.ones(4), np.arange(4.0)) is None
    assert spearman(np.arange(4.0), np.ones(4)) is None
    assert spearman(np.ones(1), np.ones(1)) is None
