"""--harness-outcome: metrics are fitted against another outcome than top-1."""

import json

import pytest

from harness.commands.compare import add_arguments, run
from harness.report.run_file.table_files import read_csv
from harness.report.summary import summary_of
from tests.report.pages import summary

NLL = "--harness-outcome=negative_log_likelihood"
TESTS = """
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.nuclear_norm import nuclear_norm
from harness.metrics.outcomes.likelihood import negative_log_likelihood

def test_average_confidence(measure): measure(average_confidence)
def test_nuclear_norm(measure): measure(nuclear_norm)
def test_negative_log_likelihood(measure): measure(negative_log_likelihood)
"""
MINE = """
    import numpy as np
    from harness.metrics import Input, Metric, Trend

    def worst(logits, labels):
        return float(-logits[np.arange(len(labels)), labels].min())

    def moved(view_probs, labels):
        return 0.5

    facts = dict(bounds=(-np.inf, np.inf), trend=Trend.FALLS, source="me")
    registry.add_metric(Metric(fn=worst, inputs=(Input.LOGITS, Input.LABELS), **facts))
    views = Input.VIEW_PROBS, Input.LABELS
    registry.add_metric(Metric(fn=moved, inputs=views, **facts))
"""


@pytest.fixture
def grid(toy):
    """The toy grid, two metrics and an outcome; one set has no labels."""
    conftest = (toy.path / "conftest.py").read_text()
    toy.makeconftest(
        conftest
        + """
    registry.add_dataset(
        "night", base="toy", domain="target", load=lambda: images(200, seed=7)[0],
    )
"""
    )
    toy.makeini("[pytest]\nharness_base = toy\n")
    toy.makepyfile(test_suite=TESTS)
    return toy


def report(toy, *arguments):
    """What a run recorded, and what it printed."""
    result = toy.runpytest_inprocess("--harness-report-json=r.json", *arguments)
    return result, json.loads((toy.path / "r.json").read_text())


def by_pair(found, metric):
    return {
        (m["model"], m["dataset"]): m
        for m in found["measurements"]
        if m["metric"] == metric
    }


def test_metrics_are_fitted_against_the_chosen_outcome(grid):
    """It is joined to every row, whatever is selected; accuracy stays beside it."""
    _, whole = report(grid, NLL)
    _, found = report(grid, NLL, "-k", "nuclear")

    measured = by_pair(whole, "negative_log_likelihood")
    for pair, row in by_pair(found, "nuclear_norm").items():
        expected = measured[pair]["value"] if pair[1] != "night" else None
        assert row["outcome"] == expected
        assert (row["accuracy"] is None) == (pair[1] == "night")
        assert row["facts"]["outcome"] == "negative_log_likelihood"
    for row in found["correlations"]:
        for point in row["points"]:
            assert point["y"] == measured[point["model"], point["dataset"]]["value"]
        if row["model"] is not None:
            assert row["interior"]["spearman"] == -1  # what is surer is less wrong
        assert row["outcome"]["name"] == "negative_log_likelihood"
        assert (row["outcome"]["low"], row["outcome"]["high"]) == (0, "inf")
    assert found["run"]["outcome"] == "negative_log_likelihood"
    assert found["ranks"][0]["transfer_rmse"] is not None


def test_reports_say_what_the_numbers_are_and_show_no_percent(grid):
    """In the terminal, Markdown and the page."""
    files = [f"--harness-report-{kind}=r.{kind}" for kind in ("md", "html")]
    result, found = report(grid, NLL, "--harness-detail=nuclear_norm", *files)

    result.stdout.fnmatch_lines(
        [
            "metrics are fitted against negative log likelihood, and not against acc*",
            "RMSE in units of negative log likelihood; ρ is Spearman's, of metric *",
            "negative log likelihood of *: o interior, ^ exterior, * both*",
            "*control, the interior's mean negative log likelihood for every*",
            "*no fit by probit: negative log likelihood is no share, and has no probit",
            "*What is predicted is negative log likelihood. held: how many*",
        ]
    )
    page = (grid.path / "r.html").read_text()
    assert "RMSE in units of negative log likelihood; ρ" in page
    assert "Negative log likelihood against a metric" in page
    assert '"scale":1.0' in page.replace(": ", ":")
    rank = found["ranks"][0]
    text = (grid.path / "r.md").read_text()
    assert f"{rank['transfer_rmse']:.3f}" in text
    predicted = text[text.index("### Predicted accuracy") :].partition("\n\n### ")[0]
    assert "| dataset | model | by | negative log likelihood | 95 % interval |" in text
    assert "%" not in predicted.replace("95 %", "")


def test_predictions_are_cut_to_the_outcome_s_own_bounds(grid):
    """Above 1 where the fit says so, and never below 0."""
    _, found = report(grid, NLL)

    intervals = [
        (one["prediction"]["low"], one["prediction"]["high"])
        for one in found["predictions"]
        if "low" in one["prediction"]
    ]
    assert intervals
    assert min(low for low, _ in intervals) >= 0
    assert max(high for _, high in intervals) > 1


def test_estimates_of_accuracy_have_no_error_of_their_own_there(grid):
    """Average confidence estimates accuracy, and nothing else."""
    _, against = report(grid, NLL)
    _, plain = report(grid)

    def errors(found):
        return {
            row["exterior_error"] is None
            for row in found["correlations"]
            if row["metric"] == "average_confidence"
        }

    assert errors(against) == {True}
    assert errors(plain) == {False}
    assert [r["mae"] for r in against["ranks"]] == [None, None]


def test_only_runs_with_another_outcome_have_keys_of_their_own(grid):
    """Accuracy by name is the default, and finds what was stored without it."""
    _, first = report(grid)
    _, named = report(grid, "--harness-outcome=accuracy")
    _, other = report(grid, NLL)
    _, again = report(grid)

    assert named["counts"]["stored"] == again["counts"]["stored"] > 0
    assert other["counts"].get("stored", 0) == 0
    for found in (named, again):
        assert found["correlations"] == first["correlations"]
        assert found["measurements"] == first["measurements"]
    assert all(m["outcome"] is None for m in first["measurements"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "balanced",
            "*unknown outcome 'balanced'; did you mean balanced_accuracy? kn*",
        ),
        ("nuclear_norm", "*unknown outcome 'nuclear_norm'; * known: *accuracy, *"),
        (
            "moved",
            "*outcome moved must be made of one forward pass*asks for view_probs",
        ),
    ],
)
def test_what_is_no_outcome_of_one_pass_is_refused_at_the_start(grid, name, message):
    grid.makeconftest((grid.path / "conftest.py").read_text() + MINE)
    result = grid.runpytest_inprocess(f"--harness-outcome={name}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_an_outcome_of_one_s_own_is_fitted_against(grid):
    """Registered by a conftest: its values, its bounds, its name."""
    grid.makeconftest((grid.path / "conftest.py").read_text() + MINE)
    result, found = report(grid, "--harness-outcome=worst", "-k", "nuclear")

    assert result.ret == 0
    (outcome,) = {json.dumps(row["outcome"]) for row in found["correlations"]}
    assert json.loads(outcome) == {
        **{"name": "worst", "low": "-inf", "high": "inf", "proportion": False}
    }
    assert all(row["interior"]["n"] == 4 for row in found["correlations"][:2])
    result.stdout.fnmatch_lines(["metrics are fitted against worst, and not *"])


def test_an_outcome_that_is_not_defined_says_why_and_predicts_nothing(grid):
    """The toy grid has three classes: no dataset is waiting for a top-5."""
    result, found = report(grid, "--harness-outcome=top_5", "-k", "nuclear")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "left out: top_5 of 14 pairs of a model and a dataset: top-5 needs at "
            "least 5 classes, got 3"
        ]
    )
    assert {one["dataset"] for one in found["predictions"]} == {"night"}
    assert not any(row["points"] for row in found["correlations"])


def test_gates_are_on_the_outcome_in_its_own_unit(grid):
    """And one on predicted accuracy cannot be judged: it is not predicted."""
    gates = (
        "nuclear_norm: interior rmse <= 1",
        "nuclear_norm: interior rmse >= 1",
        "nuclear_norm on in*: outcome <= 3",
        "predicted accuracy on night >= 0",
    )
    result, found = report(grid, NLL, *(f"--harness-gate={gate}" for gate in gates))

    verdicts = {}
    for one in found["verdicts"]:
        verdicts.setdefault(json.dumps(one["gate"]), []).append(one)
    passed = [{v["passed"] for v in some} for some in verdicts.values()]
    assert passed == [{True}, {False}, {True}, {False}]
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*cannot be judged: what is predicted is negative log likelihood*"]
    )


def test_runs_of_two_outcomes_are_not_compared(grid, capsys):
    """Not in a run, and not two files."""
    grid.runpytest_inprocess("--harness-save-run=plain")
    grid.runpytest_inprocess(NLL, "--harness-save-run=other")
    result = grid.runpytest_inprocess(NLL, "--harness-compare=plain")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*must be fitted against one outcome, got accuracy in plain.json and nega*"]
    )
    assert grid.runpytest_inprocess(NLL, "--harness-compare=other").ret == 0

    import argparse

    from harness.errors import HarnessError

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    store = str(grid.path / ".harness")
    with pytest.raises(HarnessError, match="must be fitted against one outcome"):
        run(parser.parse_args(["plain", "other", "--store", store]))


def test_a_table_of_the_run_is_fitted_as_the_run_was(grid):
    """CSV holds each row's outcome and its name."""
    _, found = report(grid, NLL, "--harness-report-csv=r.csv")
    again = summary_of(read_csv(grid.path / "r.csv"))

    assert again.outcome.name == "negative_log_likelihood"
    slopes = [row["interior"].get("slope") for row in found["correlations"]]
    assert [
        getattr(row.interior, "slope", None) for row in again.correlations
    ] == slopes
    assert summary(()).outcome.is_accuracy
