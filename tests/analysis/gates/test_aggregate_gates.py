"""Gates on aggregates: one number of a model on a family."""

import pytest

from harness.analysis.aggregates import Aggregated
from harness.analysis.correlation import Undefined
from harness.analysis.gates import Evidence, Lack, judge, parse
from harness.measurement import Axes, Domain, Measurement


def made(value, *, aggregate="mean", metric="top5", model="m", family="fog", **axes):
    """An aggregate."""
    return Aggregated(
        aggregate=aggregate,
        metric=metric,
        model=model,
        family=family,
        value=value,
        datasets=5,
        axes=Axes.of(axes),
    )


MADE = (
    made(0.7),
    made(0.5, model="n"),
    made(0.4, family="snow"),
    made(0.3, metric="brier", corruption="fog"),
    made(0.2, metric="brier", corruption="haze"),
    made(0.9, metric="brier", aggregate="worst", corruption="fog"),
    made(Undefined("nothing measured on fog/3"), metric="ece"),
)
ROWS = tuple(
    Measurement(
        metric="top5",
        model="m",
        dataset=f"{family}/1",
        family=family,
        domain=domain,
        value=0.5,
        accuracy=0.5,
        images=10,
        seconds=0.0,
        key="",
    )
    for family, domain in (("fog", Domain.EXTERIOR), ("snow", Domain.INTERIOR))
)


def judged(text, **more):
    found = Evidence(aggregated=MADE, measurements=ROWS, **more)
    return judge([parse(text)], found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("top5: mean >= 50%", [("m", "fog", 0.7, True), ("n", "fog", 0.5, True)]),
        ("top5[m]: mean >= 60%", [("m", "fog", 0.7, True)]),
        ("top5[m] on f*: mean > 0.7", [("m", "fog", 0.7, False)]),
        ("top5[m] on exterior: mean < 1", [("m", "fog", 0.7, True)]),
        ("top5: aggregate > 0.6", [("m", "fog", 0.7, True), ("n", "fog", 0.5, False)]),
        ("brier[corruption=fog]: mean < 1", [("m", "fog", 0.3, True)]),
        ("brier: worst < 1", [("m", "fog", 0.9, True)]),
    ],
)
def test_each_model_and_family_is_judged_by_itself(text, found):
    """By the aggregate that is named, or the only one of the measure."""
    verdicts = [v for v in judged(text) if v.place != "snow"]

    assert [(v.model, v.place, v.value, v.passed) for v in verdicts] == found


def test_a_verdict_names_the_family_and_what_the_aggregate_keeps():
    """Each value along an axis is one of its own."""
    first, second = judged("brier on fog: mean >= 25%")

    assert first.id == "gates::brier[corruption=fog] on fog mean >= 0.25 [m]"
    assert first.reason == "mean is 0.3 (>= 0.25)"
    assert second.reason == "mean is 0.2, wanted >= 0.25"
    assert second.text == "brier on fog: mean >= 0.25"
    assert dict(first.properties)["statistic"] == "fog mean"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ece: mean >= 0", "cannot be judged: nothing measured on fog/3"),
        (
            "brier[corruption=fog]: aggregate > 0",
            "there are several aggregates, mean, worst: say which",
        ),
        (
            "top5 on rain: mean > 0",
            "no aggregate matches 'top5 on rain: mean'; there is brier on fog: mean, "
            "brier on fog: worst, ece on fog: mean, top5 on fog: mean, top5 on snow: "
            "mean",
        ),
    ],
)
def test_what_has_no_value_or_is_not_one_fails_and_says_why(text, reason):
    """A missing member, several aggregates, no such family."""
    (verdict,) = judged(text)

    assert (verdict.passed, verdict.value, verdict.reason) == (False, None, reason)


def test_where_none_was_made_the_gate_says_how():
    """By the marker."""
    (verdict,) = judge([parse("top5: mean > 0")], Evidence(measurements=ROWS))

    assert not verdict.passed
    assert "harness_aggregate" in verdict.reason


def test_families_and_models_that_are_absent_fail_the_gate():
    """Each by a verdict of its own."""
    lacks = [
        Lack(reason="fog2 was asked for", family="fog2", domain=Domain.EXTERIOR),
        Lack(reason="gone was asked for", model="gone"),
    ]

    verdicts = judged("top5 on fog*: mean > 0", lacks=lacks)

    assert [(v.model, v.place, v.passed) for v in verdicts] == [
        ("m", "fog", True),
        ("n", "fog", True),
        ("*", "fog2", False),
        ("gone", "fog*", False),
    ]
