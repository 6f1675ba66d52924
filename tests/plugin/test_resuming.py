"""The store: what was measured is found again, whatever ended the run."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from harness.errors import HarnessError
from harness.store import Store


def test_a_second_run_measures_nothing(toy):
    """Every cell is found, and the report is the same to the digit."""
    first = toy.runpytest_inprocess()
    second = toy.runpytest_inprocess()

    first.stdout.fnmatch_lines(["cells: 28 measured"])
    second.assert_outcomes(passed=28)
    second.stdout.fnmatch_lines(["cells: 28 found in the store"])
    tables = [
        run.stdout.str().partition("cells:")[2].partition("\n")[2].partition("=====")[0]
        for run in (first, second)
    ]
    assert tables[0] == tables[1]
    assert "average_confidence" in tables[0]


def test_recalculate_measures_everything_again(toy):
    """The option ignores what the store has."""
    toy.runpytest_inprocess()
    result = toy.runpytest_inprocess("--harness-recalculate")

    result.stdout.fnmatch_lines(["cells: 28 measured"])


@pytest.mark.parametrize(
    ("file", "old", "new", "stored"),
    [
        ("conftest.py", '("soft", 2.0)', '("soft", 3.0)', 14),  # one model's weights
        ("conftest.py", "seed=i)", "seed=i + 50)", 12),  # the four interior sets
        ("test_suite.py", "predictions.probs()", "predictions.probs() * 1", 0),
        ("test_suite.py", "\n", "\n", 28),
    ],
)
def test_what_changed_is_measured_again_and_nothing_else(toy, file, old, new, stored):
    """Weights, images and the test's own source are in a cell's key."""
    toy.runpytest_inprocess()
    path = toy.path / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))

    result = toy.runpytest_inprocess()

    result.assert_outcomes(passed=28)
    expected = [f"{28 - stored} measured"] * (stored < 28)
    expected += [f"{stored} found in the store"] * (stored > 0)
    result.stdout.fnmatch_lines([f"cells: {', '.join(expected)}"])


def test_names_are_not_what_a_cell_is_known_by(toy):
    """The same images under another name are found, and shown under that name."""
    toy.runpytest_inprocess("--harness-families=in0")
    path = toy.path / "conftest.py"
    path.write_text(path.read_text().replace('f"in{i}"', 'f"ours{i}"'))

    result = toy.runpytest_inprocess("--harness-families=ours0", "-v")

    result.stdout.fnmatch_lines(["*sharp-ours0*(stored)*", "cells: 4 found in*"])
    path = toy.path / "report.json"
    toy.runpytest_inprocess("--harness-families=ours0", f"--harness-report-json={path}")
    rows = json.loads(path.read_text())["measurements"]
    assert {row["dataset"] for row in rows} == {"ours0"}


def test_a_failed_cell_is_tried_again(toy):
    """Only what a passing test recorded is kept."""
    toy.makepyfile(
        test_moody="""
        import pathlib
        def test_moody(record):
            record("moody", 1.0)
            assert pathlib.Path("calm").exists()
        """
    )
    toy.runpytest_inprocess("test_moody.py").assert_outcomes(failed=14)
    (toy.path / "calm").touch()

    result = toy.runpytest_inprocess("test_moody.py")

    result.assert_outcomes(passed=14)
    result.stdout.fnmatch_lines(["cells: 14 measured"])


def test_a_torn_line_costs_one_cell(toy):
    """What a kill left half written is passed over; the next line is whole."""
    toy.runpytest_inprocess()
    store = toy.path / ".harness" / "results.jsonl"
    whole = store.read_bytes()
    store.write_bytes(whole[:-100])

    result = toy.runpytest_inprocess()

    result.stdout.fnmatch_lines(
        [
            "harness: *results.jsonl: 1 line passed over that cannot be read, *",
            "cells: 1 measured, 27 found in the store",
        ]
    )
    again = toy.runpytest_inprocess()
    again.stdout.fnmatch_lines(["cells: 28 found in the store"])


def test_a_changed_digit_costs_one_cell(toy):
    """It is measured again, and no other number is reported in its place."""
    toy.runpytest_inprocess()
    store = toy.path / ".harness" / "results.jsonl"
    value = json.loads(store.read_text().splitlines()[3])[0]["value"]
    other = f"{value}".translate(str.maketrans("0123456789", "1032547698"))
    lines = store.read_text().splitlines(keepends=True)
    lines[3] = lines[3].replace(f'"value": {value}', f'"value": {other}')
    store.write_text("".join(lines))

    result = toy.runpytest_inprocess()

    result.stdout.fnmatch_lines(
        [
            "harness: *results.jsonl: 1 line passed over that cannot be read, *",
            "cells: 1 measured, 27 found in the store",
        ]
    )
    again = json.loads(store.read_text().splitlines()[-1])[0]
    assert again["value"] == value


# The first run stays in its sixth cell until it is killed.
SLOW = """
import os, time
done = []
def test_slow(record):
    if len(done) == 5 and "FIRST_RUN" in os.environ:
        time.sleep(60)
    done.append(record("slow", 1.0))
"""


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_goes_on_where_it_stopped(toy, blow):
    """After kill -9 or Ctrl-C the finished cells are on disk; the rest is measured."""
    toy.makepyfile(test_slow=SLOW)
    command = [sys.executable, "-m", "pytest", "test_slow.py", "-p", "no:cacheprovider"]
    process = subprocess.Popen(
        command,
        cwd=toy.path,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "FIRST_RUN": "yes"},
        # A shell's background job ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    store = toy.path / ".harness" / "results.jsonl"
    deadline = time.monotonic() + 60
    while not store.exists() or store.read_bytes().count(b"\n") < 5:
        assert time.monotonic() < deadline, "nothing was measured"
        time.sleep(0.02)
    os.kill(process.pid, blow)
    process.wait()
    done = len(store.read_text().splitlines())

    result = toy.runpytest_inprocess("test_slow.py")

    assert done == 5
    result.assert_outcomes(passed=14)
    result.stdout.fnmatch_lines([f"cells: {14 - done} measured, {done} found*"])


# A network that stays in the third block of a set until it is killed, and one test of
# 2,600 images a set.
LONG = """
import os, time
import harness.answers.under_way
harness.answers.under_way.PATIENCE = 0.0

class Slow(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = network(8.0)
    def forward(self, images):
        if len(images) > 60:  # which are those of the test split
            with open("asked", "a") as file:
                file.write("x" * len(images))
            # Of the environment no key knows.
            if "FIRST_RUN" in os.environ and os.path.getsize("asked") > 1000:
                time.sleep(60)
        return self.inner(images)

def pytest_harness_register(registry):
    registry.add_base_entry(TOY)
    registry.add_model(
        "slow", base="toy", build=Slow, head="inner.1", mean=(0.5,), std=(1.0,)
    )
    registry.add_dataset(
        "large", base="toy", domain="interior", load=lambda: images(20, n=2600)
    )
"""


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_inside_of_a_set_loses_a_block(toy, blow):
    """The next one runs the network on the images from that block on, once each."""
    conftest = toy.path / "conftest.py"
    conftest.write_text(conftest.read_text().partition("def pytest_h")[0] + LONG)
    command = [sys.executable, "-m", "pytest", "--harness-families=large"]
    process = subprocess.Popen(
        command,
        cwd=toy.path,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "FIRST_RUN": "yes"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    asked = toy.path / "asked"
    deadline = time.monotonic() + 60
    while not asked.exists() or asked.stat().st_size <= 1000:
        assert time.monotonic() < deadline, "no image was shown to the network"
        time.sleep(0.02)
    os.kill(process.pid, blow)
    process.wait()
    asked.unlink()
    left = sorted(path.name for path in toy.path.glob("cache/under-way/*/*"))

    result = toy.runpytest("--harness-families=large")

    assert left == ["000000.npz", "000001.npz"]
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*slow on large: 1,000 of 2,600 images were ans*"])
    assert asked.stat().st_size == 2600 - 1000
    assert not list(toy.path.glob("cache/under-way/*"))  # it was finished
    whole = toy.path / ".harness" / "results.jsonl"
    rows = [json.loads(line)[0] for line in whole.read_text().splitlines()]
    toy.runpytest("--harness-families=large", "--harness-recalculate")
    assert asked.stat().st_size == 2600 - 1000 + 2600
    again = [json.loads(line)[0] for line in whole.read_text().splitlines()][2:]
    assert [row["value"] for row in again] == [row["value"] for row in rows]


def test_ctrl_c_still_reports_what_was_measured(toy):
    """The report says that the run was interrupted and what never ran."""
    toy.makepyfile(
        test_stop="""
        def test_stop(dataset, record):
            if dataset.name == "in3":
                raise KeyboardInterrupt
            record("stop", 1.0)
        """
    )

    result = toy.runpytest_inprocess("test_stop.py", no_reraise_ctrlc=True)

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["interrupted; cells: 3 measured, 11 not run"])


def test_a_store_that_cannot_be_written_says_so(toy):
    """The path, the reason, and the option that changes it."""
    (toy.path / "blocked").write_text("a file, no folder")

    result = toy.runpytest_inprocess("--harness-store=blocked/here")

    assert result.ret != 0
    assert "cannot be written" in result.stdout.str() + result.stderr.str()


def test_the_json_report_holds_every_measurement(toy):
    """With the settings and the fits, and without a terminal reporter too."""
    for extra in ([], ["-p", "no:terminal"]):
        path = toy.path / "out" / f"report{len(extra)}.json"
        toy.runpytest_inprocess(f"--harness-report-json={path}", *extra)

        report = json.loads(path.read_text())
        assert len(report["measurements"]) == 28
        assert report["run"]["base"] == "toy"
        rows = {(row["metric"], row["model"]): row for row in report["correlations"]}
        assert set(rows) == {
            (metric, model)
            for metric in ("average_confidence", "nuclear_norm")
            for model in ("sharp", "soft", None)
        }
        assert rows["nuclear_norm", "sharp"]["interior"]["n"] == 4


def test_stored_cells_between_files_leave_nothing_set_up(toy):
    """A measured cell, a stored one of the same file, a measured one of another."""
    for name in "ab":
        toy.makepyfile(
            **{
                f"test_{name}": f"""
        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def around():
            yield
            print("closed {name}")

        def test_{name}1(record):
            record("{name}1", 1.0)

        def test_{name}2(record):
            record("{name}2", 1.0)
        """
            }
        )
    toy.runpytest_inprocess("test_a.py", "-k", "test_a2").assert_outcomes(passed=14)

    result = toy.runpytest_inprocess("test_a.py", "test_b.py", "-s")

    result.assert_outcomes(passed=56)
    result.stdout.fnmatch_lines(["cells: 42 measured, 14 found in the store"])
    assert result.stdout.str().count("closed a") == 14


def test_a_store_that_can_only_be_read_is_enough_if_it_has_every_cell(toy, monkeypatch):
    """The first cell that is not in it ends the run with the cure."""
    toy.runpytest_inprocess("-k", "nuclear").assert_outcomes(passed=14)

    def refuse(store):
        raise HarnessError("store cannot be written; choose another folder")

    monkeypatch.setattr(Store, "_open", refuse)
    found = toy.runpytest_inprocess("-k", "nuclear")
    more = toy.runpytest_inprocess()

    assert found.ret == pytest.ExitCode.OK
    found.stdout.fnmatch_lines(["cells: 14 found in the store"])
    assert more.ret == pytest.ExitCode.USAGE_ERROR
    more.stderr.fnmatch_lines(["ERROR: store cannot be written; choose another folder"])
