"""Options of jigsaws and heads, from the command line to the report."""

import json

import pytest
import torch

# Imports, once and for all, what torch loads with its first optimiser: nested runs in
# this process cannot import it twice.
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)

JIGSAW_SUITE = """
from harness.metrics.label_free.effective_invariance import jigsaw_invariance
from harness.metrics.label_free.pretext_prediction import (
    jigsaw_prediction, rotation_prediction
)

def test_jigsaw_invariance(measure, jigsaws):
    measure(jigsaw_invariance, views=[view for view in jigsaws if view.moves])

def test_jigsaw_prediction(predictions, jigsaw_head, record):
    record(jigsaw_prediction, jigsaw_head.logits(predictions))

def test_rotation_prediction(predictions, rotation_head, record):
    record(rotation_prediction, rotation_head.logits(predictions))
"""


@pytest.fixture
def puzzles(toy):
    """The toy grid (4x4 images) with the tests that cut images into tiles."""
    toy.makepyfile(test_suite=JIGSAW_SUITE)
    return toy


def run(puzzles, *arguments, apart=False):
    path = puzzles.path / "report.json"
    start = puzzles.runpytest_subprocess if apart else puzzles.runpytest_inprocess
    result = start(
        f"--harness-report-json={path}", "--harness-head-epochs=2", *arguments
    )
    rows = json.loads(path.read_text())["measurements"] if path.exists() else []
    return result, rows


def test_chance_stands_beside_the_metric(puzzles):
    """1/4 for rotations, 1/24 for all jigsaws; invariance has none."""
    result, _ = run(puzzles, "--harness-jigsaw-set=all")

    result.stdout.fnmatch_lines(
        [
            "jigsaw_invariance",
            "jigsaw_prediction (chance 0.04167)",
            "rotation_prediction (chance 0.25)",
        ]
    )


def test_a_grid_that_does_not_divide_is_refused_before_anything_runs(puzzles):
    """The message names the option that would make it work."""
    result, _ = run(puzzles, "--harness-jigsaw-grid=3")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*divisible by 3, got 4x4*--harness-jigsaw-fit*"])


def test_resized_jigsaws_of_a_distant_set_run(puzzles):
    """3x3 on 4x4 images, six permutations far apart."""
    result, rows = run(
        puzzles,
        "-k",
        "jigsaw",
        "--harness-jigsaw-grid=3",
        "--harness-jigsaw-set=distant",
        "--harness-jigsaw-permutations=6",
        "--harness-jigsaw-fit=resize",
    )

    assert result.ret == 0
    chances = {r["facts"].get("chance") for r in rows if "prediction" in r["metric"]}
    assert chances == {repr(1 / 6)}


def test_a_network_of_one_size_cannot_take_cropped_images(puzzles):
    """The cell says which option to choose instead."""
    result, _ = run(
        puzzles,
        "-k",
        "jigsaw_invariance",
        "--harness-jigsaw-grid=3",
        "--harness-jigsaw-fit=crop",
    )

    assert result.ret == 1
    result.stdout.fnmatch_lines(["*cannot take the images of view*fit resize*"])


def test_all_is_a_number_of_its_own(puzzles):
    """A count beside it must agree."""
    result, _ = run(
        puzzles, "--harness-jigsaw-set=all", "--harness-jigsaw-permutations=5"
    )

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*all permutations of a 2x2 grid are 24, got 5*"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen",
    [(), ("--harness-jigsaw-set=all",), ("--harness-jigsaw-set=distant",)],
    ids=["spaced", "all", "distant"],
)
def test_a_model_without_orientation_scores_exactly_chance(puzzles, chosen):
    """The one brain cell sees mean brightness: 1/4, 1/k, and perfect invariance."""
    puzzles.makeini("[pytest]\n")
    result, rows = run(
        puzzles,
        "--harness-base=digits",
        "--harness-models=onebrain",
        "--harness-families=test,interior,writers",
        "--harness-interior=2",
        "--harness-max-images=60",
        "--harness-head-images=100",
        *chosen,
        apart=True,
    )

    assert result.ret == 0
    values = {}
    for row in rows:
        values.setdefault(row["metric"], set()).add(row["value"])
    k = 4 if not chosen else 24
    assert values["rotation_prediction"] == {1 / 4}
    assert values["jigsaw_prediction"] == {1 / k}


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--harness-head-milestones=8,3", "*rising numbers of epochs*"),
        ("--harness-head-momentum=1", "*from 0 to below 1*"),
        ("--harness-head-held-out=0", "*between 0 and 1*"),
        ("--harness-head-weight-decay=-1", "*at least 0*"),
        ("--harness-jigsaw-set=some", "*one of spaced, all, distant, distant-mean*"),
    ],
)
def test_options_that_cannot_be_are_named(puzzles, option, message):
    """A usage error, before collection."""
    result, _ = run(puzzles, option)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
