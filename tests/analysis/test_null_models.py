"""Controls: a constant explains nothing, and shuffles tell how little is luck."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.fits.fits import Unfit, fit_line, judge
from harness.analysis.null_models import constant_control, permutation_p

accuracies = st.lists(st.floats(0, 1).map(lambda v: round(v, 3)), min_size=3).filter(
    lambda y: len(set(y)) > 1
)


@given(accuracies)
def test_a_constant_has_an_r2_of_zero_and_the_spread_as_its_error(y):
    control = constant_control(y, y)
    assert control.r2 == pytest.approx(0, abs=1e-12)
    assert control.rmse == pytest.approx(np.std(y))
    assert control.bias == pytest.approx(0, abs=1e-12)
    assert control.spearman is None
    assert control.outside == 0


@given(accuracies, accuracies)
def test_a_foreign_constant_is_never_better_than_none(fitted_on, y):
    assert constant_control(fitted_on, y).r2 <= 1e-12


def test_a_line_has_to_beat_the_constant():
    x, y = [1.0, 2.0, 3.0, 4.0], [0.2, 0.5, 0.4, 0.5]
    assert judge(fit_line(x, y), x, y).rmse < constant_control(y, y).rmse


def test_permutations_agree_with_all_of_them():
    """Of 720 orders of six values, the share whose R² reaches the real one."""
    x = np.array([0.1, 0.4, 0.5, 0.9, 1.3, 2.0])
    y = np.array([0.2, 0.5, 0.3, 0.35, 0.6, 0.55])
    real = fit_line(x, y).r2
    share = np.mean(
        [fit_line(x, order).r2 >= real - 1e-12 for order in permutations(y)]
    )
    assert 0.02 < share < 0.2
    assert permutation_p(x, y, permutations=20_000) == pytest.approx(share, abs=0.008)


def test_permutations_agree_with_scipy():
    rng = np.random.default_rng(0)
    x = rng.normal(size=30)
    y = np.clip(0.5 + 0.03 * x + rng.normal(0, 0.1, 30), 0, 1)
    theory = stats.pearsonr(x, y).pvalue
    assert permutation_p(x, y) == pytest.approx(theory, rel=0.15)


def test_permutations_do_not_depend_on_the_order_and_never_give_zero():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=20), rng.uniform(size=20)
    order = rng.permutation(20)
    assert permutation_p(x, y) == permutation_p(x[order], y[order])
    assert permutation_p(x, y) != permutation_p(x, y, seed=1)
    assert permutation_p(range(20), np.arange(20) / 20, permutations=99) == 0.01


def test_the_share_of_small_p_is_what_it_promises():
    """On unrelated data p is uniform: a tenth of it lies below a tenth."""
    rng = np.random.default_rng(2)
    found = [
        permutation_p(rng.normal(size=12), rng.uniform(size=12), permutations=199)
        for _ in range(300)
    ]
    assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.1, abs=0.05)


def test_what_has_no_line_has_no_p():
    with pytest.raises(Unfit, match="the metric is 1 on all 3 datasets"):
        permutation_p([1, 1, 1], [0.1, 0.2, 0.3])
