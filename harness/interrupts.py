"""Interrupts: what is nearly done is finished, unless somebody insists."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def finishing(what: str) -> Iterator[None]:
    """Let the first interrupt pass with a word; a second one is a KeyboardInterrupt.

    Parameters
    ----------
    what
        The word says that it goes on: "while the report is made".
    """
    usual = signal.getsignal(signal.SIGINT)
    here = threading.current_thread() is threading.main_thread()
    if not here or usual is not signal.default_int_handler:
        yield  # somebody else handles interrupts
        return

    def first(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, usual)
        text = f"harness: interrupted {what}, which goes on; again stops it"
        os.write(2, f"\n{text}\n".encode())  # a stream may be in the middle of a write

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
