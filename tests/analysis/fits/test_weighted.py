"""Weighted statistics: ones give scipy's, multiplicities give repeated data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import mean_absolute_error

from harness.analysis.fits import weighted
from harness.analysis.fits.fits import fit_line

seeds = st.integers(0, 2**32 - 1)
every = pytest.mark.parametrize("name", weighted.STATISTICS)


def data(seed, *, ties=False, n=None):
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(4, 25))
    x = rng.normal(100, 3, n)
    y = rng.uniform(size=n)
    return (np.round(x), np.round(y, 1)) if ties else (x, y)


def once(name, x, y):
    return float(weighted.STATISTICS[name](x, y, np.ones((1, len(x))))[0])


@given(seeds, st.booleans())
def test_weights_of_one_give_scipys_statistics(seed, ties):
    x, y = data(seed, ties=ties)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return
    line = stats.linregress(x, y)
    predicted = line.intercept + line.slope * x
    theirs = {
        "r2": line.rvalue**2,
        "adjusted_r2": 1 - (1 - line.rvalue**2) * (len(x) - 1) / (len(x) - 2),
        "rmse": np.sqrt(((y - predicted) ** 2).mean()),
        "mae": mean_absolute_error(y, predicted),
        "pearson": stats.pearsonr(x, y).statistic,
        "spearman": stats.spearmanr(x, y).statistic,
        "kendall": stats.kendalltau(x, y).statistic,
        "weighted_tau": stats.weightedtau(x, y).statistic,
    }
    assert theirs.keys() == weighted.STATISTICS.keys()
    for name, value in theirs.items():
        assert once(name, x, y) == pytest.approx(value, abs=1e-7), name


@every
@settings(max_examples=40)
@given(seeds, st.booleans())
def test_a_weight_is_a_number_of_copies(name, seed, ties):
    x, y = data(seed, ties=ties, n=8)
    counts = np.random.default_rng(seed).integers(0, 4, (5, 8))
    counts[:, :3] += 1
    together = weighted.STATISTICS[name](x, y, counts.astype(float))
    apart = [once(name, np.repeat(x, w), np.repeat(y, w)) for w in counts]
    # A variance is known to 1e-16, so a standard deviation of zero to 1e-8.
    assert together == pytest.approx(apart, abs=1e-7, nan_ok=True)


@every
def test_what_does_not_exist_is_nan(name):
    x, y = data(0, n=6)
    weights = np.zeros((3, 6))
    weights[0, 2] = 5  # one pair five times
    weights[2] = 1
    values = weighted.STATISTICS[name](x, y, weights)
    assert np.isnan(values[:2]).all()
    assert np.isfinite(values[2])


@given(seeds)
def test_lines_agree_with_the_fit_of_one_line(seed):
    x, y = data(seed)
    fit = fit_line(x, y)
    slope, intercept, left, variance = weighted.lines(x, y, np.ones((1, len(x))))
    assert slope == pytest.approx(fit.slope, rel=1e-7, abs=1e-10)
    assert intercept == pytest.approx(fit.intercept, rel=1e-7, abs=1e-8)
    assert np.sqrt(left) == pytest.approx(fit.rmse, rel=1e-7)
    assert np.sqrt(variance) == pytest.approx(fit.y_sd)
