"""Garbage: the collector of reference cycles is kept off what a large grid keeps.

Tests, reports and measurements live to the end of the process. Python's collector goes
over all of them whenever their number has grown by a quarter, and several times more as
the process ends, which for a hundred thousand cells takes half as long as running them.
"""

from __future__ import annotations

import gc

import pytest

LARGE = 1000  # cells; what fewer of them keep is not worth a thought
EVERY = 10_000  # reports
_NAME = "harness-sweeper"


def rest(cells: int) -> None:
    """Leave alone from now on what is there, if the grid is large."""
    if cells >= LARGE:
        gc.freeze()


def sweep(config: pytest.Config, cells: int) -> None:
    """Collect garbage now and then from now on, if the grid is large."""
    if cells >= LARGE and not config.pluginmanager.hasplugin(_NAME):
        config.pluginmanager.register(Sweeper(), _NAME)


class Sweeper:
    """A plugin of large grids: collects garbage now and then, leaves the rest alone."""

    def __init__(self) -> None:
        self._reports = 0

    def pytest_runtest_logreport(self) -> None:
        """Count reports: automatic collection has less to do than before."""
        self._reports += 1
        if self._reports % EVERY == 0:
            gc.collect()
            gc.freeze()
