"""Lines against scipy and scikit-learn, identities, and data that has no line."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from harness.analysis.fits.fits import Unfit, fit_line, judge

seeds = st.integers(0, 2**32 - 1)
accuracies = st.floats(0, 1).map(lambda v: round(v, 4))
pairs = st.lists(
    st.tuples(st.floats(-1e3, 1e3), accuracies), min_size=3, max_size=40
).map(lambda rows: np.array(rows).T)


def random_data(seed, n=None):
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(3, 60))
    x = rng.normal(rng.normal(0, 5), rng.uniform(0.01, 10), n)
    y = 1 / (1 + np.exp(-rng.normal(0, 1, n) - rng.normal() * (x - x.mean())))
    return x, y


def fittable(x, y):
    try:
        return fit_line(x, y)
    except Unfit:
        assume(False)


@given(seeds)
def test_the_line_agrees_with_scipy(seed):
    x, y = random_data(seed)
    fit, theirs = fit_line(x, y), stats.linregress(x, y)
    assert fit.slope == pytest.approx(theirs.slope, rel=1e-9, abs=1e-12)
    assert fit.intercept == pytest.approx(theirs.intercept, rel=1e-9, abs=1e-9)
    assert fit.r2 == pytest.approx(theirs.rvalue**2, abs=1e-12)
    assert fit.pearson == pytest.approx(theirs.rvalue, abs=1e-7)
    assert fit.spearman == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


@given(seeds)
def test_the_statistics_agree_with_scikit_learn(seed):
    x, y = random_data(seed)
    fit = fit_line(x, y)
    predicted = fit.predict(x)
    assert fit.r2 == pytest.approx(r2_score(y, predicted), abs=1e-12)
    assert fit.rmse**2 == pytest.approx(mean_squared_error(y, predicted), abs=1e-14)
    assert fit.mae == pytest.approx(mean_absolute_error(y, predicted), abs=1e-12)


@given(seeds, seeds)
def test_a_judgement_agrees_with_scikit_learn(seed, other):
    fit = fit_line(*random_data(seed))
    x, y = random_data(other)
    judged, predicted = judge(fit, x, y), fit.predict(x)
    assert judged.r2 == pytest.approx(r2_score(y, predicted), rel=1e-9, abs=1e-9)
    assert judged.rmse**2 == pytest.approx(mean_squared_error(y, predicted), rel=1e-9)
    assert judged.mae == pytest.approx(mean_absolute_error(y, predicted), rel=1e-9)
    assert judged.bias == pytest.approx((predicted - y).mean(), rel=1e-9, abs=1e-12)
    assert judged.spearman == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


@given(pairs)
def test_identities_of_every_fit(data):
    x, y = data
    fit = fittable(x, y)
    assert fit.rmse**2 == pytest.approx((1 - fit.r2) * y.var(), rel=1e-9, abs=1e-15)
    assert 0 <= fit.r2 <= 1
    assert fit.mae <= fit.rmse * (1 + 1e-9)
    assert fit.y_sd == pytest.approx(y.std())
    assert fit.x_sd == pytest.approx(x.std())
    assert fit.predict(x.mean()) == pytest.approx(y.mean(), abs=1e-9)
    assert all(fit.covers(value) for value in x)
    assert not fit.covers(x.max() + 1)


@given(pairs)
def test_a_line_judged_on_its_own_data_scores_as_it_fitted(data):
    x, y = data
    fit = fittable(x, y)
    judged = judge(fit, x, y)
    assert judged.r2 == pytest.approx(fit.r2, abs=1e-9)
    assert judged.rmse == pytest.approx(fit.rmse, abs=1e-9)
    assert judged.spearman == fit.spearman
    assert judged.bias == pytest.approx(0, abs=1e-9)
    assert judged.outside == 0


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_datasets_does_not_matter(data, random):
    x, y = data
    fit = fittable(x, y)
    order = list(range(len(x)))
    random.shuffle(order)
    again = fit_line(x[order], y[order])
    assert again.r2 == pytest.approx(fit.r2, abs=1e-9)
    assert again.spearman == pytest.approx(fit.spearman, abs=1e-12)
    assert again.x_range == fit.x_range


@given(seeds, st.floats(0.01, 100), st.floats(-100, 100))
def test_the_unit_of_the_metric_does_not_matter(seed, scale, shift):
    x, y = random_data(seed)
    fit, other = fit_line(x, y), fit_line(-scale * x + shift, y)
    assert other.r2 == pytest.approx(fit.r2, abs=1e-6)
    assert other.rmse == pytest.approx(fit.rmse, abs=1e-6)
    assert other.slope == pytest.approx(-fit.slope / scale, rel=1e-6, abs=1e-9)


@given(seeds, seeds)
def test_no_line_beats_the_own_line(seed, other):
    x, y = random_data(seed)
    elsewhere = fit_line(*random_data(other))
    assert judge(elsewhere, x, y).rmse >= fit_line(x, y).rmse - 1e-12
    assert judge(elsewhere, x, y).r2 <= fit_line(x, y).r2 + 1e-9


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e9])
@pytest.mark.parametrize("spread", [1e-3, 1.0])
def test_a_large_offset_costs_no_digits(offset, spread):
    """The inputs are exact in binary, so that the line is known exactly."""
    x = offset + spread * np.array([0, 1, 2, 3]) / 4
    step = (x[-1] - x[0]) / 3
    fit = fit_line(x, [0.25, 0.5, 0.25, 0.5])
    assert fit.r2 == pytest.approx(0.2, rel=1e-3 if abs(offset) > 1e8 else 1e-6)
    assert fit.slope * step == pytest.approx(0.05, rel=1e-3)
    assert fit.predict(x) == pytest.approx([0.3, 0.35, 0.4, 0.45], abs=1e-4)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-12, 1e12, 1e140])
def test_tiny_and_huge_spreads_are_fitted(scale):
    fit = fit_line(scale * np.arange(4), [0.1, 0.3, 0.2, 0.4])
    assert fit.r2 == pytest.approx(0.64)
    assert fit.slope * scale == pytest.approx(0.08)
    tight = fit_line([0.0, 1.0, 2.0, 3.0], 0.5 + 1e-9 * np.array([1, 3, 2, 4]))
    assert tight.r2 == pytest.approx(0.64, rel=1e-5)


def test_a_perfect_line_has_no_error():
    fit = fit_line([1.0, 2.0, 3.0, 4.0], [0.75, 0.5, 0.25, 0.0])
    assert (fit.slope, fit.intercept, fit.r2) == (-0.25, 1.0, 1.0)
    assert (fit.rmse, fit.mae, fit.spearman, fit.pearson) == (0.0, 0.0, -1.0, -1.0)


def test_worked_line():
    """Σdxdy = 0.4 and Σdx² = 5, so the slope is 0.08; SST 0.06, SSE 0.028."""
    fit = fit_line([1, 2, 3, 4], [0.2, 0.5, 0.4, 0.5])
    assert fit.slope == pytest.approx(0.08)
    assert fit.intercept == pytest.approx(0.2)
    assert fit.r2 == pytest.approx(0.032 / 0.06)
    assert fit.rmse == pytest.approx(np.sqrt(0.028 / 4))
    assert fit.mae == pytest.approx((0.08 + 0.14 + 0.04 + 0.02) / 4)
    assert fit.adjusted_r2 == pytest.approx(1 - (0.028 / 0.06) * 3 / 2)


def test_one_value_for_all_has_an_r2_of_zero():
    """The control: a line that always says the mean explains nothing."""
    y = np.array([0.2, 0.5, 0.4, 0.5])
    flat = fit_line([1.0, 2.0, 3.0], [0.4, 0.2, 0.4])  # slope 0
    assert flat.slope == 0
    level = y - y.mean() + flat.y_mean
    judged = judge(flat, [1.0, 2.0, 3.0, 4.0], level)
    assert judged.r2 == pytest.approx(0, abs=1e-12)
    assert judged.rmse == pytest.approx(level.std())


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([], [], "a fit needs at least 3 datasets, got 0"),
        ([0.5], [0.9], "a fit needs at least 3 datasets, got 1"),
        ([0.5, 0.6], [0.9, 0.8], "a fit needs at least 3 datasets, got 2"),
        ([0.5] * 4, [0.1, 0.2, 0.3, 0.4], "the metric is 0.5 on all 4 datasets"),
        ([1.0, 2.0, 3.0], [0.25] * 3, "the accuracy is 0.25 on all 3 datasets"),
        ([1.0, 2.0, np.nan], [0.1, 0.2, 0.3], "the metric is nan on 1 of 3 datasets"),
        ([1.0, 2.0, np.inf], [0.1, 0.2, 0.3], "the metric is inf on 1 of 3 datasets"),
        ([1.0, 2.0, 3.0], [0.1, np.nan, 0.3], "the accuracy is nan on 1 of 3"),
        ([1.0, 2.0, 3.0], [10, 81.2, 30], r"\[0, 1\], got 10; divide percentages"),
        ([1.0, 2.0, 3.0], [0.1, -0.5, 0.3], r"\[0, 1\], got -0.5"),
        ([1e200, 2.0, 3.0], [0.1, 0.2, 0.3], "1e[+]200 in size, too large"),
        ([0.0, 5e-324, 1e-323], [0.1, 0.2, 0.3], "spread of .*e-32. is too small"),
        ([1.0, 2.0, 3.0], [5e-324, 0, 0], "accuracy's spread of .*e-32. is too small"),
    ],
)
def test_what_cannot_be_fitted_says_why(x, y, reason):
    with pytest.raises(Unfit, match=reason):
        fit_line(x, y)


def test_rounding_is_not_a_spread():
    x = [0.1 + 0.2, 0.3, 0.3]
    assert x[0] != x[1]
    with pytest.raises(Unfit, match=r"the metric is 0\.3 on all 3 datasets"):
        fit_line(x, [0.1, 0.2, 0.3])


def test_what_cannot_be_judged_says_why():
    fit = fit_line([0.0, 1.0, 2.0], [0.1, 0.3, 0.5])
    with pytest.raises(Unfit, match="a judgement needs at least 3 datasets, got 2"):
        judge(fit, [0.0, 1.0], [0.1, 0.2])
    with pytest.raises(Unfit, match=r"the accuracy is 0\.1 on all 3 datasets"):
        judge(fit, [0.0, 1.0, 2.0], [0.1, 0.1, 0.1])
    with pytest.raises(Unfit, match=r"accuracy's spread of .*e-201 is too"):
        judge(fit, [0.0, 1.0, 2.0], [1e-201, 0.0, 2e-201])


@pytest.mark.parametrize("x", [["a", "b", "c"], [1j, 2, 3], (i for i in range(3))])
def test_a_fit_of_no_numbers_is_refused_by_name(x):
    with pytest.raises(TypeError, match="`x` must be real numbers, got dtype"):
        fit_line(x, [0.1, 0.2, 0.3])


def test_vectors_of_two_lengths_are_a_mistake():
    with pytest.raises(ValueError, match=r"one length, got \(3,\) and \(2,\)") as info:
        fit_line([1, 2, 3], [0.1, 0.2])
    assert not isinstance(info.value, Unfit)


# R² and RMSE in points: (interior, exterior own fit, exterior with interior fit), of
# the rotation and then the jigsaw metric, from the README of xingjianleng's and
# collaborators' autoeval_baselines, May 2023.
PUBLISHED = {
    "resnet20": (
        [(0.9218, 4.4542), (0.4342, 8.4589), (0.4248, 8.5287)],
        [(0.7531, 7.9134), (0.0815, 10.7777), (-0.4587, 13.5818)],
        (15.93, 11.25),
    ),
    "resnet110": (
        [(0.9402, 4.1740), (0.6265, 5.6298), (-0.2060, 10.1167)],
        [(0.9169, 4.9211), (0.3651, 7.3405), (-0.4204, 10.9792)],
        (17.07, 9.21),
    ),
    "lenet5": (
        [(0.7192, 4.4566), (0.0042, 4.9220), (-0.4810, 6.0026)],
        [(0.7983, 3.7770), (0.0457, 4.8185), (-0.2674, 5.5529)],
        (8.41, 4.93),
    ),
    "obc": (
        [(0.0, 1.9596), (0.0, 1.8492), (-5.1408, 4.5824)],
        [(0.0002, 1.9594), (0.0119, 1.8381), (-5.1380, 4.5813)],
        (1.96, 1.85),
    ),
}


@pytest.mark.parametrize("model", PUBLISHED)
def test_published_rows_satisfy_the_identity(model):
    """Each cell gives the spread of accuracies, whatever metric or line it is of."""
    *tables, (interior, exterior) = PUBLISHED[model]
    for cells in tables:
        spreads = [rmse / np.sqrt(1 - r2) for r2, rmse in cells]
        assert spreads == pytest.approx([interior, exterior, exterior], abs=0.02)


@pytest.mark.parametrize("model", PUBLISHED)
def test_our_fits_reproduce_published_cells_from_their_spread(model):
    """Data built to have the published R² and spread has the published RMSE."""
    for r2, rmse in PUBLISHED[model][0][:2]:
        spread = rmse / np.sqrt(1 - r2) / 100
        u = np.tile([-1.0, 1.0, -1.0, 1.0], 10)
        v = np.tile([-1.0, -1.0, 1.0, 1.0], 10)  # orthogonal to u, both of variance 1
        y = 0.5 + spread * (np.sqrt(r2) * u + np.sqrt(1 - r2) * v)
        fit = fit_line(u, y)
        assert fit.r2 == pytest.approx(r2, abs=1e-12)
        assert 100 * fit.rmse == pytest.approx(rmse, abs=1e-9)
