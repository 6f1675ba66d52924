"""Outcomes in a run: never ranked, run on request, and what metrics are fitted to."""

import json

import numpy as np
import pytest

from harness.metrics.outcomes.brier import brier_score
from harness.report.run_file.table_files import read_csv

ASKING = """
import numpy as np
from harness.metrics import Input, Metric, Trend
from harness.metrics.label_free.nuclear_norm import nuclear_norm

def cheat(logits, labels):
    return float((logits.argmax(axis=1) == labels).mean())

def sly(logits, *, labels=None):
    return float((logits.argmax(axis=1) == labels).mean())

def spec(fn, *inputs):
    return Metric(fn=fn, inputs=inputs, bounds=(0, 1), trend=Trend.RISES, source="me")

CHEAT, SLY = spec(cheat, Input.LOGITS, Input.LABELS), spec(sly, Input.LOGITS)

def known(dataset, n=60):
    # Labels that nobody saw it look at: the grid's sets hold 0, 1, 2, 0, ...
    return np.arange(n) % 3

def test_nuclear_norm(measure): measure(nuclear_norm)
"""
# By name: a test of a measure that asks for labels, whoever hands them over.
WAYS = {
    "input": "def test_cheat(measure): measure(CHEAT)",
    "input_of_a_file": "def test_cheat(dataset, predictions, record):\n"
    "    record(CHEAT, predictions.logits(), known(dataset))",
    "keyword": "def test_sly(measure, dataset): measure(SLY, labels=dataset.labels())",
    "keyword_of_a_file": "def test_sly(measure, dataset):\n"
    "    measure(SLY, labels=known(dataset))",
    "look": "def test_look(record, dataset, predictions):\n"
    "    right = predictions.predicted() == dataset.labels()\n"
    "    record('look', float(right.mean()))",
}


def report(toy, test, *arguments):
    """What a run of tests recorded, and what it printed."""
    toy.makepyfile(test_suite=test)
    result = toy.runpytest_inprocess("--harness-report-json=r.json", *arguments)
    return result, json.loads((toy.path / "r.json").read_text())


@pytest.mark.parametrize("way", WAYS)
def test_a_measure_that_asks_for_labels_is_never_ranked(toy, way):
    """It would win: it is accuracy itself. In the first run, and from the store."""
    for _ in range(2):
        result, found = report(toy, f"{ASKING}\n{WAYS[way]}")

        assert result.ret == 0
        assert [rank["metric"] for rank in found["ranks"]] == ["nuclear_norm"]
        asking = [m for m in found["measurements"] if m["metric"] != "nuclear_norm"]
        assert len(asking) == 14
        assert all(m["value"] == m["accuracy"] for m in asking)
        assert not any(m["label_free"] for m in asking)
        rows = [c for c in found["correlations"] if c["metric"] != "nuclear_norm"]
        assert all("reason" in row["interior"] and not row["points"] for row in rows)
    assert found["counts"]["stored"] == 28


def test_outcomes_have_intervals(toy):
    """In JSON and CSV; what has none, as a value by name, has none there."""
    tests = """
from harness.metrics.outcomes.brier import brier_score
from harness.metrics.outcomes.recalls import lowest_recall
def test_brier_score(measure): measure(brier_score)
def test_lowest_recall(measure): measure(lowest_recall)
def test_own(record): record("own", 0.5)
"""
    for _ in range(2):
        _, found = report(toy, tests, "--harness-report-csv=r.csv")

        for m in found["measurements"]:
            if m["metric"] == "own":
                assert m["interval"] is None
            else:
                low, high = m["interval"]
                assert low <= m["value"] <= high
                assert low < high
                assert 0 <= float(m["facts"]["chance"]) <= 1
    read = [list(m.interval or ()) or None for m in read_csv(toy.path / "r.csv")]
    assert read == [m["interval"] for m in found["measurements"]]


def test_an_outcome_without_labels_or_classes_is_skipped_with_the_reason(toy):
    """Five of three classes are no top-5; a set without labels has no outcome."""
    tests = """
from harness.metrics.outcomes.brier import brier_score
from harness.metrics.outcomes.top_k import top_5
def test_top_5(measure): measure(top_5)
def test_brier_score(measure): measure(brier_score)
"""
    conftest = (toy.path / "conftest.py").read_text()
    toy.makeconftest(
        conftest
        + """
    registry.add_dataset(
        "night", base="toy", domain="target", load=lambda: images(90, seed=7)[0],
    )
"""
    )
    _, found = report(toy, tests, "--harness-families=in0,night")

    reasons = {(s["test"].partition("::")[2], s["reason"]) for s in found["skipped"]}
    assert ("test_top_5", "top-5 needs at least 5 classes, got 3") in reasons
    assert ("test_brier_score", "the dataset has no labels") in reasons
    assert {(m["metric"], m["dataset"]) for m in found["measurements"]} == {
        ("brier_score", "in0")
    }


def test_outcomes_are_a_scorecard_in_every_report(toy):
    """A block for each family, from the first run and from the store."""
    tests = """
from harness.metrics.outcomes.brier import brier_score
def test_brier_score(measure): measure(brier_score)
"""
    files = [f"--harness-report-{kind}=r.{kind}" for kind in ("md", "html")]
    for _ in range(2):
        result, found = report(toy, tests, "--harness-families=in0,out*", *files)

        blocks = found["sections"]["scorecard"]["blocks"]
        assert {b["family"] for b in blocks} == {"in0", "out0", "out1", "out2"}
        assert found["label_scores"] == found["ranks"] == []
        result.stdout.fnmatch_lines(
            ["in0", "*accuracy (%)*", "sharp *[[]*", "(chance)*"]
        )
        for name in ("r.md", "r.html"):
            assert "brier score" in (toy.path / name).read_text()
    one = blocks[0]["rows"][0]["scores"]
    assert one["accuracy"]["chance"] == 1 / 3
    assert one["brier_score"]["chance"] == pytest.approx(2 / 3)
    assert one["accuracy"]["low"] < one["accuracy"]["value"] == 1.0


def test_outcomes_are_of_the_dataset_s_own_truth(toy):
    """Of the classes that are answers there; of sets of labels there is none."""
    labels = np.arange(20) % 2
    for name, lists in (("few", None), ("sets", [[0, 1]] * 20)):
        (toy.path / name).mkdir()
        pixels = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), dtype="uint8")
        np.save(toy.path / name / "data.npy", pixels)
        if lists:
            (toy.path / name / "labels.json").write_text(json.dumps(lists))
        else:
            np.save(toy.path / name / "labels.npy", labels)
    (toy.path / "two.txt").write_text("a\nb\n")
    tests = """
import numpy as np
from harness.metrics.outcomes.brier import brier_score
def test_brier_score(measure, predictions, dataset, model):
    np.save(f"{model.name}-{dataset.name}.npy", predictions.logits())
    measure(brier_score)
"""
    _, found = report(
        toy, tests, "--harness-data=few?classes=two.txt", "--harness-data=sets"
    )

    rows = {m["model"]: m for m in found["measurements"] if m["dataset"] == "few"}
    assert rows.keys() == {"sharp", "soft"}
    for model, row in rows.items():
        two = np.load(toy.path / f"{model}-few.npy")[:, :2]
        assert row["value"] == brier_score(two, labels)
        assert row["accuracy"] == (two.argmax(axis=1) == labels).mean()
    (skipped,) = (s["reason"] for s in found["skipped"])
    assert skipped == "it needs one label an image, got any of several labels"


# --- on request -----------------------------------------------------------------------

ON_REQUEST = """
import pytest
from harness.metrics.label_free.nuclear_norm import nuclear_norm

def test_nuclear_norm(measure): measure(nuclear_norm)

@pytest.mark.harness_on_request
def test_brier_score(record): record("brier_score", 0.5)
"""


@pytest.mark.parametrize(
    ("arguments", "passed", "deselected"),
    [
        ((), 14, 1),
        (("-k", "not jigsaw"), 14, 1),
        (("-k", "soft"), 7, 8),  # 7 of the other model
        (("-m", "not slow"), 14, 1),
        (("-k", "brier"), 14, 14),
        (("-k", "BRIER and soft"), 7, 21),
        (("-k", "brier or nuclear"), 28, 0),
        (("-k", "test_extra and brier"), 14, 14),
        (("-k", "not brier"), 14, 1),
        (("-m", "harness_on_request"), 14, 14),
        (("-m", "metric(name='brier_score')"), 14, 14),
        (("-m", "metric(name='nuclear_norm')"), 14, 1),
        (("test_extra.py",), 28, 0),
        (("./test_extra.py::test_brier_score",), 14, 0),
        ((".",), 14, 1),
    ],
)
def test_tests_on_request_are_run_where_they_are_named(
    toy, arguments, passed, deselected
):
    """And count as one deselected test elsewhere, whatever else is chosen."""
    (toy.path / "test_suite.py").unlink()
    toy.makepyfile(test_extra=ON_REQUEST)
    toy.makeini(
        "[pytest]\nharness_base = toy\nharness_families = in*,out*\n"
        "markers = slow: slow tests\n"
    )

    result = toy.runpytest_inprocess("-q", "--collect-only", *arguments)

    counts = f"{passed}/{passed + deselected} tests collected ({deselected} deselected)"
    if not deselected:
        counts = f"{passed} tests collected"
    assert counts in result.stdout.str()


def test_a_module_of_pyargs_names_its_tests(toy):
    """As its file does; the package above it does not."""
    (toy.path / "test_suite.py").unlink()
    package = toy.mkpydir("suite_of_mine")
    (package / "test_extra.py").write_text(ON_REQUEST)
    toy.syspathinsert()
    for name, told in (
        ("suite_of_mine.test_extra", "28 tests collected"),
        ("suite_of_mine", "14/15 tests collected (1 deselected)"),
    ):
        found = toy.runpytest_inprocess("-q", "--collect-only", "--pyargs", name)
        assert told in found.stdout.str()


def test_a_suite_may_be_named_by_its_folder(toy):
    """By its path or as a module; not by the folder above, where it is one of many."""
    (toy.path / "test_suite.py").unlink()
    package = toy.mkpydir("suite_of_mine")
    marked = ON_REQUEST.replace("on_request", "on_request(folder=True)")
    (package / "test_extra.py").write_text(marked)
    toy.syspathinsert()
    for arguments, told in (
        (("suite_of_mine",), "28 tests collected"),
        (("--pyargs", "suite_of_mine"), "28 tests collected"),
        ((".",), "14/15 tests collected (1 deselected)"),
    ):
        found = toy.runpytest_inprocess("-q", "--collect-only", *arguments)
        assert told in found.stdout.str()


def test_a_run_counts_what_is_left_out(toy):
    """A test that takes nothing of the grid is left out as well."""
    (toy.path / "test_suite.py").unlink()
    more = "\n@pytest.mark.harness_on_request\ndef test_plain(): assert False\n"
    toy.makepyfile(test_extra=ON_REQUEST + more)

    result = toy.runpytest_inprocess("-q")
    result.assert_outcomes(passed=14, deselected=2)


def test_workers_leave_the_same_out(toy):
    """They know the command line of the run, or collections would differ."""
    (toy.path / "test_suite.py").unlink()
    toy.makepyfile(test_extra=ON_REQUEST)

    toy.runpytest_subprocess("-q", "-n1").assert_outcomes(passed=14)
