"""Samples are spread over the whole, and the same for whoever asks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.sampling import sampled_rows


@given(n=st.integers(1, 300), limit=st.integers(1, 400))
def test_rows_are_in_order_and_none_comes_twice(n, limit):
    """One of each of as many stretches as are asked for."""
    rows = sampled_rows(n, limit)

    assert len(rows) == min(n, limit)
    assert (np.diff(rows) > 0).all()
    assert 0 <= rows[0] <= rows[-1] < n
    if limit < n:
        edges = np.arange(limit + 1) * n // limit
        assert ((edges[:-1] <= rows) & (rows < edges[1:])).all()


@pytest.mark.parametrize(
    "labels",
    [np.repeat(np.arange(10), 100), np.tile(np.arange(10), 100)],
    ids=["sorted", "taking turns"],
)
def test_classes_are_as_frequent_as_in_the_whole(labels):
    """Of images sorted by class, and of classes that take turns at the same step."""
    counts = np.bincount(labels[sampled_rows(1000, 100)], minlength=10)

    assert counts.min() >= 4
    assert counts.max() <= 18


def test_it_is_always_the_same_sample():
    assert sampled_rows(10, 3).tolist() == sampled_rows(10, 3).tolist()
