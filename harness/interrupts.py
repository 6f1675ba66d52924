"""Interrupts: what is nearly done is finished, unless somebody insists.

SIGTERM, which schedulers and containers send, is taken as Ctrl-C, and so is the end of
the time that a run was given.
"""

from __future__ import annotations

import _thread
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

_BOTH = signal.SIGINT, signal.SIGTERM


def catch_termination() -> Callable[[], None]:
    """Have SIGTERM raise KeyboardInterrupt, where nobody else handles it.

    Returns
    -------
    callable
        Undoes it.
    """
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return lambda: None
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def undo() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    return undo


def _put_back(numbers: Iterable[signal.Signals]) -> None:
    for number in numbers:
        signal.signal(number, signal.default_int_handler)


@contextmanager
def unheard() -> Iterator[None]:
    """Processes that are spawned within hear no Ctrl-C, until they `ignore_interrupts`.

    Else one that is still importing would end in the middle of that, with a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    # It is spawned at first use, and would have this thread hear Ctrl-C again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that has started this one, and ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


class Deadline:
    """A context that is interrupted, as by SIGTERM, when its time is over.

    Parameters
    ----------
    seconds
        From now, whenever it is entered; None for no end.
    otherwise
        Called in its place where SIGTERM is another's: asks for an end.
    """

    def __init__(self, seconds: float | None, otherwise: Callable[[], None]) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self._otherwise = otherwise
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        #: Whether the time was over before it was left.
        self.passed = False

    def __enter__(self) -> Self:
        if self._end is not None:
            left = max(0.0, self._end - time.monotonic())
            self._timer = threading.Timer(left, self._pass)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None

    def _pass(self) -> None:
        with self._lock:
            if self._timer is None:  # it was left at this moment
                return
            self.passed = True
            if signal.getsignal(signal.SIGTERM) is signal.default_int_handler:
                _terminate_main()
            else:
                self._otherwise()


def _terminate_main() -> None:
    """Have the main thread hear SIGTERM, which may be waiting for a lock."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    else:  # Windows, where `os.kill` would end the process: heard once it is free
        _thread.interrupt_main(signal.SIGTERM)


@contextmanager
def finishing(what: str) -> Iterator[None]:
    """Let the first interrupt pass with a word; a second one is a KeyboardInterrupt.

    Parameters
    ----------
    what
        The word says that it goes on: "while the report is made".
    """
    here = threading.current_thread() is threading.main_thread()
    ours = [s for s in _BOTH if signal.getsignal(s) is signal.default_int_handler]
    if not here or not ours:
        yield  # somebody else handles interrupts
        return

    def first(_signal: int, _frame: FrameType | None) -> None:
        _put_back(ours)
        text = f"harness: interrupted {what}, which goes on; again stops it"
        os.write(2, f"\n{text}\n".encode())  # a stream may be in the middle of a write

    for number in ours:
        signal.signal(number, first)
    try:
        yield
    finally:
        _put_back(ours)
