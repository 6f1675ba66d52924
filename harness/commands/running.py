"""Starting pytest from a command."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import FrameType

BAD_INPUT = 2  # of every command
INTERRUPTED = 128 + signal.SIGINT
NOBODY_READS = 128 + 13  # SIGPIPE, which Windows lacks
_USAGE_ERROR = 4  # of pytest

# As `python -m pytest`, but for its end where pytest itself hears no Ctrl-C yet, or no
# more, and where nobody reads on. It imports nothing of ours: pytest wants to.
_PYTEST = f"""
import os, signal, sys

sys.argv[0] = "pytest"
sys.path[:] = [place or os.getcwd() for place in sys.path]
try:
    import pytest

    status = int(pytest.main())
    sys.stdout.flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing left to tell
except KeyboardInterrupt:
    status = {INTERRUPTED}
except BrokenPipeError:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python would try again at its end
    status = {NOBODY_READS}
sys.exit(status)
"""


def run_pytest(*arguments: str) -> int:
    """Run pytest as the user would, and return its exit status, 2 for bad input.

    In a process of its own: pytest wants to import its plugins itself. It hears Ctrl-C
    by itself, SIGTERM is passed on, and its report is waited for.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C ended it before it could say so.
    BrokenPipeError
        If nobody reads on what it writes.
    """

    def wait(_signal: int, _frame: FrameType | None) -> None:
        pass

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {signal.SIGINT: signal.signal(signal.SIGINT, wait)}
    try:
        process = subprocess.Popen([sys.executable, "-c", _PYTEST, *arguments])
        before[signal.SIGTERM] = signal.signal(signal.SIGTERM, pass_on)
        status = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if status < 0:  # as a shell says it
        status = 128 - status
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    if status == NOBODY_READS:
        raise BrokenPipeError
    return BAD_INPUT if status == _USAGE_ERROR else status
