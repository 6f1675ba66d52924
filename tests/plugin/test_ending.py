"""A run that is ended before its last test: by SIGTERM, or by --harness-time-limit.

What was measured is kept and reported, what was not is named, workers are ended, and
the same command goes on.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from xml.etree import ElementTree

import pytest

from harness.commands.running import run_pytest
from harness.controller import TIME_IS_OVER
from harness.interrupts import Deadline, catch_termination, finishing
from harness.options import OPTIONS

GATE = "--harness-gate=quick: interior n >= 3"
# The first pair is quick; in the second a test waits, where a file says so.
WAITING = """
import os, signal, time
from pathlib import Path

def test_quick(predictions, record):
    record("quick", 1.0)

def test_slow(predictions, record):
    record("slow", 2.0)
    marks = list(Path().glob("measured-*"))
    Path(f"measured-{os.getpid()}-{len(marks)}").touch()
    if marks and Path("wait").exists():
        if Path("wait").read_text():
            os.kill(int(Path("wait").read_text()), signal.SIGTERM)
        time.sleep(300)
"""


@pytest.fixture
def suite(toy):
    toy.makepyfile(test_suite=WAITING)
    return toy


def found(toy):
    report = json.loads((toy.path / "r.json").read_text())
    return report, {state: n for state, n in report["counts"].items() if n}


def goes_on(toy, *options):
    """The same command, when nothing waits any more, has the rest to measure."""
    _, before = found(toy)
    (toy.path / "wait").unlink()
    result = toy.runpytest_subprocess("--harness-report-json=r.json", *options)
    assert result.ret == 0
    report, counts = found(toy)
    assert counts == {
        **({"stored": before["measured"]} if "measured" in before else {}),
        "measured": before["not run"],
    }
    assert not report["interrupted"]
    assert report["not_run"] == []


def test_sigterm_is_ctrl_c(suite):
    (suite.path / "wait").write_text(str(os.getpid()))
    handler = signal.getsignal(signal.SIGTERM)

    result = suite.runpytest_inprocess(
        "--harness-report-json=r.json", GATE, no_reraise_ctrlc=True
    )

    assert result.ret == pytest.ExitCode.INTERRUPTED
    report, counts = found(suite)
    # Two of the first pair, and what of the second was done before.
    assert counts == {"measured": 3, "not run": 25}
    assert report["interrupted"]
    assert {loss["reason"] for loss in report["not_run"]} == {"the run was interrupted"}
    assert sum(len(loss["cells"]) for loss in report["not_run"]) == 25
    result.stdout.fnmatch_lines(
        [
            "interrupted; cells: 3 measured, 25 not run",
            "not run: test_quick*: the run was interrupted",
            "  not judged quick interior n >= 3*: the run was interrupted",
        ]
    )
    assert signal.getsignal(signal.SIGTERM) is handler
    goes_on(suite)


def test_a_project_that_has_nothing_of_the_harness_keeps_its_sigterm(pytester):
    pytester.makepyfile(
        """
        import signal

        def test_one():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_time_limit_ends_the_run_with_a_report_and_a_status_of_its_own(suite):
    (suite.path / "wait").write_text("")

    began = time.monotonic()
    result = suite.runpytest_inprocess(
        "--harness-report-json=r.json",
        "--harness-report-md=s.md",
        "--junitxml=junit.xml",
        "--harness-time-limit=6s",
        GATE,
    )

    assert result.ret == TIME_IS_OVER
    assert time.monotonic() - began < 200  # the test would wait for 300
    _, counts = found(suite)
    # How far it got depends on the machine.
    assert counts.get("measured", 0) + counts["not run"] == 28
    assert counts["not run"] >= 25
    result.stdout.fnmatch_lines(
        [
            "interrupted; cells: *not run",
            "not run: test_*: --harness-time-limit of 6 s is over",
            "  not judged quick*: --harness-time-limit of 6 s is over",
            "*--harness-time-limit of 6 s is over; the same command goes on from here*",
            "*, 1 gate not judged in *",
        ]
    )
    result.stdout.no_fnmatch_line("*FAILED*")
    gate = ElementTree.parse(suite.path / "junit.xml").find(".//testcase")
    assert gate.get("classname") == "gates"
    assert gate.find("skipped").get("message").endswith("limit of 6 s is over")
    assert gate.find("failure") is None
    assert (
        (suite.path / "s.md")
        .read_text()
        .startswith("## Accuracy without labels: 1 gate not judged\n")
    )
    goes_on(suite, "--harness-time-limit=1h")


def test_where_sigterm_is_another_s_the_test_at_hand_is_finished(suite):
    suite.makepyfile(
        test_suite="""
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)

        def test_quick(predictions, record):
            record("quick", 1.0)
        """
    )
    result = suite.runpytest_subprocess(
        "--harness-report-json=r.json", "--harness-time-limit=0.1"
    )

    assert result.ret == TIME_IS_OVER
    assert found(suite)[1] == {"measured": 1, "not run": 13}


def is_gone(group):
    """Whether all processes that one has started are no more, soon."""
    end = time.monotonic() + 100
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


HOW = {"workers": ["-n", "2"], "engine": ["--harness-engine=processes?workers=2"]}


@pytest.mark.slow
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("by", ["limit", "signal"])
def test_workers_are_ended_and_nothing_is_lost(suite, how, by):
    """Every process waits in the end, but for what it had done before."""
    (suite.path / "wait").write_text("")
    options = [*HOW[how], "--harness-report-json=r.json", GATE]
    command = [sys.executable, "-m", "pytest", *options]
    if by == "limit":
        command.append("--harness-time-limit=60s")
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, process_group=0
    )
    if by == "signal":
        end = time.monotonic() + 400
        while len(list(suite.path.glob("measured-*"))) < 2:
            assert time.monotonic() < end
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
    text, _ = process.communicate(timeout=400)

    wanted = TIME_IS_OVER if by == "limit" else pytest.ExitCode.INTERRUPTED
    assert process.returncode == wanted, text
    assert is_gone(process.pid)
    report, counts = found(suite)
    if by == "limit" and not counts:  # on a busy machine nothing was collected as yet
        return
    assert counts.get("measured", 0) + counts["not run"] == 28
    assert by == "limit" or counts["measured"] >= 1
    assert sum(len(loss["cells"]) for loss in report["not_run"]) == counts["not run"]
    goes_on(suite, *HOW[how])


def test_a_command_waits_for_pytest_and_passes_sigterm_on(suite, monkeypatch):
    """Else pytest would go on alone, or be killed before its report."""
    monkeypatch.chdir(suite.path)
    (suite.path / "wait").write_text("")
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    def stop():
        while len(list(suite.path.glob("measured-*"))) < 2:
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop, daemon=True).start()
    assert run_pytest("--harness-report-json=r.json") == pytest.ExitCode.INTERRUPTED
    assert found(suite)[1] == {"measured": 3, "not run": 25}
    after = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    assert after == before


# --- alone ----------------------------------------------------------------------------


@pytest.fixture
def terminable():
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_deadline_interrupts_what_waits(terminable):
    undo = catch_termination()
    lock = threading.Lock()
    lock.acquire()
    with pytest.raises(KeyboardInterrupt), Deadline(0.05, pytest.fail) as deadline:
        lock.acquire()
    assert deadline.passed
    undo()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_deadline_is_heard_where_threads_have_no_signals(terminable, monkeypatch):
    """As on Windows: between two steps of Python."""
    monkeypatch.delattr(signal, "pthread_kill")
    undo = catch_termination()
    with pytest.raises(KeyboardInterrupt), Deadline(0.05, pytest.fail) as deadline:
        all(time.sleep(0.01) is None for _ in range(1000))
    assert deadline.passed
    undo()


def test_a_deadline_leaves_alone_what_is_done(terminable):
    undo = catch_termination()
    with Deadline(0.2, pytest.fail) as deadline, Deadline(None, pytest.fail):
        pass
    time.sleep(0.4)
    assert not deadline.passed
    undo()


def test_a_deadline_counts_from_when_it_was_made(terminable):
    deadline = Deadline(0.01, lambda: asked.append(1))
    asked = []
    time.sleep(0.05)
    with deadline:
        time.sleep(0.2)
    assert asked == [1]  # SIGTERM was nobody's


def test_sigterm_while_a_report_is_made_lets_it_be_finished_once(terminable, capfd):
    undo = catch_termination()
    with finishing("while eating"):
        os.kill(os.getpid(), signal.SIGTERM)
    assert "interrupted while eating, which goes on" in capfd.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    undo()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1.5 s", 1.5), ("45m", 2700), ("5.5H", 19800)],
)
def test_times_are_seconds_minutes_or_hours(text, seconds):
    assert parse(text) == seconds


@pytest.mark.parametrize("text", ["0", "-1", "soon", "5d", "", "nan", "inf", "9000h"])
def test_a_time_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="must be a time such as 90s, 45m"):
        parse(text)


def parse(text):
    (option,) = (one for one in OPTIONS if one.field == "time_limit")
    return option.parse(text)
