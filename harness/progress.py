"""Progress: how far long work is, how fast it goes and how long it will take."""

from __future__ import annotations

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


def _fast(rate: float) -> str:
    """Steps of a second, or of a minute where those are few."""
    return f"{rate:,.0f} a second" if rate >= 2 else f"{60 * rate:.0f} a minute"


def _for_people(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
