"""A metric of a conftest is known by its name wherever the harness's own are."""

import json

import numpy as np
import pytest

from tests.plugin.conftest import CONFTEST

MARGIN = """
import numpy as np
from harness.metrics import Input, Kind, Metric, Trend

def margin(probs):
    \"\"\"Return the mean gap between the two largest probabilities.\"\"\"
    top = np.sort(probs, axis=1)
    return float(np.mean(top[:, -1] - top[:, -2]))

MARGIN = Metric(
    fn=margin, inputs=(Input.PROBS,), bounds=(0.0, 1.0), trend=Trend.RISES,
    source="a conftest", depends_on_n=True,
)
"""
ADDED = MARGIN + CONFTEST + "    registry.add_metric(MARGIN)\n"
BY_NAME = "def test_gap(measure):\n    measure('margin')\n"
PREDICT = [
    *("-p", "harness.commands.predict_metrics", "--harness-interior=10"),
    *("--pyargs", "harness.commands.predict_suite"),
]


@pytest.fixture
def added(toy: pytest.Pytester) -> pytest.Pytester:
    """The toy grid, whose conftest adds a metric and whose test asks for it by name."""
    toy.makeconftest(ADDED)
    toy.makepyfile(test_suite=BY_NAME)
    return toy


def test_it_is_listed(added):
    """With the first line of its docstring, and what it does."""
    result = added.runpytest_inprocess("--harness-list=metrics")

    result.stdout.fnmatch_lines(
        ["margin *score, rises *the mean gap between the two largest*"]
    )


def test_it_is_measured_by_its_name(added):
    """As by its function: within its bounds, and with a fit."""
    result = added.runpytest_inprocess("--harness-report-json=r.json")

    result.assert_outcomes(passed=14)
    rows = json.loads((added.path / "r.json").read_text())["measurements"]
    assert {row["metric"] for row in rows} == {"margin"}
    assert all(row["version"] for row in rows)


def test_a_level_of_chance_may_be_a_number_of_numpy(added):
    """Which is written otherwise than Python's, and is found again in the store."""
    told = "chance=lambda probs: np.float64(0.25), line_r2=lambda probs: np.float64(1),"
    added.makeconftest(ADDED.replace("depends_on_n=True,", told))
    for status in ("measured", "stored"):
        result = added.runpytest_inprocess("--harness-report-json=r.json")

        result.assert_outcomes(passed=14)
        found = json.loads((added.path / "r.json").read_text())
        assert found["counts"][status] == 14
        assert {row["facts"]["chance"] for row in found["measurements"]} == {"0.25"}


def test_an_unknown_name_is_an_error(toy):
    """That says what may have been meant."""
    toy.makepyfile(test_suite="def test_gap(measure):\n    measure('nuclear_nrom')\n")
    result = toy.runpytest_inprocess("--harness-models=soft", "--harness-families=in0")

    result.stdout.fnmatch_lines(["*unknown metric 'nuclear_nrom'*nuclear_norm*"])


def test_a_parameter_says_which_metric_it_is(added):
    """For -m, whatever the function is called."""
    added.makepyfile(
        test_suite="import pytest\n"
        "@pytest.mark.parametrize('metric', ['margin', 'entropy'])\n"
        "def test_metric(measure, metric):\n    measure(metric)\n"
    )
    result = added.runpytest_inprocess("-m", "metric(name='margin')")

    result.assert_outcomes(passed=14, deselected=14)


def test_it_is_found_in_the_store_until_its_code_changes(added):
    """Also where the test has only its name."""
    added.runpytest_inprocess().stdout.fnmatch_lines(["cells: 14 measured"])
    again = added.runpytest_inprocess()
    added.makeconftest(ADDED.replace("top[:, -1] - top", "top[:, -1] - 0.5 * top"))
    changed = added.runpytest_inprocess()

    again.stdout.fnmatch_lines(["cells: 14 found in the store"])
    changed.stdout.fnmatch_lines(["cells: 14 measured"])


def test_sets_of_unequal_size_are_warned_of(added):
    """Where it says that it depends on the number of images."""
    added.makeconftest(
        ADDED + "    registry.add_dataset('in9', base='toy', domain='interior',\n"
        "                         load=lambda: images(50, n=300))\n"
    )
    result = added.runpytest_inprocess()

    result.stdout.fnmatch_lines(["*drifts with the number of images*margin*"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("registry.add_metric(MARGIN)", "metric margin is registered twice"),
        (
            "registry.add_metric(replace(MARGIN, fn=nuclear_norm))",
            "metric nuclear_norm is registered twice",
        ),
        ("registry.add_metric(margin)", "a metric must be a harness.metrics.Metric"),
    ],
)
def test_what_cannot_be_added_is_refused(toy, line, message):
    """At the start, in a line."""
    toy.makeconftest(
        "from dataclasses import replace\n"
        "from harness.metrics.label_free.nuclear_norm import nuclear_norm\n"
        f"{ADDED}    {line}\n"
    )
    result = toy.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_predict_takes_it(added):
    """Which hears the conftest of the folder that it is started in."""
    result = added.runpytest_inprocess(
        *PREDICT, "--predict-metrics=margin", "--harness-families=in*"
    )

    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines(["margin*"])


def test_predict_takes_it_among_the_quick_ones(added):
    """Without being asked to."""
    result = added.runpytest_inprocess(
        *PREDICT, "--harness-interior=40", "--collect-only", "-q"
    )

    result.stdout.fnmatch_lines(["*test_metric[[]margin-*"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--predict-metrics=nuclear_nrom"], "did you mean nuclear_norm"),
        (
            ["--predict-metrics=nuclear_norm,entropy", "--harness-interior=3"],
            "2 scores together need at least 4 datasets",
        ),
        (["--predict-metrics=agreement"], "'agreement', which asks for other networks"),
    ],
)
def test_predict_refuses_what_cannot_be(toy, arguments, message):
    """In a line, before anything is measured."""
    result = toy.runpytest_inprocess(*PREDICT, *arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_its_values_are_its_functions():
    """The conftest's formula on two rows, by hand."""
    space: dict[str, object] = {}
    exec(MARGIN, space)

    assert space["margin"](np.array([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]])) == 0.375
