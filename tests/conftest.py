"""Settings and fixtures of the project's own tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("dev", deadline=None, max_examples=50)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first, so that no worker is left alone with them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("real") is None)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Where the real data are; skips without them."""
    return _root("HARNESS_DATA_ROOT")


@pytest.fixture(scope="session")
def weights_root() -> Path:
    """Where the real weights are; skips without them."""
    return _root("HARNESS_WEIGHTS_ROOT")


def _root(variable: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set, so there is nothing real to test with")
    return Path(value)
