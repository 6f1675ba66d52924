"""Starting pytest from a command."""

from __future__ import annotations

import subprocess
import sys

BAD_INPUT = 2  # of every command
_USAGE_ERROR = 4  # of pytest


def run_pytest(*arguments: str) -> int:
    """Run pytest as the user would, and return its exit status, 2 for bad input.

    In a process of its own: pytest wants to import its plugins itself.
    """
    status = subprocess.call([sys.executable, "-m", "pytest", *arguments])
    return BAD_INPUT if status == _USAGE_ERROR else status
