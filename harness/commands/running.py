"""Starting pytest from a command."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import FrameType

BAD_INPUT = 2  # of every command
_USAGE_ERROR = 4  # of pytest


def run_pytest(*arguments: str) -> int:
    """Run pytest as the user would, and return its exit status, 2 for bad input.

    In a process of its own: pytest wants to import its plugins itself. It hears Ctrl-C
    by itself, SIGTERM is passed on, and its report is waited for.
    """
    process = subprocess.Popen([sys.executable, "-m", "pytest", *arguments])

    def wait(_signal: int, _frame: FrameType | None) -> None:
        pass

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, wait),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
    }
    try:
        status = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if status < 0:  # as a shell says it
        return 128 - status
    return BAD_INPUT if status == _USAGE_ERROR else status
