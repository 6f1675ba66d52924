"""Top-1 less that of a published row, an axis `published`.

Collected where --robustness-published names one.
"""

import pytest

from harness.errors import HarnessError, UndefinedMetricError
from harness.fixtures.cells import run_of
from harness.fixtures.on_request import is_left_out

from .answers import is_right, truth_of
from .published import published_row
from .test_sets import whole_sets

pytestmark = pytest.mark.harness_on_request(folder=True)


def pytest_generate_tests(metafunc):
    """A test for each row, which is part of its key."""
    if is_left_out(metafunc.definition):
        return
    named = metafunc.config.getoption("robustness_published", "")
    names = [one.strip() for one in named.split(",") if one.strip()]
    run = run_of(metafunc.config)
    roots = [run.settings.data_root, run.settings.cache_dir]
    roots = [root for root in roots if root]
    try:
        base = run.base.name
        rows = [(name, published_row(name, roots, base)) for name in names]
    except HarnessError as error:
        raise HarnessError(f"--robustness-published: {error}") from None
    metafunc.parametrize(("published", "_row"), rows, ids=names)


@whole_sets
def test_top1_against_published(
    record,
    model,
    dataset,
    published,
    _row,  # noqa: PT019 - part of the key, and no axis
):
    """By image where answers were published too, and else by counts."""
    if "made" in dataset.traits:
        raise UndefinedMetricError("published numbers are of no images made here")
    truth = truth_of(model, dataset)
    labels = None if truth.single is None else truth.labels()
    right = is_right(model, dataset)
    record("top1_against_published", _row.against(right, labels, dataset.name))
