"""Fits against another outcome than accuracy: its bounds, its unit, its noise."""

from math import inf

import numpy as np
import pytest

from harness.analysis.correlation import Undefined, correlate
from harness.analysis.fits.fits import Unfit, fit_line, judge
from harness.analysis.fits.other import Method, fit_curve
from harness.analysis.fits.outcome import TOP_1, FittedOutcome, fitted_outcome
from harness.analysis.fits.several_metrics import fit_plane
from harness.analysis.null_models import constant_control, permutation_p
from harness.analysis.transfer import family_transfer
from harness.measurement import Domain, Measurement
from harness.metrics import OUTCOMES

NLL = FittedOutcome(name="negative_log_likelihood", high=inf, proportion=False)
X = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
Y = np.array([5.0, 4.0, 2.5, 2.0, 0.5])  # falls, and is no share


def row(metric, value, dataset, **more):
    """On an interior dataset of 100 images, with half of them right."""
    fields = {"accuracy": 0.5, "domain": Domain.INTERIOR, **more}
    return Measurement(
        metric=metric,
        model="net",
        dataset=dataset,
        family="in",
        value=value,
        images=100,
        seconds=0.0,
        key="k",
        **fields,
    )


def test_lines_are_the_ordinary_ones_on_any_scale():
    """A tenth of the outcome is a tenth of the slope and of the errors."""
    line, tenth = fit_line(X, Y, outcome=NLL), fit_line(X, Y / 10)

    assert line.slope == pytest.approx(10 * tenth.slope)
    assert line.rmse == pytest.approx(10 * tenth.rmse)
    assert line.r2 == pytest.approx(tenth.r2)
    judged = judge(line, X, Y - 0.25, outcome=NLL)
    assert judged.bias == pytest.approx(0.25)
    assert constant_control(Y, Y, outcome=NLL).r2 == 0
    assert permutation_p(X, Y, permutations=99, outcome=NLL) <= 0.05


@pytest.mark.parametrize(
    ("y", "outcome", "message"),
    [
        (Y, TOP_1, r"accuracy must be in \[0, 1\], got 5; divide percentages by 100"),
        (-Y, NLL, r"negative log likelihood must be in \[0, inf\], got -5$"),
        (0 * Y + 2, NLL, "the negative log likelihood is 2 on all 5 datasets"),
        (Y * 1e151, NLL, "the negative log likelihood is 5e[+]151 in size, too large"),
    ],
)
def test_what_no_line_can_be_fitted_to_is_named(y, outcome, message):
    with pytest.raises(Unfit, match=message):
        fit_line(X, y, outcome=outcome)


def test_only_shares_have_scales():
    """Of a share that is no share of images, 0 and 1 have none."""
    with pytest.raises(Unfit, match="is no share, and has no probit"):
        fit_curve(X, Y, method=Method.PROBIT, outcome=NLL)
    assert fit_curve(X, Y, method=Method.HUBER, outcome=NLL).line is not None
    balanced = FittedOutcome(name="balanced_accuracy", proportion=False)
    assert fit_curve(X, Y / 10, method=Method.LOGIT, outcome=balanced).scale_r2 > 0.9
    with pytest.raises(Unfit, match="an accuracy of 0 has no logit"):
        fit_curve(X, [0, 0.1, 0.2, 0.3, 0.4], method=Method.LOGIT, outcome=balanced)


def test_predictions_are_cut_to_the_bounds_of_the_outcome():
    """Far out the line is at -8.2: nothing is below 0, and 9.4 is not cut to 1."""
    plane = fit_plane(X[:, None], Y, outcome=NLL)
    low, high = plane.predictions([[12.0], [-4.0]], outcome=NLL)

    assert (low.accuracy, low.low) == (0.0, 0.0)
    assert high.accuracy == pytest.approx(9.4)
    assert high.high > high.accuracy > high.low > 1


def test_rows_say_what_they_are_fitted_against():
    """One name in all of them; else accuracy, which every row has."""
    said = [row("m", x, f"d{x}", facts={"outcome": NLL.name}) for x in X]

    assert fitted_outcome(said) == NLL
    assert fitted_outcome([*said, row("m", 0.0, "e")]) == TOP_1
    unknown = fitted_outcome([row("m", 0.0, "e", facts={"outcome": "mine"})])
    assert (unknown.low, unknown.high, unknown.proportion) == (-inf, inf, False)


def test_the_known_outcomes_are_what_their_measures_say():
    """Accuracies count images, a probe's too; what lies in [0, 1] is in percent."""
    found = {o.name: FittedOutcome.of(o) for o in OUTCOMES}

    assert found["accuracy"] == TOP_1
    assert found["negative_log_likelihood"] == NLL
    assert {n for n, o in found.items() if o.proportion} == {
        *("accuracy", "top_5", "knn", "knn_leave_one_out"),
        *("linear_probe", "logistic_probe", "first_labels"),
    }
    assert {n for n, o in found.items() if not o.is_share} == {
        *("negative_log_likelihood", "brier_score", "ami", "ari")
    }


def test_correlations_take_the_outcome_of_each_row():
    """A row without one is no point; where it has a reason, no target either."""
    facts = {"outcome": NLL.name}
    rows = [
        row("m", x, f"d{x}", outcome=y, facts=facts, estimate=True)
        for x, y in zip(X, Y, strict=True)
    ]
    rows += [
        row("m", 9.0, "unlabelled", accuracy=None, facts=facts, estimate=True),
        row("m", 9.0, "undefined", facts={**facts, "no_outcome": "too few"}),
    ]
    found, _ = correlate(rows)

    assert found.outcome == NLL
    assert [p.y for p in found.points] == Y.tolist()
    assert [p.dataset for p in found.targets] == ["unlabelled"]
    assert found.interior.slope == fit_line(X, Y, outcome=NLL).slope
    assert found.interior_error is None  # estimates are of accuracy
    (family,) = family_transfer(found.points, outcome=NLL)
    assert family.own == found.interior
    (judged,) = family_transfer(found.points)
    assert isinstance(judged.own, Undefined)


def test_accuracy_is_fitted_where_it_is_asked_for():
    """Whatever rows say."""
    rows = [row("m", x, f"d{x}", accuracy=x / 8, outcome=x) for x in X]
    found, _ = correlate(rows, outcome=TOP_1)

    assert [p.y for p in found.points] == (X / 8).tolist()
