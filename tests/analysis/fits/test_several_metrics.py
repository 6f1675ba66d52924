"""Planes against scipy and scikit-learn; intervals against refits and against truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import LinearRegression, Ridge

from harness.analysis.coverage import sampling_interval
from harness.analysis.fits.fits import Unfit, fit_line
from harness.analysis.fits.several_metrics import RIDGES, fit_plane

seeds = st.integers(0, 2**32 - 1)


def data(seed, n=20, m=3, noise=0.03):
    rng = np.random.default_rng(seed)
    metrics = rng.normal(rng.normal(0, 9, m), rng.uniform(0.1, 5, m), (n, m))
    z = (metrics - metrics.mean(0)) / metrics.std(0)
    y = 0.5 + z @ rng.normal(0, 0.05, m) + rng.normal(0, noise, n)
    return metrics, np.clip(y, 0, 1)


@given(seeds)
def test_least_squares_agrees_with_scikit_learn(seed):
    metrics, y = data(seed)
    plane, theirs = fit_plane(metrics, y), LinearRegression().fit(metrics, y)
    assert plane.predict(metrics) == pytest.approx(theirs.predict(metrics), abs=1e-9)
    assert plane.r2 == pytest.approx(theirs.score(metrics, y), abs=1e-9)
    assert plane.freedom == pytest.approx(16)
    assert plane.rmse**2 == pytest.approx((1 - plane.r2) * y.var())


@given(seeds, st.sampled_from([0.001, 0.1, 3.0]))
def test_a_ridge_agrees_with_scikit_learn(seed, ridge):
    metrics, y = data(seed)
    z = (metrics - metrics.mean(0)) / metrics.std(0)
    theirs = Ridge(alpha=20 * ridge).fit(z, y)
    plane = fit_plane(metrics, y, ridge=ridge)
    assert plane.predict(metrics) == pytest.approx(theirs.predict(z), abs=1e-9)
    assert plane.coefficients == pytest.approx(theirs.coef_, abs=1e-9)


@given(
    st.integers(0, 99),
    st.floats(0, 0.05) | st.just(0.0),
    st.integers(1, 10**6),
    st.floats(-40, 40),
    st.sampled_from([0.5, 0.9, 0.95, 0.99]),
)
def test_no_interval_is_narrower_than_the_noise_of_its_images(
    seed, noise, n, place, level
):
    """Wherever the metric lies, however well the line fits, inside [0, 1]."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-1, 1, 8)
    y = np.clip(0.5 + 0.4 * x + rng.normal(0, noise, 8), 0, 1)
    images = np.full(8, n)

    plane = fit_plane(x[:, None], y, images=images, level=level)
    (found,) = plane.predictions([[place]], images=[n], level=level)

    low, high = sampling_interval(found.accuracy, n, level)
    assert 0 <= found.low <= low <= found.accuracy <= high <= found.high <= 1
    assert found.high - found.low >= high - low > 0
    narrow = min(float(np.diff(sampling_interval(a, n, level)).item()) for a in (0, 1))
    assert plane.leave_one_out.width >= narrow
    assert plane.coverage(x[:, None], y, images=images, level=level).width >= narrow


def test_wilsons_interval_agrees_with_scipy():
    """At every count of ten images, and at both ends."""
    for right in range(11):
        theirs = stats.binomtest(right, 10).proportion_ci(method="wilson")
        low, high = sampling_interval(right / 10, 10)
        assert float(low) == pytest.approx(theirs.low, abs=1e-12)
        assert float(high) == pytest.approx(theirs.high, abs=1e-12)
    with pytest.raises(ValueError, match=r"in \[0, 1\] and images at least 1"):
        sampling_interval(1.1, 10)


@given(seeds)
def test_one_metric_gives_the_line_and_its_textbook_interval(seed):
    metrics, y = data(seed, m=1)
    x = metrics[:, 0]
    line, plane = fit_line(x, y), fit_plane(metrics, y)
    places = np.linspace(x.min() - 1, x.max() + 1, 9)
    assert plane.predict(places[:, None]) == pytest.approx(line.predict(places))
    s = np.sqrt(((y - line.predict(x)) ** 2).sum() / 18)
    half = (
        stats.t.ppf(0.95, 18)
        * s
        * np.sqrt(1 + 1 / 20 + (places - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    )
    found = plane.predictions(places[:, None], level=0.9)
    assert [p.low for p in found] == pytest.approx(
        np.clip(line.predict(places) - half, 0, 1)
    )
    assert [p.high for p in found] == pytest.approx(
        np.clip(line.predict(places) + half, 0, 1)
    )
    assert [p.inside for p in found] == [line.covers(p) for p in places]


@settings(max_examples=20)
@given(seeds, st.sampled_from([0.0, 0.05]))
def test_leaving_one_out_is_what_refits_say(seed, ridge):
    """With the penalty held in the units of the whole data, as documented."""
    metrics, y = data(seed, n=9, m=2, noise=0.05)
    plane = fit_plane(metrics, y, ridge=ridge, level=0.8)
    z = (metrics - metrics.mean(0)) / metrics.std(0)
    covered, errors, widths = 0, [], []
    for i in range(9):
        rest = np.delete(np.arange(9), i)
        design = np.column_stack([np.ones(8), z[rest]])
        inverse = np.linalg.inv(design.T @ design + 9 * ridge * np.diag([0, 1, 1]))
        beta = inverse @ design.T @ y[rest]
        freedom = 8 - np.trace(design @ inverse @ design.T)
        s2 = ((y[rest] - design @ beta) ** 2).sum() / freedom
        place = np.concatenate([[1], z[i]])
        half = stats.t.ppf(0.9, freedom) * np.sqrt(s2 * (1 + place @ inverse @ place))
        errors.append(abs(y[i] - place @ beta))
        widths.append(2 * half)
        covered += errors[-1] <= half
    found = plane.leave_one_out
    assert (found.covered, found.n, found.level) == (covered, 9, 0.8)
    assert found.mae == pytest.approx(np.mean(errors))
    assert found.width == pytest.approx(np.mean(widths))


def test_the_intervals_hold_what_they_promise_on_data_that_obeys():
    """Normal noise about a plane: both kinds of coverage come out at the level."""
    inside = outside = total = 0
    for seed in range(150):
        metrics, y = data(seed, n=40)
        plane = fit_plane(metrics[:20], y[:20], level=0.8)
        inside += plane.leave_one_out.covered
        outside += plane.coverage(metrics[20:], y[20:], level=0.8).covered
        total += 20
    assert inside / total == pytest.approx(0.8, abs=0.03)
    assert outside / total == pytest.approx(0.8, abs=0.03)


def test_coverage_falls_where_the_relation_is_another():
    metrics, y = data(1, n=40)
    plane = fit_plane(metrics[:20], y[:20])
    moved = plane.coverage(metrics[20:], np.clip(y[20:] - 0.3, 0, 1))
    assert moved.share < 0.1
    assert moved.mae > 0.2


def test_the_chosen_ridge_predicts_left_out_datasets_best():
    metrics, y = data(5, n=12, m=6, noise=0.1)
    best = fit_plane(metrics, y, ridge=None)
    others = [fit_plane(metrics, y, ridge=r) for r in RIDGES]
    z = (metrics - metrics.mean(0)) / metrics.std(0)

    def left_out(plane):
        h = 1 / 12 + np.einsum("ij,jk,ik->i", z, np.array(plane.inverse), z)
        return (((y - plane.predict(metrics)) / (1 - h)) ** 2).mean()

    assert left_out(best) == pytest.approx(min(map(left_out, others)))
    assert best.ridge in RIDGES


def test_a_ridge_copes_with_metrics_that_say_the_same():
    metrics, y = data(2, m=1)
    twice = np.column_stack([metrics, 2 * metrics + 1])
    with pytest.raises(Unfit, match="collinear; use a ridge"):
        fit_plane(twice, y)
    one, two = fit_plane(metrics, y), fit_plane(twice, y, ridge=None)
    assert two.predict(twice) == pytest.approx(one.predict(metrics), abs=0.01)


def test_predictions_stay_in_range_and_flag_extrapolation():
    x = np.linspace(0, 1, 10)[:, None]
    y = 0.3 + 0.6 * x[:, 0] + np.tile([-0.01, 0.01], 5)
    near, far = fit_plane(x, y).predictions([[0.5], [3.0]])
    assert near.inside
    assert near.low < near.accuracy < near.high
    assert not far.inside
    assert (far.accuracy, far.high) == (1.0, 1.0)
    both = fit_plane(np.column_stack([x, x**2]), y).predictions([[0.5, 1.1]])
    assert not both[0].inside  # the second metric is beyond its range


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda x, y: (x[:5], y[:5]),
            "from 3 metrics needs at least 6 datasets, got 5",
        ),
        (lambda x, y: (x * [1, 0, 1], y), "metric 2 of 3 is the same on all 20"),
        (lambda x, y: (x * [1, np.inf, 1], y), "not finite"),
        (lambda x, y: (x, 100 * y), "divide percentages by 100"),
        (lambda x, y: (x, 0 * y), "the accuracy is 0 on all 20 datasets"),
        (lambda x, y: (np.eye(20)[:, :3] + 0.0, y), "one dataset alone decides"),
    ],
)
def test_what_cannot_be_fitted_says_why(change, reason):
    with pytest.raises(Unfit, match=reason):
        fit_plane(*change(*data(0)))


def test_mistakes_are_refused():
    metrics, y = data(0)
    with pytest.raises(ValueError, match=r"got \(20,\) and \(20,\)"):
        fit_plane(y, y)
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        fit_plane(metrics, y, ridge=-1.0)
    with pytest.raises(ValueError, match="between 0 and 1, got 95"):
        fit_plane(metrics, y, level=95)
    with pytest.raises(ValueError, match=r"shape \(n, 3\), got \(20, 2\)"):
        fit_plane(metrics, y).predict(metrics[:, :2])
    with pytest.raises(Unfit, match="at least 1 dataset, got 0"):
        fit_plane(metrics, y).coverage(metrics[:0], y[:0])
