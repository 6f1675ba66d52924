"""Gates on what a section of the report publishes."""

import math

import pytest

from harness.analysis.correlation import Undefined
from harness.analysis.gates import Evidence, judge, parse

QUANTITIES = {
    "score": {
        "best": 0.7,
        "worst [a]": 0.2,
        "mass of 3": 0.9,
        "none": Undefined("nobody came"),
        "odd": math.nan,
    },
    "empty": {},
    "broken": Undefined("section 'broken' could not be made: ValueError: no"),
}


def only(text):
    (verdict,) = judge([parse(text)], Evidence(quantities=QUANTITIES))
    return verdict


@pytest.mark.parametrize(
    ("text", "passed", "reason"),
    [
        ("score.best >= 60%", True, "best is 0.7 (>= 0.6)"),
        ("score.best < 0.7", False, "best is 0.7, wanted < 0.7"),
        ("score.worst[ a] <= 1", False, "no quantity of score matches 'worst[ a]'"),
        ("score.worst* <= 1", True, "worst [a] is 0.2 (<= 1)"),
        ("score.worst [a] <= 1", True, "worst [a] is 0.2 (<= 1)"),
        ("score.mass of  3>=90%", True, "mass of 3 is 0.9 (>= 0.9)"),
        ("score.mass of ? >= 1", False, "mass of 3 is 0.9, wanted >= 1"),
        ("score.none >= 0", False, "cannot be judged: nobody came"),
        ("score.odd >= 0", False, "cannot be judged: it is nan"),
        (
            "score.bset >= 0",
            False,
            "no quantity of score matches 'bset'; did you mean 'best'?; there is best, "
            "mass of 3, none, odd, worst [a]",
        ),
        ("empty.x >= 0", False, "section empty has no quantity to judge"),
        ("broken.x >= 0", False, "cannot be judged: section 'broken' could not be"),
        ("absent.x >= 0", False, "section absent found nothing to report"),
    ],
)
def test_a_quantity_is_judged_or_the_gate_fails_and_says_why(text, passed, reason):
    """By its name or a pattern; what has no value does not pass."""
    verdict = only(text)

    assert verdict.passed is passed
    assert verdict.reason.startswith(reason)


def test_a_pattern_gives_a_verdict_for_each_quantity():
    """By name, without a model."""
    verdicts = judge([parse("score.*>=0.5")], Evidence(quantities=QUANTITIES))

    assert [(v.id, v.passed) for v in verdicts] == [
        ("gates::score.best >= 0.5", True),
        ("gates::score.worst [a] >= 0.5", False),
        ("gates::score.mass of 3 >= 0.5", True),
        ("gates::score.none >= 0.5", False),
        ("gates::score.odd >= 0.5", False),
    ]
    assert dict(verdicts[0].properties)["statistic"] == "score.best"
    assert verdicts[0].text == "score.* >= 0.5"
