"""Robust, scaled and monotone fits, against scipy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import least_squares
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import r2_score

from harness.analysis.fits.fits import Unfit, fit_line, judge
from harness.analysis.fits.other import HUBER_LIMIT, Method, fit_curve
from harness.metrics.numerics.ranks import spearman

every = pytest.mark.parametrize("method", Method)
seeds = st.integers(0, 2**32 - 1)


def data(seed, n=None, ties=False):
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(5, 40))
    x = rng.normal(20, 3, n)
    y = 1 / (1 + np.exp(-rng.normal(0, 1, n) - rng.normal() * (x - 20)))
    return (np.round(x), np.round(y, 2)) if ties else (x, y)


def contaminated():
    """A line of slope 0.1 under nine datasets, and three far below it."""
    x = np.linspace(0, 4, 12)
    y = 0.3 + 0.1 * x + 0.004 * np.sin(np.arange(12.0))
    y[[9, 10, 11]] = 0.05
    return x, y


@every
@settings(max_examples=30)
@given(seed=seeds)
def test_statistics_are_of_the_predictions_in_accuracy(method, seed):
    x, y = data(seed)
    assume(spearman(x, y) != 0)  # a monotone fit has no direction then
    curve = fit_curve(x, y, method=method)
    assert curve.r2 == pytest.approx(r2_score(y, curve.predict(x)), abs=1e-9)
    judged = judge(curve, x, y)
    for name in ("r2", "rmse", "mae", "bias", "n"):
        assert getattr(judged, name) == pytest.approx(getattr(curve, name), abs=1e-12)
    assert judged.outside == 0
    assert curve.covers(x.min())
    assert not curve.covers(x.max() + 1)


@every
@settings(max_examples=30)
@given(seed=seeds, ties=st.booleans())
def test_the_order_of_datasets_does_not_matter(method, seed, ties):
    x, y = data(seed, n=20, ties=ties)
    order = np.random.default_rng(seed).permutation(20)
    curve = fit_curve(x, y, method=method, images=100)
    again = fit_curve(x[order], y[order], method=method, images=100)
    assert again.predict(x) == pytest.approx(curve.predict(x), abs=1e-7)


@given(seeds)
def test_the_linear_curve_is_the_line(seed):
    x, y = data(seed)
    curve, line = fit_curve(x, y), fit_line(x, y)
    assert curve.predict(x) == pytest.approx(line.predict(x))
    assert (curve.r2, curve.rmse) == pytest.approx((line.r2, line.rmse), abs=1e-9)
    assert curve.scale_r2 == pytest.approx(line.r2, abs=1e-9)


@given(seeds)
def test_theil_sen_agrees_with_scipy(seed):
    x, y = data(seed)
    theirs = stats.theilslopes(y, x, method="joint")
    line = fit_curve(x, y, method=Method.THEIL_SEN).line
    assert line.slope == pytest.approx(theirs.slope)
    assert line.intercept == pytest.approx(theirs.intercept, abs=1e-9)


@settings(max_examples=30)
@given(seeds)
def test_the_huber_line_minimises_hubers_loss_at_its_own_scale(seed):
    """scipy finds the same minimum when it is told the scale."""
    x, y = data(seed, n=25)
    line = fit_curve(x, y, method=Method.HUBER).line
    start = stats.theilslopes(y, x, method="joint")
    spread = stats.median_abs_deviation(
        y - start.intercept - start.slope * x, center=lambda a, axis: 0, scale="normal"
    )
    theirs = least_squares(
        lambda p: p[0] + p[1] * (x - 20) - y,
        [y.mean(), 0],
        loss="huber",
        f_scale=HUBER_LIMIT * spread,
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-14,
    )
    assert line.at(np.array(20.0)) == pytest.approx(theirs.x[0], abs=1e-5)
    assert line.slope == pytest.approx(theirs.x[1], abs=1e-5)


def test_robust_lines_resist_a_few_strange_datasets():
    """Least squares turns the sign of the slope; Theil-Sen keeps it.

    Huber's line bounds the pull of a residual but not that of an extreme metric, so it
    resists only where the strange datasets lie among the others.
    """
    x, y = contaminated()
    slopes = {
        m: fit_curve(x, y, method=m).line.slope for m in Method if m != "isotonic"
    }
    assert slopes[Method.LINEAR] < 0 < slopes[Method.THEIL_SEN]
    assert slopes[Method.LINEAR] < slopes[Method.HUBER] < 0.02
    x[[2, 3, 4, 9, 10, 11]] = x[[9, 10, 11, 2, 3, 4]]
    y[[0, 1, 2, 3, 4, 5, 6, 7, 8]] = 0.3 + 0.1 * x[:9]
    line, ordinary = fit_curve(x, y, method=Method.HUBER).line, fit_curve(x, y).line
    assert (
        abs(line.at(x)[:9] - y[:9]).max() < 0.1 * abs(ordinary.at(x)[:9] - y[:9]).max()
    )


def test_huber_stays_on_a_line_that_most_datasets_lie_on():
    x = np.arange(6.0)
    y = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.95])
    line = fit_curve(x, y, method=Method.HUBER).line
    assert (line.slope, line.intercept) == pytest.approx((0.1, 0.1), abs=1e-9)
    assert fit_curve(x, 0.1 + x / 10, method=Method.HUBER).r2 == pytest.approx(1)


@pytest.mark.parametrize(
    ("method", "quantile"),
    [(Method.PROBIT, stats.norm), (Method.LOGIT, stats.logistic)],
)
def test_scaled_lines_agree_with_scipy(method, quantile):
    x, y = data(4, n=30)
    curve = fit_curve(x, y, method=method)
    theirs = stats.linregress(x, quantile.ppf(y))
    assert curve.line.slope == pytest.approx(theirs.slope)
    assert curve.line.intercept == pytest.approx(theirs.intercept)
    assert curve.scale_r2 == pytest.approx(theirs.rvalue**2)
    predicted = quantile.cdf(theirs.intercept + theirs.slope * x)
    assert curve.predict(x) == pytest.approx(predicted)
    assert curve.rmse == pytest.approx(np.sqrt(((predicted - y) ** 2).mean()))


def test_a_planted_probit_line_is_recovered():
    x = np.linspace(-3, 3, 13)
    curve = fit_curve(x, stats.norm.cdf(0.8 * x - 0.2), method=Method.PROBIT)
    assert (curve.line.slope, curve.line.intercept) == pytest.approx((0.8, -0.2))
    assert (curve.r2, curve.scale_r2) == pytest.approx((1, 1))
    assert fit_curve(x, stats.norm.cdf(x)).r2 < 0.99


@settings(max_examples=50)
@given(seed=seeds, ties=st.booleans())
def test_the_monotone_fit_agrees_with_scikit_learn(seed, ties):
    x, y = data(seed, ties=ties)
    rho = fit_line(x, y).spearman
    assume(rho != 0)
    curve = fit_curve(x, y, method=Method.ISOTONIC)
    theirs = IsotonicRegression(increasing=rho > 0, out_of_bounds="clip").fit(x, y)
    places = np.linspace(x.min() - 1, x.max() + 1, 50)
    assert curve.predict(places) == pytest.approx(theirs.predict(places))
    assert curve.line is None
    assert curve.scale_r2 is None


@settings(max_examples=30)
@given(seeds)
def test_the_monotone_fit_is_at_least_as_close_as_the_line(seed):
    x, y = data(seed)
    line = fit_line(x, y)
    if line.slope * line.spearman > 0:
        assert fit_curve(x, y, method=Method.ISOTONIC).rmse <= line.rmse + 1e-12


def test_accuracies_at_the_ends_need_the_number_of_images():
    x, y = [1.0, 2.0, 3.0], [0.0, 0.5, 1.0]
    with pytest.raises(Unfit, match="an accuracy of 0 has no probit"):
        fit_curve(x, y, method=Method.PROBIT)
    curve = fit_curve(x, y, method=Method.PROBIT, images=[50, 50, 50])
    assert curve.predict(3.0) == pytest.approx(0.99)


def test_what_has_no_direction_or_no_line_is_refused():
    with pytest.raises(Unfit, match="a monotone fit has no direction"):
        fit_curve([1.0, 2.0, 3.0], [0.1, 0.5, 0.1], method=Method.ISOTONIC)
    with pytest.raises(Unfit, match="at least 3 datasets, got 2"):
        fit_curve([1.0, 2.0], [0.1, 0.5], method=Method.HUBER)
    with pytest.raises(Unfit, match="at most 5000 datasets, got 5001"):
        fit_curve(np.arange(5001), np.arange(5001) / 5001, method=Method.THEIL_SEN)
