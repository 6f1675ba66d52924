"""Garbage: the collector of reference cycles is kept off what a large grid keeps.

Tests, reports and measurements live to the end of the process. Python's collector goes
over all of them whenever their number has grown by a quarter, and several times more as
the process ends, which for a hundred thousand cells takes half as long as running them.
"""

from __future__ import annotations

import gc

LARGE = 1000  # cells; what fewer of them keep is not worth a thought
EVERY = 10_000  # reports


def rest(cells: int) -> None:
    """Leave alone from now on what is there, if the grid is large."""
    if cells >= LARGE:
        gc.freeze()


class Sweeper:
    """Collects what is garbage now and then, and leaves the rest alone."""

    def __init__(self) -> None:
        self._reports = 0

    def count(self) -> None:
        """Note one more report."""
        self._reports += 1
        if self._reports % EVERY == 0:
            gc.collect()
            gc.freeze()
