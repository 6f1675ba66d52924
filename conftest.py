"""Plugins and settings of the project's own tests, and of nobody else's."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

HERE = Path(__file__).parent
OURS = {HERE / "tests", HERE / "harness"}  # doctests in the latter


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings are errors in our own tests; those of a user's network are not.

    `pytest suites` in a clone reads the same ini file, which therefore says nothing.
    """
    for item in items:
        if not OURS.isdisjoint(item.path.parents):
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
