"""Diagnostics of assumptions: closed forms, and that they see what they should."""

import numpy as np
import pytest

from harness.arrays import confidence
from harness.metrics.numerics.diagnostics import (
    marginal_gap,
    saturated_among,
)


def test_marginal_gap_is_zero_for_equal_shares_of_other_sizes():
    assert marginal_gap(np.array([0, 1, 2]), np.tile([2, 0, 1], 5)) == 0


def test_marginal_gap_is_symmetric_and_total():
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 4, 30), rng.integers(2, 6, 50)
    values = np.arange(6)
    shares = [[(x == j).mean() for j in values] for x in (one, other)]
    expected = np.maximum(np.subtract(*shares), 0).sum()
    assert marginal_gap(one, other) == pytest.approx(expected)
    assert marginal_gap(other, one) == pytest.approx(expected)


def test_saturation_begins_where_single_precision_ends():
    """1 - p below half a unit in the last place of 1: gaps above log(2^25)."""
    edge = 25 * np.log(2)
    gaps = np.array([edge - 0.1, edge + 0.1])
    logits = np.stack([gaps, np.zeros(2)], axis=1)
    assert saturated_among(confidence(logits[:1])) == 0
    assert saturated_among(confidence(logits[1:])) == 1
    assert saturated_among(confidence(logits)) == 0.5
