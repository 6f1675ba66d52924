"""What networks agree on after every epoch, and how the order of images is spread.

The split is an axis, `split`, and so is the epoch, counted from 1.
"""

import numpy as np
import pytest

from harness.errors import UndefinedMetricError
from harness.metrics.learning_order.agreement import agreements
from harness.metrics.learning_order.first_learned import first_learned
from harness.metrics.learning_order.forgetting import (
    forgetting_events,
    is_unforgettable,
)
from harness.metrics.learning_order.split_half import split_half
from harness.metrics.robustness.error_consistency import error_consistencies

from .records import SPLITS, check_several, right_on

pytestmark = [
    pytest.mark.harness_on_request(folder=True),
    pytest.mark.parametrize("split", SPLITS),
]


class Agreed:
    """Agreement with its interval, and independence as its chance."""

    def __init__(self, one):
        self.value, self.low, self.high = one.value, one.low, one.high
        self.chance = one.expected


@pytest.fixture
def right(population, split):
    """(networks, epochs, n) what was right."""
    return right_on(population.records, split)


def test_order_agreement(record, right):
    """With all that it means nothing without."""
    record("networks", len(right))
    for epoch, one in enumerate(agreements(right), 1):
        record("order_agreement", Agreed(one), epoch=epoch)
        record("order_accuracy", one.accuracy, epoch=epoch)
        record("order_spread", one.spread, epoch=epoch)
        record("order_lower_bound", one.lower_bound, epoch=epoch)
        if one.corrected is not None:
            record("order_corrected", one.corrected, epoch=epoch)


def test_split_half(record, right):
    """Whether two halves find the same images hard, over all epochs."""
    check_several(right)
    found = split_half(right)
    record("split_half_r", found.r)
    record("split_half_rho", found.rho)
    record("split_half_reliability", found.reliability)


def test_order_consistency(record, right):
    """Mean kappa over pairs of networks, after each epoch that it is defined of."""
    check_several(right)
    pairs = np.triu_indices(len(right), k=1)
    undefined = []
    for epoch in range(right.shape[1]):
        try:
            kappa = error_consistencies(right[:, epoch])[pairs]
        except UndefinedMetricError as error:
            undefined.append(error)
            continue
        record("order_consistency", float(kappa.mean()), epoch=epoch + 1)
    if len(undefined) == right.shape[1]:
        raise undefined[0]


def test_learned(record, right):
    """How many images are learned, when, and how often they are forgotten."""
    first = first_learned(right)
    learned = ~np.isnan(first)
    record("never_learned", float(1 - learned.mean()))
    record("unforgettable", float(is_unforgettable(right).mean()))
    record("forgetting_events", float(forgetting_events(right).mean()))
    if learned.any():
        record("first_learned", float(first[learned].mean()))
