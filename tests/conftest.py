"""Settings and fixtures of the project's own tests."""

import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORKERS = re.compile(r"workers?\d?\b|_workers?_|\[.*-n2")  # each starts two Pythons
OURS = {ROOT / "tests", ROOT / "harness"}  # doctests in the latter

# pytest reads this file for `harness predict` in a clone, too, which comes before what
# only tests need is installed.
if find_spec("hypothesis"):
    from hypothesis import settings

    settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
    settings.register_profile("dev", deadline=None, max_examples=50)
    settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings are errors, and the longest come first; what has workers is slow.

    Not by the ini file, which is read by `pytest suites` in a clone too, where warnings
    of a user's network are warnings. The longest, so that no worker is left alone with
    them at the end.
    """
    for item in items:
        if not OURS.isdisjoint(item.path.parents):
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
            if WORKERS.search(item.name):
                item.add_marker("slow")
    items.sort(key=_haste)


def _haste(item: pytest.Item) -> int:
    if item.get_closest_marker("real"):
        return 0
    return 1 if item.get_closest_marker("slow") else 2


@pytest.fixture(scope="session", autouse=True)
def loaded_once() -> None:
    """Libraries that nested runs cannot import the same parts of twice."""
    import scipy.sparse  # noqa: F401

    if find_spec("matplotlib"):
        import matplotlib.backends.backend_agg
        import matplotlib.backends.backend_pdf
        import matplotlib.backends.backend_svg
        import matplotlib.figure  # noqa: F401


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
