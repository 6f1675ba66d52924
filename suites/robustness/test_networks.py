"""Networks beside each other: whether they are wrong on the same images."""

import pytest

from harness.errors import UndefinedMetricError
from harness.metrics.robustness.error_consistency import (
    error_consistency,
    error_consistency_interval,
)

from .answers import Mean, is_right
from .test_sets import whole_sets

pytestmark = pytest.mark.harness_on_request(folder=True)


@whole_sets
@pytest.mark.usefixtures("peers")
def test_error_consistency(record, model, dataset):
    """Cohen's kappa with every other network: an axis says which, `other`."""
    own = is_right(model, dataset)
    others = model.run.peers(model.name, dataset.name)
    undefined = []
    for name in others:
        theirs = is_right(model, dataset, of=name)
        try:
            value = error_consistency(own, theirs)
        except UndefinedMetricError as error:
            undefined.append(error)
            continue
        kappa = Mean.of(value, error_consistency_interval(own, theirs))
        record("error_consistency", kappa, other=name)
    if len(undefined) == len(others):
        raise undefined[0]
