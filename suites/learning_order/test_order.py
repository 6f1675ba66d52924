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
from harness.metrics.learning_order.kinds import across_kinds
from harness.metrics.learning_order.split_half import split_half
from harness.metrics.learning_order.subsets import subset_agreements
from harness.metrics.robustness.error_consistency import error_consistencies

from .records import TIMES, check_several, right_on

pytestmark = [
    pytest.mark.harness_on_request(folder=True),
    pytest.mark.parametrize("split", TIMES),
]


class Agreed:
    """A value between two ends, and what is expected of independent networks."""

    def __init__(self, value, low, high, expected):
        self.value, self.low, self.high, self.chance = value, low, high, expected


@pytest.fixture
def right(population, split):
    """(networks, epochs, n) what was right."""
    return right_on(population.records, split)


def test_order_agreement(record, right, population, split):
    """With all that it means nothing without."""
    record("networks", len(right))
    truly = [one.right_truly(split) for one in population.records]
    for epoch, one in enumerate(agreements(right), 1):
        agreed = Agreed(one.value, one.low, one.high, one.expected)
        record("order_agreement", agreed, epoch=epoch)
        record("order_accuracy", one.accuracy, epoch=epoch)
        record("order_spread", one.spread, epoch=epoch)
        record("order_lower_bound", one.lower_bound, epoch=epoch)
        if one.corrected is not None:
            record("order_corrected", one.corrected, epoch=epoch)
        if truly[0] is not None:  # of labels that were drawn at random
            by_true = float(np.mean([some[epoch - 1] for some in truly]))
            record("order_true_accuracy", by_true, epoch=epoch)


def test_subsets(record, right):
    """Agreement of two networks, of three and so on, after the last epoch."""
    check_several(right)
    for one in subset_agreements(right[:, -1]):
        agreed = Agreed(one.value, one.least, one.most, one.expected)
        record("order_subset_agreement", agreed, networks=one.networks)


def test_across_kinds(record, right, population):
    """Pairs of networks of two kinds, beside pairs of one; an axis names them."""
    if len(set(population.kinds)) < 2:
        raise UndefinedMetricError(
            "it compares kinds of networks, and these are of one; name several as one "
            "population: --harness-population 'A+B'"
        )
    for one in across_kinds(right, population.kinds):
        kinds = " and ".join(one.kinds)
        if one.rho is not None:
            record("order_kinds_rho", one.rho, kinds=kinds)
        for name, pairs in (("across", one.across), ("within", one.within)):
            if pairs is not None:
                record(f"order_{name}_kinds", pairs.value, kinds=kinds)
                record(f"order_{name}_kinds_expected", pairs.expected, kinds=kinds)


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
