"""Other plugins: what of them cannot work with cells says so in a line."""

from __future__ import annotations

import pytest

from harness.errors import HarnessError

_FORKED = (
    "would run each network anew for each test, and lose what is recorded with the "
    "process; leave it out, or use -n 2"
)
_REPEATED = (
    "would measure each cell several times, which gives the same number each time; "
    "leave it out"
)


def check_options(config: pytest.Config) -> None:
    """Refuse options before anything is measured.

    Raises
    ------
    HarnessError
        If there is one that cannot work with cells.
    """
    if config.getoption("forked", False):
        raise HarnessError(f"--forked {_FORKED}")
    if _repeats(config) and config.getoption("count") > 1:
        raise HarnessError(f"--count {config.getoption('count')} {_REPEATED}")


def check_markers(test: pytest.Item) -> None:
    """Refuse markers of a test that is spread over cells.

    Raises
    ------
    pytest.Collector.CollectError
        If there is one that cannot work with cells, and whose plugin is there.
    """
    config, mark = test.config, "@pytest.mark"
    if config.getoption("forked", None) is not None and (
        test.get_closest_marker("forked")
    ):
        raise pytest.Collector.CollectError(f"{test.nodeid}: {mark}.forked {_FORKED}")
    if _repeats(config) and test.get_closest_marker("repeat"):
        raise pytest.Collector.CollectError(f"{test.nodeid}: {mark}.repeat {_REPEATED}")


def _repeats(config: pytest.Config) -> bool:
    """Whether pytest-repeat is there; a --count of others has no scope beside it."""
    return config.getoption("repeat_scope", None) is not None
