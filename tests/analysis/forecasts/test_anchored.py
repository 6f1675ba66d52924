"""Estimates combined, and exact at the test split."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

from harness.analysis.fits.lines import Unfit
from harness.analysis.forecasts.anchored import fit_anchored, from_angle, to_angle

SHARES = st.floats(0, 1)


def scenario(seed, *, n=20, m=3, source=0.9):
    rng = np.random.default_rng(seed)
    accuracy = rng.uniform(0.2, 0.9, n)
    estimates = np.clip(accuracy[:, None] + rng.normal(0, 0.1, (n, m)), 0, 1)
    return estimates, accuracy, np.full(m, source), source


@given(st.integers(0, 1000), st.floats(0, 10), st.floats(0, 3))
def test_the_weights_minimise_what_the_formula_says(seed, ridge, power):
    estimates, accuracy, source, known = scenario(seed)
    fit = fit_anchored(
        estimates,
        accuracy,
        source=source,
        source_accuracy=known,
        ridge=ridge,
        power=power,
    )
    falls = to_angle(source) - to_angle(estimates)
    fall = to_angle(known) - to_angle(accuracy)
    start = np.mean((falls - fall[:, None]) ** 2, axis=0) ** -power
    start /= start.sum()

    def loss(w):
        return np.sum((fall - falls @ w) ** 2) + ridge * np.sum(fall**2) * np.sum(
            (w - start) ** 2
        )

    best = minimize(loss, start, tol=1e-12)
    assert fit.start == pytest.approx(tuple(start))
    assert loss(np.array(fit.weights)) <= best.fun + 1e-8


@given(st.integers(0, 1000), st.integers(1, 5))
def test_the_test_split_is_foretold_exactly(seed, m):
    estimates, accuracy, source, known = scenario(seed, m=m)
    fit = fit_anchored(estimates, accuracy, source=source, source_accuracy=known)
    assert fit.predict(source[None]) == pytest.approx([known])


@given(arrays(float, (6, 2), elements=SHARES), arrays(float, 6, elements=SHARES))
def test_forecasts_are_accuracies(estimates, accuracy):
    assume(np.ptp(accuracy) > 0.01)
    fit = fit_anchored(estimates, accuracy, source=[0.9, 0.8], source_accuracy=0.9)
    found = fit.predict(estimates)
    assert ((found >= 0) & (found <= 1)).all()


@given(st.permutations(range(20)), st.permutations(range(3)))
def test_the_order_of_datasets_and_estimates_does_not_matter(rows, columns):
    estimates, accuracy, source, known = scenario(1)
    source = np.array([0.9, 0.85, 0.95])
    one = fit_anchored(estimates, accuracy, source=source, source_accuracy=known)
    other = fit_anchored(
        estimates[rows][:, columns],
        accuracy[list(rows)],
        source=source[list(columns)],
        source_accuracy=known,
    )
    assert other.weights == pytest.approx([one.weights[i] for i in columns])


def test_an_estimate_that_is_always_right_is_believed():
    estimates, accuracy, source, known = scenario(3)
    estimates[:, 1] = accuracy
    fit = fit_anchored(estimates, accuracy, source=source, source_accuracy=known)
    assert fit.weights == pytest.approx((0, 1, 0), abs=1e-4)


def test_twins_share_their_weight():
    estimates, accuracy, source, known = scenario(4)
    estimates[:, 2] = estimates[:, 0]
    for ridge in (0.0, 1.0):
        fit = fit_anchored(
            estimates, accuracy, source=source, source_accuracy=known, ridge=ridge
        )
        assert fit.weights[0] == pytest.approx(fit.weights[2])


def test_angles_have_the_same_noise_everywhere():
    """Standard deviation 1 / sqrt(n) of the angle of a share of n images."""
    rng = np.random.default_rng(0)
    for share in (0.1, 0.5, 0.9):
        angles = to_angle(rng.binomial(400, share, 20_000) / 400)
        assert angles.std() == pytest.approx(1 / np.sqrt(400), rel=0.03)


@given(arrays(float, 5, elements=SHARES))
def test_angles_go_there_and_back(shares):
    assert from_angle(to_angle(shares)) == pytest.approx(shares, abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"accuracy": [0.5, 0.5]}, r"`accuracy` must have shape \(3,\), got \(2,\)"),
        ({"source": [0.9]}, r"`estimates` must have shape \(n, 1\), got \(3, 2\)"),
        ({"accuracy": [0.5, 0.6, 70]}, "divide percentages by 100"),
        ({"accuracy": [0.5, 0.6, np.nan]}, "not finite"),
        ({"accuracy": [0.9, 0.9, 0.9]}, "is that of the test split on all datasets"),
        (
            {"estimates": np.full((2, 2), 0.5), "accuracy": [0.5, 0.6]},
            "at least 3 datasets, got 2",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(changes, message):
    given_ = {
        "estimates": np.full((3, 2), 0.5),
        "accuracy": [0.5, 0.6, 0.7],
        "source": [0.9, 0.9],
        "source_accuracy": 0.9,
    }
    given_.update(changes)
    with pytest.raises((Unfit, ValueError), match=message):
        fit_anchored(given_.pop("estimates"), given_.pop("accuracy"), **given_)
