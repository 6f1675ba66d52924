"""Pretext tasks as an axis: one test for all, old names for two, others by a module."""

import json
import re
from pathlib import Path

import pytest
import torch

from tests.plugin.conftest import CONFTEST

# As in test_pretext_options: nested runs in this process cannot import it twice.
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)

SUITE = Path(__file__).parents[2] / "suites" / "label_free"
PAGE = (Path(__file__).parents[2] / "docs" / "pretext.md").read_text()
(ADDING,) = re.findall(r"```python\n# conftest.py\n(.*?)```", PAGE, flags=re.DOTALL)
BEFORE, _, HOOK = ADDING.partition("def pytest_harness_register(registry):\n")
ADDED = BEFORE + CONFTEST + HOOK  # the page's, in the toy grid's own conftest
OF_ITS_OWN = {("rotation_prediction", ()), ("jigsaw_prediction", ())} | {
    ("rotation_invariance", ()),
    ("jigsaw_invariance", ()),
}


@pytest.fixture
def tasks(toy: pytest.Pytester) -> pytest.Pytester:
    """The toy grid with the suite's own tests of pretext tasks."""
    (toy.path / "test_suite.py").unlink()
    invariance = (SUITE / "test_invariance.py").read_text()
    (toy.path / "test_invariance.py").write_text(
        invariance.partition("def test_neighborhood")[0]
    )
    (toy.path / "test_pretext.py").write_text((SUITE / "test_pretext.py").read_text())
    return toy


def run(toy, *arguments):
    """The result, and the rows."""
    result = toy.runpytest_inprocess(
        *("--harness-report-json=r.json", "--harness-head-epochs=2"), *arguments
    )
    return result, json.loads((toy.path / "r.json").read_text())["measurements"]


def series(rows):
    """Names and axes."""
    return {(row["metric"], tuple(row["axes"].items())) for row in rows}


def test_two_tasks_have_names_of_their_own_and_no_axis(tasks):
    """As they had before there were others."""
    result, rows = run(tasks)

    result.assert_outcomes(passed=4 * 14)
    assert series(rows) == OF_ITS_OWN
    assert len({row["value"] for row in rows}) > 14


def test_a_task_that_is_added_is_measured_along_the_axis(tasks):
    """docs/pretext.md: by what has no word of it, with its own chance."""
    tasks.makeconftest(ADDED)
    result, rows = run(tasks)

    result.assert_outcomes(passed=6 * 14)
    assert series(rows) == OF_ITS_OWN | {
        ("pretext_prediction", (("task", "half-turn"),)),
        ("pretext_invariance", (("task", "half-turn"),)),
    }
    result.stdout.fnmatch_lines(
        [
            "pretext_prediction[[]task=half-turn] (chance 0.5)",
            "rotation_prediction (chance 0.25)",
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["-k", "rotation_prediction"], {"rotation_prediction"}),
        (["-k", "jigsaw"], {"jigsaw_prediction", "jigsaw_invariance"}),
        (["-m", "metric(name='jigsaw_invariance')"], {"jigsaw_invariance"}),
    ],
)
def test_a_name_of_its_own_selects_a_task(tasks, arguments, names):
    """By -k and by -m, as before."""
    result, rows = run(tasks, "--harness-families=in0", *arguments)

    assert result.ret == 0
    assert {row["metric"] for row in rows} == names


def test_what_a_task_shows_is_in_the_keys_of_its_cells_alone(tasks):
    """More permutations: jigsaws are measured anew, rotations are found."""
    one = "--harness-families=in0"
    first, _ = run(tasks, one)
    again, _ = run(tasks, one, "--harness-jigsaw-permutations=6")

    first.stdout.fnmatch_lines(["cells: 8 measured"])
    again.stdout.fnmatch_lines(["cells: 4 measured, 4 found in the store"])


def test_a_head_is_read_once_while_its_model_is_measured(tasks, monkeypatch):
    """Though tasks take turns on each dataset."""
    from harness.tasks import heads

    read = []
    known = heads.cached_head
    monkeypatch.setattr(
        heads, "cached_head", lambda *a, **k: read.append(a[2].name) or known(*a, **k)
    )
    run(tasks, "-k", "prediction")

    assert sorted(read) == sorted(["rotation", "jigsaw-2x2-4"] * 2)


def test_a_skipped_task_is_missed_by_its_own_name(tasks):
    """A gate on it fails for what was skipped, not for a name that nobody knows."""
    with (tasks.path / "test_pretext.py").open("a") as file:
        file.write(
            "\n\nimport pytest\n\n\n@pytest.fixture(autouse=True)\n"
            "def without_turns(task):\n"
            "    if task == 'rotation':\n        pytest.skip('no turns here')\n"
        )
    result, _ = run(
        tasks, "-k", "prediction", "--harness-gate=rotation_prediction: interior r2>=0"
    )

    result.stdout.fnmatch_lines(["*cells were skipped: no turns here*"])


def test_where_a_task_has_no_views_its_cells_are_skipped_with_the_reason(tasks):
    """Each of them, whichever way it is set up."""
    failing = "        from harness.errors import UndefinedMetricError\n"
    failing += "        raise UndefinedMetricError('no views here')\n"
    before, _, hook = ADDED.partition("def pytest_harness_register")
    hook = hook.replace("lambda settings, size: HALF_TURN", "choose")
    tasks.makeconftest(
        f"{before}def choose(settings, size):\n{failing}\n"
        f"def pytest_harness_register{hook}"
    )
    result, _ = run(tasks, "-k", "half-turn")

    result.assert_outcomes(skipped=28, deselected=56)
    result.stdout.fnmatch_lines(["*half-turn-*no views here*"])


def test_a_test_may_choose_among_the_tasks(tasks):
    """By a mark, as other parameters."""
    tasks.makepyfile(
        test_pretext="import pytest\n"
        "@pytest.mark.parametrize('task', ['jigsaw'])\n"
        "def test_views(record, pretext_task):\n"
        "    record('views', len(pretext_task.views))\n"
    )
    result, rows = run(tasks, "test_pretext.py", "--harness-families=in0")

    result.assert_outcomes(passed=2)
    assert {row["value"] for row in rows} == {4}


def test_a_parameter_of_a_projects_own_called_task_is_left_alone(toy):
    """Where it does not ask for what a pretext task shows."""
    toy.makepyfile(
        test_suite="import pytest\n"
        "@pytest.mark.parametrize('task', ['easy', 'hard'])\n"
        "def test_own(record, task):\n    record('own', len(task))\n"
    )
    result, rows = run(toy, "--harness-families=in0")

    result.assert_outcomes(passed=4)
    assert series(rows) == {("own", (("task", t),)) for t in ("easy", "hard")}


def test_a_name_is_added_once(toy):
    """Tasks have their names to themselves."""
    toy.makeconftest(ADDED.replace('"half-turn"', '"rotation"'))
    result = toy.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*task rotation is registered twice*"])
