"""Predicted accuracy of unlabelled datasets, and gates on it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.correlation import Undefined, correlate
from harness.analysis.fits.fits import fit_line
from harness.analysis.fits.several_metrics import fit_plane
from harness.analysis.gates import Evidence, Gate, GateSyntaxError, judge, parse
from harness.analysis.gates.predictions import BOUNDS, COMBINED, Predicted, is_meant
from harness.analysis.gates.texts import OPERATORS
from harness.analysis.predictors import combine
from harness.analysis.targets import doubted, predict_targets
from harness.measurement import Domain, Measurement

N = 16
IMAGES = 100_000  # so many that their noise widens no interval


def run(*, model="linear", seed=0, shift=0.0, drop=()):
    """Two metrics that together nearly give the accuracy, and a target."""
    rng = np.random.default_rng(seed)
    rows = []
    for domain, n, extra in (
        (Domain.INTERIOR, N, 0.0),
        (Domain.EXTERIOR, 6, shift),
        (Domain.TARGET, 1, 0.0),
    ):
        for i in range(n):
            a, b = rng.uniform(0, 1, 2) if domain is not Domain.TARGET else (0.5, 0.5)
            accuracy = 0.2 + 0.4 * a + 0.2 * b + rng.normal(0, 0.01) + extra
            name = "camera" if domain is Domain.TARGET else f"{domain}/{i}"
            rows += [
                Measurement(
                    metric=metric,
                    model=model,
                    dataset=name,
                    family=str(domain),
                    domain=domain,
                    value=float(value),
                    accuracy=None if domain is Domain.TARGET else float(accuracy),
                    images=IMAGES,
                    seconds=0.0,
                    key="",
                )
                for metric, value in (("alpha", a), ("beta", b))
                if (metric, name) not in drop
            ]
    return rows


def predictions(rows, **options):
    return predict_targets(correlate(rows), **options)


def test_each_metric_and_their_combination_predict_each_target():
    found = predictions(run() + run(model="lenet", seed=1))
    assert [(p.model, p.predictor.metrics) for p in found] == [
        ("lenet", ("alpha",)),
        ("lenet", ("beta",)),
        ("lenet", ("alpha", "beta")),
        ("linear", ("alpha",)),
        ("linear", ("beta",)),
        ("linear", ("alpha", "beta")),
    ]
    assert {(p.dataset, p.family, p.images) for p in found} == {
        ("camera", "target", IMAGES)
    }


def test_a_single_metric_predicts_by_its_own_line():
    rows = run()
    alpha = predictions(rows)[0]
    inside = [m for m in rows if m.metric == "alpha" and m.domain == Domain.INTERIOR]
    x, y = [m.value for m in inside], [m.accuracy for m in inside]
    plane = fit_plane(np.array(x)[:, None], y, images=[IMAGES] * N)
    assert alpha.prediction.accuracy == pytest.approx(fit_line(x, y).predict(0.5))
    left_out = alpha.predictor.plane.leave_one_out
    assert left_out.width == pytest.approx(plane.leave_one_out.width)
    assert replace(alpha.predictor.plane, leave_one_out=left_out) == replace(
        plane, leave_one_out=left_out
    )
    assert alpha.predictor.plane.leave_one_out.n == N
    assert alpha.predictor.exterior.n == 6


def test_the_combination_is_better_where_metrics_say_different_things():
    alpha, beta, both = predictions(run())
    widths = [p.prediction.high - p.prediction.low for p in (alpha, beta, both)]
    assert widths[2] < 0.5 * min(widths[:2])
    assert both.prediction.low < 0.5 < both.prediction.high
    assert both.prediction.inside


def test_a_target_without_an_error_has_an_interval_all_the_same():
    """Of 60 images, all said to be right: 94 to 100 %, and a gate is judged at 94."""
    rows = [replace(row, images=60) for row in run(shift=0.3)]
    rows = [replace(row, value=9.0) if row.dataset == "camera" else row for row in rows]

    alpha, *_ = found = predictions(rows)

    assert alpha.prediction.accuracy == 1.0
    assert alpha.prediction.low == pytest.approx(60 / (60 + 1.959964**2))
    (verdict,) = judged("predicted accuracy on camera by alpha >= 0.95", found)
    assert not verdict.passed


def test_the_achieved_coverage_tells_a_shifted_exterior():
    fair, off = predictions(run())[2], predictions(run(shift=0.15))[2]
    assert fair.predictor.exterior.covered == 6
    assert off.predictor.exterior.covered == 0
    assert off.predictor.exterior.level == 0.95
    assert off.predictor.plane.leave_one_out.share > 0.8


def test_the_level_widens_the_interval():
    wide, narrow = (predictions(run(), level=level)[2] for level in (0.99, 0.5))
    assert wide.prediction.low < narrow.prediction.low
    assert (wide.prediction.level, narrow.prediction.level) == (0.99, 0.5)


def test_what_is_missing_is_said():
    lost = {("beta", "camera"), ("alpha", "interior/3"), ("beta", "interior/5")}
    alpha, both, *rest = predictions(run(drop=lost))
    assert not rest
    assert both.prediction == Undefined("not measured there: beta")
    assert both.predictor.left_out == ("interior/3", "interior/5")
    assert both.predictor.plane.n == N - 2
    assert alpha.predictor.plane.n == N - 1


def test_what_cannot_be_fitted_predicts_nothing_and_says_why():
    rows = [m for m in run() if m.domain is Domain.TARGET or m.dataset[-1] in "12"]
    rows = [m for m in rows if m.metric == "alpha"]
    rows = [m for m in rows if m.dataset != "interior/12"]
    (alpha,) = predictions(rows)
    assert alpha.prediction == Undefined(
        "a prediction from 1 metric needs at least 4 datasets, got 3"
    )
    assert "there is nothing to judge" in alpha.predictor.exterior.reason


def test_no_targets_no_predictions():
    assert predictions([m for m in run() if m.domain is not Domain.TARGET]) == ()


def test_a_dataset_with_two_accuracies_is_refused():
    rows = run()
    i = next(i for i, m in enumerate(rows) if m.dataset == "interior/4")
    changed = Measurement(**{f: getattr(rows[i], f) for f in rows[i].__slots__})
    object.__setattr__(changed, "accuracy", 0.01)
    both = predictions([*rows[:i], changed, *rows[i + 1 :]])[2]
    assert both.prediction == Undefined(
        "metrics were measured with different accuracies on interior/4"
    )


def test_rows_of_two_models_do_not_combine():
    rows = [r for r in correlate(run() + run(model="lenet")) if r.model]
    with pytest.raises(ValueError, match="must be of one model, got"):
        combine(rows)
    with pytest.raises(ValueError, match="no rows"):
        combine([])


def judged(text, found):
    return judge([parse(text)], Evidence(predictions=found))


words = st.from_regex(r"[a-z*?][a-z0-9_./*?-]{0,9}", fullmatch=True).filter(
    lambda word: word not in ("by", "for", "at")
)


@given(
    st.builds(
        Gate,
        datasets=words,
        metric=st.just(COMBINED) | words,
        model=words,
        quantity=st.builds(Predicted, bound=st.sampled_from(BOUNDS)),
        operator=st.sampled_from(sorted(OPERATORS)),
        threshold=st.floats(0, 1),
    )
)
def test_what_a_gate_prints_parses_to_the_same_gate(gate):
    assert parse(str(gate)) == gate
    assert is_meant(str(gate))


def test_other_gates_are_told_apart():
    assert not is_meant("predicted: interior r2 >= 0.5")
    assert not is_meant("nuclear_norm: interior r2 >= 0.5")
    assert is_meant("predicted accuracy on a: b")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("predicted on cam >= 0.5", "it must start with 'predicted accuracy on'"),
        ("predicted accuracy on >= 0.5", "the dataset is missing after 'on'"),
        ("predicted accuracy on cam", "an operator (>=, >, <=, <) is missing"),
        ("predicted accuracy on cam with x >= 1", "expected one of by, for, at, >=,"),
        ("predicted accuracy on cam fro m >= 1", "got 'fro'; did you mean 'for'?"),
        ("predicted accuracy on cam by >= 1", "a name is missing after 'by'"),
        ("predicted accuracy on c by a by b >= 1", "'by' stands twice"),
        ("predicted accuracy on c at lower >= 1", "low, middle, high, got 'lower'"),
        ("predicted accuracy on c => 0.5", "got '=>'; did you mean"),
        ("predicted accuracy on c >=", "one number must follow '>=', got ''"),
        ("predicted accuracy on c >= 1 2", "one number must follow '>=', got '1 2'"),
        ("predicted accuracy on c >= 80", "in [0, 1] or a percentage, got '80'"),
        ("predicted accuracy on c >= nan", "in [0, 1] or a percentage, got 'nan'"),
    ],
)
def test_a_syntax_error_names_the_part_and_shows_an_example(text, problem):
    with pytest.raises(GateSyntaxError) as info:
        parse(text)
    assert problem in str(info.value)
    assert "Example: 'predicted accuracy on my-camera >= 0.80'" in str(info.value)


def test_the_careful_end_of_the_combination_is_judged():
    found = predictions(run())
    both = found[2].prediction
    (verdict,) = judged(f"predicted accuracy on cam* >= {both.accuracy!r}", found)
    assert not verdict.passed  # the middle would pass, the low end does not
    assert verdict.value == both.low
    assert verdict.metric == "all metrics"
    (verdict,) = judged(f"predicted accuracy on camera < {both.accuracy!r}", found)
    assert verdict.value == both.high
    assert not verdict.passed
    low = both.low - 0.01
    (verdict,) = judged(f"predicted accuracy on camera >= {low!r}", found)
    assert verdict.passed
    assert verdict.id == (
        f"gates::predicted accuracy on camera by all metrics at low >= {low!r} [linear]"
    )
    assert verdict.reason.startswith("low is ")
    assert f"predicted {both.accuracy:.4g} in [" in verdict.reason


def test_a_metric_a_model_and_a_bound_can_be_chosen():
    found = predictions(run() + run(model="lenet", seed=1))
    verdicts = judged("predicted accuracy on camera by * at middle > 0%", found)
    assert [(v.model, v.metric, v.passed) for v in verdicts] == [
        ("lenet", "alpha", True),
        ("lenet", "beta", True),
        ("linear", "alpha", True),
        ("linear", "beta", True),
    ]
    (verdict,) = judged("predicted accuracy on camera for le* > 0", found)
    assert (verdict.model, verdict.metric) == ("lenet", "all metrics")
    assert len(judged("predicted accuracy on camera > 0", found)) == 2


def test_a_single_metric_stands_for_all_of_them():
    rows = [m for m in run() if m.metric == "alpha"]
    (verdict,) = judged("predicted accuracy on camera > 0", predictions(rows))
    assert (verdict.metric, verdict.passed) == ("alpha", True)


def test_what_is_not_known_fails():
    found = predictions(run(drop={("beta", "camera")}))
    (verdict,) = judged("predicted accuracy on camera >= 0", found)
    assert (verdict.passed, verdict.value) == (False, None)
    assert verdict.reason == "cannot be judged: not measured there: beta"
    rows = [m for m in run() if m.domain is not Domain.TARGET]
    rows += [
        Measurement(
            metric=metric,
            model="linear",
            dataset="camera",
            family="t",
            domain=Domain.TARGET,
            value=1.4,
            accuracy=None,
            images=5,
            seconds=0,
            key="",
        )
        for metric in ("alpha", "beta")
    ]
    (verdict,) = judged("predicted accuracy on camera >= 0", predictions(rows))
    assert not verdict.passed
    assert verdict.value is not None
    assert verdict.reason.startswith("the dataset lies outside the range of the fit (")


def test_predicted_classes_unlike_the_sources_fail_a_gate():
    """As the headline does not trust them; not where it is for their shares."""
    found = predictions(run())
    (held,) = judged("predicted accuracy on camera >= 0", found)
    told = doubted(found, {("linear", "camera"): 0.41})
    (failed,) = judged("predicted accuracy on camera >= 0", told)

    assert held.passed
    assert not failed.passed
    assert failed.value == held.value
    start = "the predicted classes are unlike the source's (by 0.41); low is "
    assert failed.reason.startswith(start)
    taken = [
        replace(p, prediction=replace(p.prediction, reason="class shares"))
        for p in found
    ]
    assert doubted(taken, {("linear", "camera"): 0.41}) == tuple(taken)
    assert doubted(found, {("linear", "elsewhere"): 0.41}) == tuple(found)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "predicted accuracy on camra >= 0",
            "no target matches 'camra'; did you mean 'camera'?; there is camera",
        ),
        (
            "predicted accuracy on camera for vgg >= 0",
            "no model matches 'vgg'; there is linear",
        ),
        (
            "predicted accuracy on camera by gamma >= 0",
            "no metric matches 'gamma'; there is alpha, beta",
        ),
    ],
)
def test_a_gate_that_matches_nothing_fails(text, reason):
    (verdict,) = judged(text, predictions(run()))
    assert (verdict.passed, verdict.value, verdict.reason) == (False, None, reason)


def test_a_run_without_targets_fails_the_gate():
    (verdict,) = judged("predicted accuracy on camera >= 0", ())
    assert verdict.reason == "nothing to judge: the run has no target datasets"
