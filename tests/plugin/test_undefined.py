"""What has no value is found in the store as values are, with its reason."""

import json
import re

import pytest

from harness.cli import main
from harness.errors import HarnessError
from harness.store import Store

# Networks that write an x for each time that they are shown a dataset, in any process.
ASKED = """
import torch

class Asked(torch.nn.Sequential):
    def forward(self, images):
        if len(images) == 60:  # fewer are no dataset's
            with open("asked", "a") as file:
                file.write("x")
        return super().forward(images)
"""
# Of the three datasets one has no value, in the test or in a fixture.
SUITE = """
import pytest
from harness.errors import UndefinedMetricError

def test_some(record, predictions, dataset):
    predictions.probs()
    if dataset.name == "in1":
        raise UndefinedMetricError("flat")
    record("some", predictions.probs().max(axis=1).mean())

@pytest.fixture
def wide(predictions, dataset):
    if predictions.logits().shape[1] < 9 and dataset.name == "in1":
        raise UndefinedMetricError("narrow")

def test_other(record, wide):
    record("other", 1.0)
"""


@pytest.fixture
def undefined(toy):
    """The toy grid, which tells its passes, and two tests without a value on in1."""
    conftest = toy.path / "conftest.py"
    text = conftest.read_text().replace("torch.nn.Sequential(", "Asked(")
    conftest.write_text(f"from asked import Asked\n{text}")
    toy.makepyfile(asked=ASKED, test_suite=SUITE)
    toy.makeini("[pytest]\nharness_base = toy\nharness_families = in0,in1,out0\n")
    return toy


def run(toy, *arguments, how="here"):
    """A run, how many passes networks made in it, and its report."""
    (toy.path / "asked").write_text("")
    path = toy.path / "report.json"
    start = toy.runpytest_inprocess if how == "here" else toy.runpytest_subprocess
    result = start("-rs", f"--harness-report-json={path}", *arguments)
    return result, len((toy.path / "asked").read_text()), json.loads(path.read_text())


def skips(toy, result):
    """What is said of skips: in pytest's summary, in JUnit's file, in the report."""
    summary = [line for line in result.outlines if line.startswith("SKIPPED")]
    file = toy.path / "junit.xml"
    junit = re.findall(
        r"<skipped.*?</skipped>", file.read_text() if file.exists() else ""
    )
    report = [line for line in result.outlines if line.startswith("skipped:")]
    return sorted(summary), sorted(junit), report


@pytest.mark.parametrize(
    ("how", "arguments"),
    [
        pytest.param("here", [], id="here"),
        pytest.param("here", ["--junitxml=junit.xml"], id="junit"),
        pytest.param("there", ["-n2"], id="workers", marks=pytest.mark.slow),
        pytest.param(
            "there",
            ["--harness-engine=processes?workers=2", "--junitxml=junit.xml"],
            id="engine",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_second_run_passes_no_image_through_a_network(undefined, how, arguments):
    """And says the same of skips in every place, however tests are run."""
    first, made, one = run(undefined, *arguments, how=how)
    said = skips(undefined, first)
    store = undefined.path / ".harness" / "results.jsonl"
    kept = store.read_bytes()
    again, more, two = run(undefined, *arguments, how=how)

    assert (made, more) == (6, 0)
    assert store.read_bytes() == kept
    assert kept.count(b"\n") == 12
    assert again.ret == first.ret == pytest.ExitCode.OK
    again.assert_outcomes(passed=8, skipped=4)
    assert skips(undefined, again) == said
    assert [line.rpartition(": ")[2] for line in said[0]] == ["flat", "narrow"]
    assert len(said[1]) == (4 if "--junitxml=junit.xml" in arguments else 0)
    assert one["skipped"] == two["skipped"]
    first.stdout.fnmatch_lines(["cells: 8 measured, 4 skipped"])
    again.stdout.fnmatch_lines(
        ["cells: 8 found in the store, 4 skipped (4 found in the store)"]
    )


def test_shards_and_plans_know_of_it(undefined, capsys):
    """A merged store has what its shards found out, and nothing is left to measure."""
    for number in (1, 2):
        shard = f"--harness-shard={number}/2", f"--harness-store=s{number}"
        undefined.runpytest_inprocess(*shard)
    stores = [str(undefined.path / f"s{number}") for number in (1, 2)]

    assert main(["merge", *stores, "--into", str(undefined.path / ".harness")]) == 0

    assert "12 cells added to" in capsys.readouterr().out
    _, passes, report = run(undefined)
    assert passes == 0
    assert report["counts"] == {
        "stored": 8, "skipped": 4, "stored skips": 4, "not run": 0
    }  # fmt: skip
    plan = undefined.runpytest_inprocess("--harness-plan")
    plan.stdout.fnmatch_lines(["cells * 0 to be measured, 12 in the store"])


def test_recalculate_finds_it_out_again(undefined):
    """As it measures values again; what it says then is found later."""
    run(undefined)
    result, passes, _ = run(undefined, "--harness-recalculate")

    assert passes == 6
    result.stdout.fnmatch_lines(["cells: 8 measured, 4 skipped"])
    assert run(undefined)[1] == 0


def test_under_another_name_it_is_found_out_anew(undefined):
    """A test may go by the name, and a reason speak of it."""
    run(undefined)
    conftest = undefined.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace('f"in{i}"', 'f"ours{i}"'))

    result, passes, _ = run(undefined, "--harness-families=ours0,ours1")

    assert passes == 2
    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines(["cells: 4 measured, 4 found in the store"])


def test_other_code_of_the_harness_finds_it_out_anew(undefined, monkeypatch):
    """Any of it may say so, and little of it is in a cell's key."""
    run(undefined)
    monkeypatch.setattr("harness.keys.package_digest", lambda: "tomorrow's")

    result, passes, _ = run(undefined)

    assert passes == 2
    result.stdout.fnmatch_lines(["cells: 8 found in the store, 4 skipped"])


ADDED = """

from harness.errors import UndefinedMetricError
from harness.metrics import Input, Kind, Metric, Trend

def flat(probs):
    raise UndefinedMetricError("flat")

FLAT = Metric(
    fn=flat, inputs=(Input.PROBS,), bounds=(0.0, 1.0), trend=Trend.RISES,
    source="a conftest", depends_on_n=False,
)

usual = pytest_harness_register

def pytest_harness_register(registry):
    usual(registry)
    registry.add_metric(FLAT)
"""


def test_other_code_of_a_metric_that_was_added_finds_it_out_anew(undefined):
    """Also where no key of the test's holds that code."""
    conftest = undefined.path / "conftest.py"
    text = conftest.read_text() + ADDED
    conftest.write_text(text)
    (undefined.path / "test_suite.py").write_text(
        "def test_flat(measure):\n    name = 'flat'\n    measure(name)\n"
    )
    run(undefined)
    again, passes, _ = run(undefined)
    conftest.write_text(
        text.replace('raise UndefinedMetricError("flat")', "return 1.0")
    )
    changed, _, _ = run(undefined)

    assert passes == 0
    again.assert_outcomes(skipped=6)
    changed.assert_outcomes(passed=6)


OTHERS = """
import pytest
from harness.errors import UndefinedAsYet, UndefinedMetricError

def test_says(record):
    pytest.skip("dull")

@pytest.mark.skipif(True, reason="never")
def test_marked(record):
    raise UndefinedMetricError("flat")

def test_package(record):
    pytest.importorskip("no_such_package")

def test_as_yet(record):
    raise UndefinedAsYet("not here")

@pytest.fixture
def failing():
    yield
    assert False

def test_teardown(record, failing):
    raise UndefinedMetricError("flat")

def test_subtest(record, subtests):
    with subtests.test():
        assert False
    raise UndefinedMetricError("flat")

def test_plain():
    pytest.skip("no cell")
"""


def test_no_other_skip_is_kept(undefined):
    """Of a test's own mind, by a mark, for want of a package, or beside a failure."""
    (undefined.path / "test_suite.py").write_text(OTHERS)
    undefined.runpytest_inprocess()

    assert Store(undefined.path / ".harness").read() == ({}, 0)
    result, _, report = run(undefined)
    assert {one["reason"] for one in report["skipped"]} >= {
        *("dull", "never", "not here")
    }
    assert "found in the store" not in result.stdout.str()


def test_values_before_it_are_not_kept(undefined):
    """A test that goes on to what has no value is skipped as a whole."""
    (undefined.path / "test_suite.py").write_text(
        "from harness.errors import UndefinedMetricError\n"
        "def test_parts(record):\n"
        "    record('one', 1.0)\n"
        "    raise UndefinedMetricError('two is flat')\n"
    )
    for _ in range(2):
        result, _, report = run(undefined)
        result.assert_outcomes(skipped=6)
        assert report["measurements"] == []

    lines = list(Store(undefined.path / ".harness").lines())
    assert [one.skipped.reason for one in lines] == ["two is flat"] * 6


def test_a_store_that_can_only_be_read_needs_no_skips(undefined, monkeypatch):
    """Earlier versions kept none; what is found out is then not kept."""
    run(undefined)
    store = undefined.path / ".harness" / "results.jsonl"
    lines = store.read_text().splitlines(keepends=True)
    store.write_text("".join(line for line in lines if "skipped" not in line))

    def refuse(store):
        raise HarnessError("store cannot be written")

    monkeypatch.setattr(Store, "_open", refuse)
    result, passes, _ = run(undefined)

    assert result.ret == pytest.ExitCode.OK
    assert passes == 2
    result.stdout.fnmatch_lines(["cells: 8 found in the store, 4 skipped"])


def test_a_reason_cannot_write_into_a_terminal(undefined):
    """Neither as the test gives it, nor as somebody's store says it."""
    suite = undefined.path / "test_suite.py"
    suite.write_text(SUITE.replace('"flat"', '"flat\\x1b[2K"'))
    for found in (False, True):
        result, _, report = run(undefined, "-k", "some")

        assert bool(report["counts"].get("stored skips")) is found
        result.stdout.fnmatch_lines(["SKIPPED*: flat?x1b?2K"])
        assert "\x1b[2K" not in result.stdout.str()
