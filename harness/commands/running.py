"""Starting pytest from a command."""

import subprocess
import sys


def run_pytest(*arguments: str) -> int:
    """Run pytest as the user would, and return its exit status.

    In a process of its own: pytest wants to import its plugins itself.
    """
    return subprocess.call([sys.executable, "-m", "pytest", *arguments])
