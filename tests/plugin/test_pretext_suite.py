"""The pretext suite: tasks as an axis, twins, leaks, the table."""

import json
import shutil
from pathlib import Path

import pytest

from harness.tasks import colorization, context, inpainting, jigsaw, rotation, tiles
from suites.pretext.section import LEAKS

SUITE = Path(__file__).parents[2] / "suites" / "pretext"
LESS = ("--pretext-images", "60", "--harness-families", "test")


@pytest.fixture
def pretext(pytester: pytest.Pytester) -> pytest.Pytester:
    """The suite in a folder of its own, on the digits."""
    shutil.copytree(SUITE, pytester.path / "pretext", ignore=lambda *_: ["__pycache__"])
    return pytester


def run(pretext, *arguments):
    """The result, and the JSON report."""
    result = pretext.runpytest_inprocess(
        "pretext", "-q", "--harness-report-json=r.json", *LESS, *arguments
    )
    path = pretext.path / "r.json"
    return result, json.loads(path.read_text()) if path.exists() else {}


def test_scores_stand_beside_twins_leaks_and_chance(pretext):
    arguments = ("--harness-models", "lenet", "--pretext-tasks", "rotation,inpainting")
    result, report = run(pretext, *arguments)

    # Of two tasks score, twin and leak; and what JPEG tells.
    result.assert_outcomes(passed=7)
    rows = report["measurements"]
    twins = [row for row in rows if row["metric"] == "pretext_twin"]
    assert {row["axes"]["twin"] for row in twins} == {"seed0", "seed1", "seed2"}
    assert {row["axes"]["images"] for row in twins} == {"60"}
    assert {row["label_free"] for row in rows if "pretext" in row["axes"]} == {True}
    (rotation,) = (
        row
        for row in rows
        if row["metric"] == "pretext_score" and row["axes"]["pretext"] == "rotation"
    )
    assert rotation["facts"]["chance"] == "0.25"
    assert rotation["value"] > 0.4
    first, second = report["sections"]["pretext"]["of"]
    assert (first["pretext"], second["pretext"]) == ("rotation", "inpainting")
    assert first["score"] == rotation["value"]
    assert first["least"] <= first["twin"] <= first["most"]
    assert first["over_twin"] == first["score"] - first["twin"]
    assert first["interval"][0] < first["over_twin"] < first["interval"][1]
    assert rotation["facts"]["images_learnt_from"] == "60"
    assert (first["learnt_from"], first["judged_on"]) == ([60], [30])
    assert "pretext tasks on test" in result.stdout.str()
    assert "along twin" not in result.stdout.str()  # its seeds are a range there

    least = min(one["over_twin"] for one in (first, second))
    gates = (
        f"pretext.over_twin of lenet on test >= {least}",
        f"pretext.over_twin of lenet on test in rotation > {first['over_twin']}",
    )
    again, report = run(pretext, *arguments, *(f"--harness-gate={g}" for g in gates))
    again.stdout.fnmatch_lines(["cells: 7 found in the store*"])
    assert [one["passed"] for one in report["verdicts"]] == [True, False]


def test_a_model_without_twins_has_no_difference_to_judge(pretext):
    """Nor has it an interval of one; more images were asked for than there are."""
    gate = "--harness-gate=pretext.over_twin of linear on test > 0"
    named = ("--pretext-tasks", "context", "--pretext-images", "2000", "-k", "score")
    result, report = run(pretext, "--harness-models", "linear", *named, gate)

    (one,) = report["sections"]["pretext"]["of"]
    assert (one["over_twin"], one["interval"]) == (None, None)
    learnt, judged = one["learnt_from"][0], one["judged_on"][0]
    assert (learnt, judged) == (776, 511)
    said = " ".join(result.stdout.str().split())
    assert "learned from 776 training images (2000 were asked for) and are" in said
    assert "no twin with random weights was measured of every task" in said
    assert [one["passed"] for one in report["verdicts"]] == [False]


def test_what_gives_answers_away_is_called_as_the_tasks_call_it():
    found = [
        *(rotation.FROZEN, jigsaw.frozen(jigsaw.jigsaw(2, 4)), tiles.frozen(2, 8)),
        *(context.TASK, inpainting.TASK, colorization.TASK),
    ]
    assert {task.name: task.leaked for task in found} == LEAKS


def test_colours_are_asked_of_no_grey_base_and_refused_if_named(pretext):
    result, report = run(pretext, "--harness-models", "linear", "-k", "leak")
    result.assert_outcomes(passed=5, deselected=11)
    tasks = {row["axes"]["pretext"] for row in report["measurements"]}
    assert tasks == {"rotation", "jigsaw-2x2-4", "tiles-2x2", "context", "inpainting"}

    finer = ("--harness-jigsaw-grid", "4", "--harness-jigsaw-permutations", "5")
    named = ("--pretext-tasks", "jigsaw,tiles", "-k", "leak")
    result, report = run(pretext, "--harness-models", "linear", *finer, *named)
    result.assert_outcomes(passed=1, skipped=1, deselected=5)
    (row,) = (r for r in report["measurements"] if "pretext" in r["axes"])
    assert row["axes"]["pretext"] == "jigsaw-4x4-5"
    result.stdout.fnmatch_lines(["*`grid` must be 2 or 3,*"])

    named = ("--pretext-tasks", "colorization", "-k", "score")
    result, _ = run(pretext, "--harness-models", "linear", *named)
    result.assert_outcomes(skipped=1, deselected=3)
    result.stdout.fnmatch_lines(["skipped: test_pretext_score*colorization must"])


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--pretext-tasks", "puzzle"), "must be of rotation, *got 'puzzle'"),
        (("--pretext-images", "few"), "must be a whole number of at least 20*'few'"),
    ],
)
def test_options_that_say_nothing_are_refused(pretext, option, said):
    result, _ = run(pretext, "--harness-models", "linear", *option)
    result.stderr.fnmatch_lines([f"ERROR: *{said}*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.assert_outcomes(errors=1)
