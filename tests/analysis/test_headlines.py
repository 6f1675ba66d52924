"""What people should know of a model on a folder: how right, how sure, what next."""

import re
from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.correlation import Undefined
from harness.analysis.coverage import Coverage, Prediction
from harness.analysis.forecasts.direct import direct
from harness.analysis.forecasts.forecaster import fit_forecaster
from harness.analysis.headlines import AIM, Trust, headlines
from harness.analysis.labelling import expected_interval, labelled_interval
from harness.analysis.predictors import Predictor
from harness.analysis.ranges import Beyond
from harness.analysis.targets import TargetPrediction

KEY = ("net", "photos")
MARGIN = {"level": 0.95, "inside": True}


def forecaster(kinds=10):
    """One estimate that is near the truth on datasets of so many kinds."""
    rng = np.random.default_rng(0)
    truth = np.linspace(0.5, 0.9, 4 * kinds)
    return fit_forecaster(
        np.stack([truth + rng.normal(0, 0.01, len(truth)), truth - 0.1], axis=1),
        truth,
        np.full(len(truth), 500),
        [{"corruption": f"k{i % kinds}"} for i in range(len(truth))],
        source=[0.95, 0.95],
        source_accuracy=0.95,
        source_images=500,
    )


def target(plane=None, *, prediction=None, **more):
    """A forecast of 0.8 in [0.7, 0.9] on 1,000 photos."""
    names = more.pop("metrics", ("cott", "atc"))
    predictor = Predictor(
        model="net",
        metrics=names,
        plane=forecaster() if plane is None else plane,
        exterior=Undefined("none"),
        instead=more.pop("instead", ""),
    )
    found = Prediction(accuracy=0.8, low=0.7, high=0.9, **MARGIN)
    return TargetPrediction(
        dataset="photos",
        family="photos",
        images=1000,
        predictor=predictor,
        prediction=found if prediction is None else prediction,
        raw=0.82,
        raw_by="cott",
    )


def headline(one, **more):
    (found,) = headlines([one], **more)
    return found


def test_a_forecast_that_nothing_speaks_against_is_to_be_trusted():
    """It has the interval, the best estimate as it is, and what speaks for it."""
    found = headline(target(), unlike={})

    assert (found.accuracy, found.low, found.high) == (0.8, 0.7, 0.9)
    assert (found.raw, found.raw_by) == (0.82, "cott")
    assert found.trust is Trust.YES
    record = forecaster().left_out
    assert f"{record.covered} of {record.n} forecasts" in found.reasons[-1]
    assert "classes are no further from the source's" in found.reasons[1]


def test_what_was_not_looked_at_does_not_speak_for_it():
    """A table of measurements knows nothing of the base's classes."""
    assert "classes" not in " ".join(headline(target()).reasons)


def test_labels_are_asked_for_that_halve_a_trusted_interval():
    """And no more of them: one fewer would give a wider one."""
    advice = headline(target()).advice

    assert advice.sure
    assert advice.high - advice.low <= 0.1
    low, high = expected_interval(0.8, advice.label - 1, 1000)
    assert high - low > 0.1
    assert 180 < advice.label < 210  # 4 z² 0.16 / 0.1² = 246, of a finite 1,000


FAR = Prediction(
    accuracy=0.8,
    low=0.7,
    high=0.9,
    level=0.95,
    inside=False,
    beyond=(Beyond(metric="cot", share=0.32), Beyond(metric="mano", share=0.2)),
)
WIDE = Prediction(accuracy=0.6, low=0.2, high=0.9, **MARGIN)
DIRECT = direct("cott", source_accuracy=0.9, source_images=500)


@pytest.mark.parametrize(
    ("one", "unlike", "trust", "reason"),
    [
        (
            target(prediction=FAR),
            {},
            Trust.NO,
            "the range .*: cot by 32 % of it, the farthest of 2 metrics",
        ),
        (target(prediction=Undefined("odd")), {}, Trust.NO, "no forecast: odd"),
        (target(), {KEY: 0.41}, Trust.NO, r"unlike the source's \(by 0.41\)"),
        (target(prediction=WIDE), {}, Trust.CARE, "so wide that it says little"),
        (target(DIRECT, metrics=("cott",)), {}, Trust.CARE, "without transformed"),
        (target(forecaster(5)), {}, Trust.CARE, "has seen 5 kinds of shift alone"),
        (
            target(Undefined("no test split"), prediction=FAR, instead="no split"),
            {},
            Trust.NO,
            "metrics are fitted freely, which foretells worse: no split",
        ),
        (
            target(
                replace(
                    forecaster(),
                    left_out=Coverage(covered=80, n=100, level=0.95, mae=0, width=0),
                )
            ),
            {},
            Trust.CARE,
            "only 80 of 100 forecasts",
        ),
    ],
    ids=(
        *("far", "no forecast", "unlike", "wide", "direct", "few kinds", "free"),
        "seldom held",
    ),
)
def test_each_doubt_is_named(one, unlike, trust, reason):
    """And what is asked for then is an interval that depends on no forecast."""
    found = headline(one, unlike=unlike)

    assert found.trust is trust
    assert re.search(reason, "; ".join(found.reasons))
    assert not found.advice.sure
    # At one half Wilson's half width is z / 2 sqrt(n* + z²): n* is 24 z² = 92.2 for an
    # interval of 20 points, and of 1,000 images 92.2 * 1000 / (999 + 92.2) count as
    # many. For one of 10 points, half of what is trusted with care, it is 99 z².
    narrow = trust is Trust.CARE and one.prediction is not WIDE
    assert found.advice.high - found.advice.low <= (AIM / 2 if narrow else AIM)
    assert found.advice.label == (276 if narrow else 85)


def test_labels_that_tell_more_take_the_forecasts_place():
    """They say of the forecast whether they refute it."""
    right = np.arange(400) % 10 > 0  # 90 of 100
    labels = labelled_interval(right, None, None, 1000)

    agreeing = headline(target(), labelled={KEY: labels})
    refuting = headline(
        target(prediction=replace(FAR, low=0.2, high=0.3)), labelled={KEY: labels}
    )

    assert agreeing.labels_used
    assert agreeing.by == "400 labels"
    assert (agreeing.low, agreeing.high) == (labels.low, labels.high)
    assert "do not refute the forecast of 70 to 90 of 100" in agreeing.reasons[1]
    assert refuting.trust is Trust.YES
    assert "they refute the forecast of 20 to 30 of 100" in refuting.reasons[1]


def test_a_few_labels_leave_a_sharp_forecast_alone():
    """Five of five right say less than the forecast, and nothing against it."""
    few = labelled_interval([True] * 4 + [False], None, None, 1000)

    found = headline(target(), labelled={KEY: few})

    assert not found.labels_used
    assert (found.low, found.high) == (0.7, 0.9)
    assert found.reasons[-1].startswith("labels alone say 3")


def test_a_few_labels_that_refute_a_sharp_forecast_are_a_reason_for_care():
    """Either is wrong; which of them, more labels tell."""
    few = labelled_interval([False] * 9 + [True], None, None, 1000)

    found = headline(target(), labelled={KEY: few})

    assert found.labels_used
    assert (found.low, found.high) == (few.low, few.high)
    assert found.trust is Trust.CARE
    assert found.reasons[0] == "they refute the forecast of 70 to 90 of 100"


def test_what_labels_say_does_not_decide_whether_they_are_enough():
    """Ten right answers of ten have a narrower interval than nine, and say no more."""
    sharp = Prediction(accuracy=0.8, low=0.66, high=0.94, **MARGIN)
    used = {
        headline(
            target(prediction=sharp),
            labelled={KEY: labelled_interval([True] * n, None, None, 1000)},
        ).labels_used
        for n in (10, 20)
    }

    assert used == {False}


@pytest.mark.parametrize(
    ("right", "trust"),
    [([False], Trust.CARE), ([True, False], Trust.CARE), ([True] * 30, Trust.YES)],
)
def test_labels_whose_interval_says_little_are_no_reason_to_trust(right, trust):
    """One wrong answer leaves 0 to 80 of 100, though nothing is taken for granted."""
    labels = labelled_interval(right, None, None, 150)
    found = headline(target(prediction=Undefined("odd")), labelled={KEY: labels})

    assert found.labels_used
    assert found.trust is trust
    assert (found.high - found.low >= 0.5) is (trust is Trust.CARE)
    assert ("so wide that it says little" in found.reasons[0]) is (trust is Trust.CARE)


def test_images_that_somebody_chose_are_no_sample():
    """The interval is shown, with the word that it may not hold."""
    chosen = labelled_interval([True] * 390, None, None, 1000, at_random=False)

    found = headline(target(), labelled={KEY: chosen})

    assert found.trust is Trust.CARE
    assert "not the ones that were drawn" in found.reasons[0]


def test_all_labels_leave_nothing_to_do():
    """The accuracy is then known, and no advice is given."""
    found = headline(
        target(),
        labelled={
            KEY: labelled_interval([True] * 750 + [False] * 250, None, None, 1000)
        },
    )

    assert (found.low, found.accuracy, found.high) == (0.75, 0.75, 0.75)
    assert found.advice is None


def test_combined_stands_before_the_best_alone_and_that_for_the_others():
    """As gates on all metrics have it."""
    both = target()
    alone = target(metrics=("cott",), prediction=FAR, plane=Undefined("x"))

    assert headline(both) == headlines([alone, both])[0] == headlines([both, alone])[0]


def test_other_class_shares_that_the_forecast_is_for_are_taken_with_care():
    """Where they are not taken into account they make it worth nothing."""
    one = target()
    taken = replace(one, prediction=replace(one.prediction, reason="for other shares"))

    (found,) = headlines([taken], unlike={KEY: 0.4})
    assert found.trust is Trust.CARE
    assert found.reasons == ("for other shares",)
    (plain,) = headlines([one], unlike={KEY: 0.4})
    assert plain.trust is Trust.NO
