"""Engines: groups run elsewhere are reported as if they had run here."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from harness.engines.group import Group, Result
from harness.engines.worker import run_group, this_process
from harness.store import Store

DOCS = Path(__file__).parents[2] / "docs" / "scale.md"
# Also what a project has of its own: a conftest's fixture, a metric, a skip, a warning.
OWN = """
import warnings
import numpy as np
import pytest
from harness.metrics import Input, Metric, Trend

@pytest.fixture(scope="session")
def dear():
    return 0.25

@pytest.fixture(autouse=True)
def around():
    yield

def margin(probs):
    top = np.sort(probs, axis=1)
    return float(np.mean(top[:, -1] - top[:, -2]))

MARGIN = Metric(
    fn=margin, inputs=(Input.PROBS,), bounds=(0.0, 1.0), trend=Trend.RISES,
    source="here",
)

def pytest_itemcollected(item):
    item.user_properties.append(("seen", "yes"))
"""
ODD = """
def bad(n):
    int(n)
def odd():
    from concurrent.futures import ThreadPoolExecutor
    engine = ThreadPoolExecutor(1)
    engine.workers = "many"
    return engine
"""
TESTS = """
import warnings
import pytest

def test_margin(measure):
    measure("margin")

@pytest.mark.harness_gate("dear: interior n >= 4")
def test_dear(dataset, dear, record, tmp_path):
    warnings.warn("strange")
    if dataset.name == "in0":
        pytest.skip("dull")
    assert dataset.name != "in1", "unlucky"
    record("dear", dear + dataset.labels().sum())

def test_plain(tmp_path):
    print("heard")
    assert not tmp_path.joinpath("x").exists()
"""


@pytest.fixture
def own(toy):
    """The toy grid with what a project has of its own."""
    conftest = toy.path / "conftest.py"
    first = "def pytest_harness_register(registry):\n"
    text = conftest.read_text()
    assert text.count(first) == 1
    more = f"{first}    registry.add_metric(MARGIN)\n"
    conftest.write_text(text.replace(first, more) + OWN)
    toy.makepyfile(test_own=TESTS)
    return toy


def outcome(toy, *arguments):
    """A run's result, its measurements without times, and how its cells ended."""
    path = toy.path / "report.json"
    result = toy.runpytest_subprocess(
        f"--harness-report-json={path}", "-rs", *arguments, timeout=300
    )
    report = json.loads(path.read_text())
    for row in report["measurements"]:
        row.pop("seconds")
    rows = sorted(json.dumps(row, sort_keys=True) for row in report["measurements"])
    return result, rows, {name: report[name] for name in ("verdicts", "skipped")}


@pytest.mark.slow
def test_processes_report_what_one_process_reports(own):
    """Measurements equal to the bit; skips, failures, warnings, gates as ever."""
    alone, rows, said = outcome(own, "--harness-store=one")
    shared, others, also = outcome(
        own, "--harness-store=two", "--harness-engine=processes?workers=2"
    )

    assert rows == others
    assert len(rows) == 14 * 3 + 14 - 4
    assert said == also
    assert shared.ret == alone.ret == pytest.ExitCode.TESTS_FAILED
    assert shared.parseoutcomes() == alone.parseoutcomes()
    assert alone.parseoutcomes()["warnings"] == 14
    assert alone.parseoutcomes()["failed"] == 4  # two cells, a gate of two models
    for run in (alone, shared):
        run.stdout.fnmatch_lines_random(
            ["SKIPPED [[]2[]] *: dull", "*Error: unlucky", "*UserWarning: strange"]
        )
    again, stored, _ = outcome(
        own, "--harness-store=two", "--harness-engine=processes?workers=2"
    )
    again.stdout.fnmatch_lines(["cells: 52 found in the store, 2 failed, 2 skipped"])
    assert stored == rows


# An executor of the standard library whose processes are like other machines: a folder,
# a home and weights of their own.
NODES = """
import os, pathlib, resource, tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

def settle(offset, shift, full):
    home = tempfile.mkdtemp(dir=os.environ["NODES"])
    os.environ["HOME"] = os.environ["TMPDIR"] = home
    os.environ["HARNESS_CACHE_DIR"] = home + "/cache"
    os.environ["OFFSET"], os.environ["SHIFT"] = offset, shift
    os.chdir(home)
    if full and "first" not in os.listdir(".."):
        pathlib.Path("../first").touch()
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8))  # a disk with no room left

class Nodes(ProcessPoolExecutor):
    workers = 2

def make(offset="0", shift="0", full=""):
    return Nodes(
        2, get_context("spawn"), initializer=settle, initargs=(offset, shift, full)
    )
"""


@pytest.fixture
def nodes(toy, monkeypatch):
    """A toy grid whose second model and first dataset depend on the machine."""
    conftest = toy.path / "conftest.py"
    text = conftest.read_text()
    for here, elsewhere in (
        ('("soft", 2.0)', '("soft", 2.0 + float(os.environ.get("OFFSET", 0)))'),
        ("enumerate((20,", 'enumerate((20 + float(os.environ.get("SHIFT", 0)),'),
    ):
        assert text.count(here) == 1
        text = text.replace(here, elsewhere)
    conftest.write_text("import os\n" + text)
    (toy.path / "folders").mkdir()
    monkeypatch.setenv("NODES", str(toy.path / "folders"))
    toy.makepyfile(nodes=NODES)
    return toy


@pytest.mark.slow
def test_any_executor_will_do(nodes):
    """One of the standard library, its processes in folders of their own."""
    _, rows, _ = outcome(nodes, "--harness-store=one")
    result, others, _ = outcome(
        nodes, "--harness-store=two", "--harness-engine=nodes:make"
    )

    result.assert_outcomes(passed=28)
    assert rows == others
    assert len(list((nodes.path / "folders").iterdir())) == 2


LOKY = """
from loky import ProcessPoolExecutor


def make(workers="2"):
    executor = ProcessPoolExecutor(int(workers))
    executor.workers = int(workers)
    return executor
"""


@pytest.mark.slow
def test_loky_will_do(toy):
    """The executor of joblib, as docs/scale.md has it."""
    pytest.importorskip("loky", reason="loky, of the extra dev, is not installed")
    assert LOKY.strip() in DOCS.read_text()
    toy.makepyfile(my_loky=LOKY)
    _, rows, _ = outcome(toy, "--harness-store=one")
    result, others, _ = outcome(
        toy, "--harness-store=two", "--harness-engine=my_loky:make?workers=2"
    )

    result.assert_outcomes(passed=28)
    assert rows == others


@pytest.mark.slow
def test_other_weights_are_refused_by_name_with_both_digests(nodes):
    """Of the model that differs alone; nothing of it is stored."""
    result, rows, _ = outcome(nodes, "--harness-engine=nodes:make?offset=1")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=14, failed=14)
    assert {json.loads(row)["model"] for row in rows} == {"sharp"}
    result.stdout.re_match_lines(
        [r".*weights of soft are [0-9a-f]{12} on .*:\d+, and [0-9a-f]{12} where the"]
    )
    assert len(Store(nodes.path / ".harness").read()[0]) == 14


@pytest.mark.slow
def test_other_data_are_refused_by_name_with_both_digests(nodes):
    """Of the dataset that differs alone; nothing of it is stored."""
    result, rows, _ = outcome(nodes, "--harness-engine=nodes:make?shift=1")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=24, failed=4)
    assert "in0" not in {json.loads(row)["dataset"] for row in rows}
    said = re.search(
        r"data of in0 are ([0-9a-f]{12}) on .*:\d+, and ([0-9a-f]{12}) where the run",
        result.stdout.str(),
    )
    assert said is not None
    assert said[1] != said[2]
    assert len(Store(nodes.path / ".harness").read()[0]) == 24


@pytest.mark.slow
def test_a_full_disk_of_one_machine_fails_by_name_what_it_cannot_write(nodes):
    """A head that it cannot keep; all else is measured, there too, and kept."""
    nodes.makepyfile(test_head="def test_it(measure): measure('rotation_prediction')")
    result, rows, _ = outcome(
        nodes, "--harness-engine=nodes:make?full=yes", "-rf", "--harness-head-epochs=2"
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] + outcomes["passed"] == 42
    failures = [line for line in result.outlines if line.startswith("FAILED")]
    assert len(failures) == outcomes["failed"] > 0
    for line in failures:
        assert "test_head.py" in line
    text = result.stdout.str()
    assert text.count("cannot be written: [Errno 27] File too large") >= len(failures)
    assert len(rows) == outcomes["passed"] >= 28
    assert len(Store(nodes.path / ".harness").read()[0]) == outcomes["passed"]


DEADLY = """
import os, pathlib, signal, time
def test_deadly(model, dataset, record):
    where = (model.name, dataset.name)
    if where == ("soft", "in1"):
        os.kill(os.getpid(), signal.SIGKILL)
    if where == ("soft", "in2") and not pathlib.Path("once").exists():
        pathlib.Path("once").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if where == ("sharp", "in3") and "HANGS" in os.environ:
        time.sleep(600)
    record("deadly", 1.0)
"""


@pytest.mark.slow
def test_a_killed_worker_costs_its_group_and_that_only_the_second_time(
    toy, monkeypatch
):
    """So does one that is too slow; every other group is measured, once."""
    toy.makepyfile(test_deadly=DEADLY)
    monkeypatch.setenv("HANGS", "yes")

    result = toy.runpytest_subprocess(
        "--harness-engine=processes?workers=2",
        "--harness-group-timeout=15",
        "-rf",
        timeout=300,
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=36, failed=6)
    result.stdout.fnmatch_lines_random(
        [
            "*soft on in2: its worker was lost (*SIGKILL*); another tries once more",
            "FAILED *test_deadly*soft-in1* - worker lost twice, *SIGKILL*",
            "FAILED *nuclear_norm*soft-in1* - worker lost twice, *SIGKILL*",
            "FAILED *test_deadly*sharp-in3* - worker lost twice, *status 1, * s after*",
            "cells: 36 measured, 6 failed",
        ]
    )
    assert "Timeout (0:00:15)!" in result.stderr.str()  # and where it was


SLOW = """
import os, time
def test_slow(model, dataset, record):
    if dataset.name == "in2" and "FIRST_RUN" in os.environ:
        time.sleep(600)
    with open("measured", "a") as file:
        file.write(f"{model.name}-{dataset.name} {os.getpid()}\\n")
    record("slow", 1.0)
"""


@pytest.mark.slow
def test_a_killed_controller_loses_nothing_that_was_finished(toy):
    """The next run measures the rest; the workers of the first are gone."""
    toy.makepyfile(test_slow=SLOW)
    arguments = ["test_slow.py", "--harness-engine=processes?workers=2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=toy.path,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "FIRST_RUN": "yes"},
    )
    store = toy.path / ".harness" / "results.jsonl"
    deadline = time.monotonic() + 120
    while not store.exists() or store.read_bytes().count(b"\n") < 2:
        assert time.monotonic() < deadline, "nothing was measured"
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = set(Store(store.parent).read()[0])

    result = toy.runpytest_subprocess(*arguments, timeout=300)

    result.assert_outcomes(passed=14)
    result.stdout.fnmatch_lines(
        [f"cells: {14 - len(done)} measured, {len(done)} found*"]
    )
    lines = (toy.path / "measured").read_text().splitlines()
    times = Counter(line.partition(" ")[0] for line in lines)
    assert len(times) == 14
    assert sum(times.values()) <= 14 + 2  # of what no group had come back of


# Engines that answer without a worker: what the dispatcher makes of what comes back.
FAKES = """
import json
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from harness.engines.group import Result
from harness.errors import HarnessError

class Fake(Executor):
    workers = 3

    def __init__(self, answer):
        self.answer, self.sent = answer, []

    def submit(self, work, text):
        group = json.loads(text)
        with open("sent", "a") as file:
            file.write(group["name"] + "\\n")
        future = Future()
        try:
            future.set_result(self.answer(group).to_json())
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait=True):
        Path("shut").touch()

def lost(group):
    if group["name"] == "soft on in1":
        raise OSError("gone")
    return Result(refused="not here")

def exits(group):
    return Result(exit=["enough", 3])

def breaking(group):
    first = not Path(group["name"]).exists()
    Path(group["name"]).touch()
    if group["name"] == "soft on in1" or (first and "sharp" in group["name"]):
        raise BrokenExecutor("broken")
    return Result()

class Once(Fake):
    def submit(self, work, text):
        raise BrokenExecutor("broken")

def once():
    if Path("made").exists():
        raise HarnessError("no machine is left")
    Path("made").touch()
    return Once(None)

def make(how): return Fake(globals()[how])
def threads(): return ThreadPoolExecutor(1)
"""


@pytest.fixture
def fakes(toy):
    """The toy grid, and engines that run nothing."""
    toy.makepyfile(fakes=FAKES)
    toy.syspathinsert()
    return toy


def sent(toy):
    """How often each group was sent."""
    return Counter((toy.path / "sent").read_text().splitlines())


def test_a_lost_group_is_sent_once_more_and_a_refused_one_is_not(fakes):
    """Each of its cells fails by name, and the engine is shut down."""
    result = fakes.runpytest_inprocess("--harness-engine=fakes:make?how=lost", "-rf")

    result.assert_outcomes(failed=28)
    assert sent(fakes)["soft on in1"] == 2
    assert sum(sent(fakes).values()) == 14 + 1
    text = result.stdout.str()
    assert text.count("worker lost twice, the second time: OSError: gone") >= 2
    result.stdout.fnmatch_lines(["FAILED *soft-in0* - not here", "*28 failed*"])
    assert (fakes.path / "shut").exists()


def test_what_an_executor_loses_that_breaks_as_a_whole_is_tried_alone(fakes):
    """Only the group that breaks it by itself has failed."""
    result = fakes.runpytest_inprocess("--harness-engine=fakes:make?how=breaking")

    result.assert_outcomes(failed=2)
    assert {name: n for name, n in sent(fakes).items() if n > 1} == {
        "soft on in1": 2,
        **{f"sharp on {name}": 2 for name in
           ("in0", "in1", "in2", "in3", "out0", "out1", "out2")},
    }  # fmt: skip


def test_a_test_that_ends_pytest_ends_it(fakes):
    result = fakes.runpytest_inprocess("--harness-engine=fakes:make?how=exits")

    assert result.ret == 3
    assert sum(sent(fakes).values()) == 3  # what was in flight


def test_threads_of_pytest_s_own_process_are_refused(fakes):
    """They would share what tests change."""
    result = fakes.runpytest_inprocess("--harness-engine=fakes:threads", "-rf")

    result.assert_outcomes(failed=28)
    result.stdout.fnmatch_lines(["FAILED *must run groups in other processes*"])


def test_maxfail_stops_and_sends_no_more(fakes):
    result = fakes.runpytest_inprocess("--harness-engine=fakes:make?how=lost", "-x")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert sum(sent(fakes).values()) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--harness-engine=rai"], "*unknown engine*rai*processes*"),
        (["--harness-engine=no.where:make"], "*no.where:make cannot be had*"),
        (["--harness-engine=fakes:nothing"], "*fakes:nothing cannot be had*"),
        (["--harness-engine=fakes:make"], "*fakes:make takes (how)*missing*"),
        (["--harness-engine=processes?cores=2"], "*processes takes*cores*"),
        (["--harness-engine=:"], "*unknown engine ':'*"),
        (["--harness-engine=.x:make"], "*engine .x:make cannot be had: TypeError*"),
        (["--harness-engine=fakes:__name__"], "*fakes:__name__ cannot be had: Type*"),
        (["--harness-engine=builtins:int"], "*builtins:int cannot be had: ValueError*"),
        *(
            ([f"--harness-engine=processes?workers={bad}"],
             f"*`workers` of engine processes must be*'{bad}'*")
            for bad in ("none", "0", "-1", "1.5")
        ),
        (["--harness-engine=ray?num_cpus=none"], "*of engine ray must be*'none'*"),
        (["--harness-engine=ray?num_cpus=inf"], "*of engine ray must be*'inf'*"),
        (["--harness-engine=processes", "-n2"], "*and so does -n*"),
        (["--harness-engine=processes", "--pdb"], "*--pdb needs tests in this*"),
        (["--harness-group-timeout=3"], "*name one with --harness-engine*"),
        (
            ["--harness-engine=processes", "--harness-group-timeout=3",
             "-o", "faulthandler_timeout=3"],
            "*are kept by the same clock*",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_runs(fakes, arguments, message):
    result = fakes.runpytest_inprocess(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert "collected" not in result.stdout.str()


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("os:getcwd", "*os:getcwd must be a function that returns an executor*got str"),
        ("fakes:bad?n=ten", "*fakes:bad cannot be made: ValueError: invalid literal*"),
        ("fakes:odd", "*`workers` of engine fakes:odd must be a whole*got 'many'"),
    ],
)
def test_what_makes_no_engine_is_told_in_words(fakes, engine, message):
    """A factory of one's own is called when there is something to send."""
    conftest = fakes.path / "fakes.py"
    conftest.write_text(conftest.read_text() + ODD)

    result = fakes.runpytest_inprocess(f"--harness-engine={engine}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert "INTERNALERROR" not in result.stdout.str()


def test_an_engine_with_nothing_to_send_is_looked_for_and_not_made(fakes):
    """Where the store has every cell; a name that leads nowhere is refused as ever."""
    fakes.runpytest_inprocess()

    found = fakes.runpytest_inprocess("--harness-engine=fakes:once")
    nowhere = fakes.runpytest_inprocess("--harness-engine=fakes:twice")

    found.stdout.fnmatch_lines(["cells: 28 found in the store"])
    assert not (fakes.path / "made").exists()
    assert nowhere.ret == pytest.ExitCode.USAGE_ERROR
    nowhere.stderr.fnmatch_lines(["*fakes:twice cannot be had*"])


def test_an_engine_that_cannot_be_made_again_ends_the_run_in_words(fakes):
    result = fakes.runpytest_inprocess("--harness-engine=fakes:once")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: no machine is left"])


def test_groups_and_results_are_texts():
    """What goes in comes out; a worker refuses a group of its own process."""
    group = Group(
        run="r",
        process=this_process(),
        folder="/",
        in_path=False,
        arguments=["-k", "x"],
        environment={},
        workerinput={"workercount": 2},
        timeout=None,
        name="a on b",
        place=["a", "b", "f"],
        digests=["1", "2"],
        tests=[["t.py::t[a-b]", "key"]],
    )

    assert Group.from_json(group.to_json()) == group
    refused = Result.from_json(run_group(group.to_json()))
    assert refused == Result(refused=refused.refused)
    assert "other processes" in refused.refused
