"""An interrupt while a report is made costs no file, and a second one no traceback."""

import os
import signal
import subprocess
import sys

import pytest

from harness.interrupts import finishing, unheard
from harness.report import summary


@pytest.fixture(autouse=True)
def interruptible():
    """Jobs in the background are started with Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_interrupt_passes_and_the_second_does_not(capfd):
    with finishing("while eating"):
        os.kill(os.getpid(), signal.SIGINT)
    assert "interrupted while eating, which goes on" in capfd.readouterr().err

    with pytest.raises(KeyboardInterrupt):
        twice()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def twice():
    with finishing("while eating"):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("times", "status"), [(1, pytest.ExitCode.OK), (2, pytest.ExitCode.INTERRUPTED)]
)
def test_an_interrupt_while_the_report_is_made_has_a_clean_end(
    toy, monkeypatch, times, status
):
    """Ctrl-C as often as it says, while the report is worked out."""
    inner = summary.summarise

    def summarise(*given, **named):
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
        return inner(*given, **named)

    monkeypatch.setattr(summary, "summarise", summarise)

    result = toy.runpytest_inprocess("--harness-report-json=r.json", "-q")

    assert result.ret == status
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert (toy.path / "r.json").exists() is (times == 1)
    assert ("stopped before all reports" in result.stdout.str()) is (times == 2)


INTERRUPTED_AT_ITS_START = """
import os, signal
os.kill(os.getpid(), signal.SIGINT)
from harness.interrupts import ignore_interrupts
ignore_interrupts()
os.kill(os.getpid(), signal.SIGINT)
print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""


def test_a_worker_that_is_still_importing_hears_no_ctrl_c():
    """It wrote a traceback for each worker beside the line that tells of the end."""
    with unheard():
        worker = subprocess.run(
            [sys.executable, "-c", INTERRUPTED_AT_ITS_START],
            capture_output=True,
            text=True,
        )
    assert (worker.returncode, worker.stderr) == (0, "")
    assert worker.stdout == "set()\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
