"""Exits: code under test that ends the process must not look like a run that passed."""

from __future__ import annotations

import os
from collections.abc import Callable

WORD = (
    "\nharness: the code under test called os._exit(0) and ended pytest; tests and "
    "gates are not judged, so the exit status is 1\n"
)


def watch_exits() -> Callable[[], None]:
    """Turn `os._exit(0)` in this process into a status of 1 with a word.

    Processes that it forks, and other statuses, are left alone; so is a library that
    leaves without Python.

    Returns
    -------
    callable
        Undoes it.
    """
    usual, watched = os._exit, os.getpid()
    stderr = os.dup(2)  # while a test runs, pytest puts a file in its place

    def leave(status: int) -> None:
        if status == 0 and os.getpid() == watched:
            os.write(stderr, WORD.encode())
            status = 1
        usual(status)

    def undo() -> None:
        nonlocal watched
        watched = 0  # whoever has put another function around ours may still call it
        os.close(stderr)
        if os._exit is leave:
            os._exit = usual

    os._exit = leave  # type: ignore[assignment]
    return undo
