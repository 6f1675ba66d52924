"""Errors on kinds of datasets that a line never saw: by hand, by a loop, by nature."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.fits.fits import Unfit, fit_line
from harness.analysis.fits.outcome import FittedOutcome
from harness.analysis.kind_errors import kind_errors
from harness.traits import kinds

seeds = st.integers(0, 2**32 - 1)
counts = st.integers(10, 40)


def interior(seed=0, n=41, of=8, each=3):
    """Metric, accuracy and traits of a test split and sets of several kinds each."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = np.clip(0.5 + 0.1 * x + rng.normal(0, 0.05, n), 0, 1)
    made = [rng.choice(of, each, replace=False) for _ in range(n - 1)]
    traits = [{"transformations": ", ".join(f"k{i}" for i in some)} for some in made]
    return x, y, [{"split": "test"}, *traits]


def looped(x, y, traits, without=None):
    """Errors by kind: a line fitted anew for each, without datasets of `without`."""
    of = [set(kinds(one)) for one in traits]
    errors = {}
    for kind in sorted(set().union(*of) - {without}):
        kept = [kind not in one and without not in one for one in of]
        left = np.array([kind in one and without not in one for one in of])
        if left.any():
            errors[kind] = fit_line(x[kept], y[kept]).predict(x[left]) - y[left]
    return errors


def test_three_kinds_by_hand():
    """Each kind's line by its formula."""
    x = np.array([0, 1, 2, 3, 4.0])
    y = np.array([0.2, 0.4, 0.6, 0.5, 0.9])
    traits = [{"corruption": c} for c in ("blur", "blur", "fog", "snow", "snow")]

    found = kind_errors(x, y, traits)

    # Without blur: slope 0.15, 2/3 at 3. Without fog: 0.16, 0.5 at 2. Without snow: 0.2
    # and 0.2 at 0, so 0.3 and 0.1 too much.
    blur = np.array([2 / 3 - 0.45 - 0.2, 2 / 3 - 0.3 - 0.4])
    assert found.kinds == ("blur", "fog", "snow")
    assert found.n.tolist() == [2, 1, 2]
    assert found.mae == pytest.approx([np.abs(blur).mean(), 0.1, 0.2])
    assert found.bias == pytest.approx([blur.mean(), -0.1, 0.2])
    assert found.rmse == pytest.approx([np.sqrt((blur**2).mean()), 0.1, np.sqrt(0.05)])
    assert found.mean_mae == pytest.approx((np.abs(blur).mean() + 0.3) / 3)
    assert found.mean_bias == pytest.approx((blur.mean() + 0.1) / 3)
    assert found.root_mean_square == pytest.approx(
        np.sqrt(((blur**2).mean() + 0.01 + 0.05) / 3)
    )
    assert found.raw_mae is None
    assert found.mean_raw_mae is None
    assert np.isnan(found.without).all()  # two kinds leave no line through three


@settings(max_examples=10)
@given(seeds, st.integers(20, 40), st.integers(6, 9), st.integers(1, 2))
def test_the_errors_are_those_of_a_loop_over_lines(seed, n, of, each):
    x, y, traits = interior(seed, n, of, each)
    expected = looped(x, y, traits)

    found = kind_errors(x, y, traits, estimate=True)

    assert found.kinds == tuple(expected)
    for i, (kind, errors) in enumerate(expected.items()):
        left = np.array([kind in kinds(one) for one in traits])
        assert found.n[i] == len(errors)
        assert found.mae[i] == pytest.approx(np.abs(errors).mean())
        assert found.rmse[i] == pytest.approx(np.sqrt((errors**2).mean()))
        assert found.bias[i] == pytest.approx(errors.mean())
        assert found.raw_mae[i] == pytest.approx(np.abs(x - y)[left].mean())
    for kind, value in zip(found.kinds, found.without, strict=True):
        some = looped(x, y, traits, without=kind).values()
        assert value == pytest.approx(np.mean([np.abs(e).mean() for e in some]))


@settings(max_examples=10)
@given(seeds, counts, st.floats(0.01, 100), st.floats(-50, 50), st.booleans())
def test_the_unit_of_a_score_and_the_order_decide_nothing(seed, n, unit, zero, falls):
    x, y, traits = interior(seed, n, each=1)
    found = kind_errors(x, y, traits)
    turned = np.random.default_rng(seed).permutation(n)
    other = zero + (-unit if falls else unit) * x

    again = kind_errors(other[turned], y[turned], [traits[i] for i in turned])

    assert again.kinds == found.kinds
    for name in ("n", "mae", "rmse", "bias", "without"):
        expected = pytest.approx(getattr(found, name), rel=1e-6, abs=1e-9, nan_ok=True)
        assert getattr(again, name) == expected, name


@settings(max_examples=10)
@given(seeds, counts)
def test_errors_are_in_the_order_that_means_have(seed, n):
    """|bias| <= mae <= rmse, of each kind and over all."""
    found = kind_errors(*interior(seed, n, each=1), estimate=True)
    for bias, mae, rmse in (
        (found.bias, found.mae, found.rmse),
        (found.mean_bias, found.mean_mae, found.root_mean_square),
    ):
        assert np.all(np.abs(bias) <= mae + 1e-12)
        assert np.all(mae <= rmse + 1e-12)
    assert found.n.sum() == n - 1


def test_a_perfect_metric_has_no_error_on_any_kind():
    _, y, traits = interior()
    found = kind_errors(3 - 7 * y, y, traits, estimate=True)
    assert found.mae == pytest.approx(np.zeros(8), abs=1e-12)
    assert found.without == pytest.approx(np.zeros(8), abs=1e-12)
    assert (found.raw_mae > 0.5).all()


def test_a_kind_that_is_unlike_the_others_is_where_a_line_fails():
    """Leaving out one dataset at a time would not see it: its like would remain."""
    x, y, traits = interior(n=41, each=1)
    y = 0.5 + 0.1 * x
    odd = np.array([kinds(one) == ("k3",) for one in traits])
    y[odd] -= 0.3
    found = kind_errors(x, y, traits)
    assert found.kinds[int(np.argmax(found.mae))] == "k3"
    assert found.mae[3] == pytest.approx(0.3)
    assert found.bias[3] == pytest.approx(0.3)


def test_what_cannot_be_judged_says_why():
    x, y, traits = interior()
    few = [{"corruption": "ab"[i % 2]} for i in range(41)]
    with pytest.raises(Unfit, match="at least 3 kinds of datasets without which 3"):
        kind_errors(x, y, few)
    with pytest.raises(Unfit, match="at least 3 kinds"):
        kind_errors(x, y, [{}] * 41)
    with pytest.raises(Unfit, match=r"the metric is nan on 1 of 41"):
        kind_errors(np.where(np.arange(41) == 2, np.nan, x), y, traits)
    with pytest.raises(Unfit, match=r"accuracy must be in \[0, 1\]"):
        kind_errors(x, 100 * y, traits)
    with pytest.raises(ValueError, match="one mapping for each of 41 datasets, got 2"):
        kind_errors(x, y, traits[:2])


@pytest.mark.parametrize("same", ["metric", "accuracy"])
def test_a_line_that_hangs_on_one_kind_is_none(same):
    traits = [{"corruption": "abc"[i // 4]} for i in range(12)]
    varied, constant = np.linspace(0, 1, 12), np.full(12, 0.5)
    constant[:4] = varied[:4]
    x, y = (constant, varied) if same == "metric" else (varied, constant)
    with pytest.raises(Unfit, match=r"the same on all datasets without a$"):
        kind_errors(x, y, traits)


def test_another_outcome_has_its_own_bounds():
    x, y, traits = interior()
    nll = FittedOutcome(name="nll", high=np.inf, proportion=False)
    found = kind_errors(x, 10 * y, traits, outcome=nll)
    assert found.mae == pytest.approx(10 * kind_errors(x, y, traits).mae)


def test_many_metrics_of_many_models_take_no_time():
    """32 metrics of 5 models on 61 datasets, of 12 kinds: well below a second idle."""
    x, y, traits = interior(n=61, of=12)
    kind_errors(x, y, traits)
    start = time.process_time()
    for _ in range(160):
        kind_errors(x, y, traits, estimate=True)
    assert time.process_time() - start < 1
