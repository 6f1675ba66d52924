"""Progress: how far long work is, how fast it goes and how long it will take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

Tell = Callable[[str], None]
PATIENCE = 10.0  # seconds


def silent(text: str) -> None:
    """Tell nobody."""


class Progress:
    """Tells every `PATIENCE` seconds how far something is.

    Parameters
    ----------
    what
        Is done.
    total
        Steps in all: images.
    tell
        Shows one line.
    done
        Steps that were done before, in no time.
    """

    def __init__(self, what: str, total: int, tell: Tell, *, done: int = 0) -> None:
        self._what = what
        self._total = total
        self._tell = tell
        self._before = self._done = done
        self._began = self._said = time.monotonic()

    def step(self, steps: int = 1) -> None:
        """So many more are done."""
        self._done += steps
        now = time.monotonic()
        if now - self._said > PATIENCE and self._done < self._total:
            rate = (self._done - self._before) / max(now - self._began, 1e-9)
            left = (self._total - self._done) / rate
            self._tell(
                f"{self._what}: {self._done:,} of {self._total:,}, "
                f"{_fast(rate)}, {_for_people(left)} left"
            )
            self._said = now


class Watch:
    """Tells every `PATIENCE` seconds which of many steps takes that long.

    What a step tells of itself meanwhile goes before.

    Parameters
    ----------
    tell
        Shows one line; called by a thread.
    total
        Steps in all; 0 where that is not known.
    """

    def __init__(self, tell: Tell, total: int) -> None:
        self._tell = tell
        self._total = total
        self._done = -1
        self._step = ""
        self._first = self._began = self._said = time.monotonic()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def begin(self, step: str) -> None:
        """Another step begins, and the one before is done."""
        with self._lock:
            self._step, self._began = step, time.monotonic()
            self._done += 1
            if self._done == 0:
                self._first = self._began
                self._thread.start()

    def heard(self) -> None:
        """The step has told something of itself."""
        self._said = time.monotonic()

    def end(self) -> None:
        """All steps are done, or none will follow; nothing is told any more."""
        self._over.set()
        with self._lock:
            self._step = ""

    def _look(self) -> None:
        while not self._over.wait(PATIENCE / 10):
            with self._lock:
                now = time.monotonic()
                if self._step and now - max(self._began, self._said) > PATIENCE:
                    self._said = now
                    self._tell(self._line(now))

    def _line(self, now: float) -> str:
        line = f"{self._step}: {_for_people(now - self._began)} so far"
        if not self._total:
            return line
        line += f"; {self._done:,} of {self._total:,} cells done"
        if self._done:
            left = (self._began - self._first) / self._done * (self._total - self._done)
            line += f", about {_for_people(left)} left"
        return line


def _fast(rate: float) -> str:
    """Steps of a second, or of a minute where those are few."""
    return f"{rate:,.0f} a second" if rate >= 2 else f"{60 * rate:.0f} a minute"


def _for_people(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
