"""Labels of saved outputs: sets of them, one after another with their counts."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.answers.saved_truth import label_sets
from harness.errors import BadData

PATH = Path("cam.npz")


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=6))
def test_labels_and_counts_are_the_sets_that_were_saved(rows):
    """Of any whole-number type; images without a label among them."""
    flat = np.array([label for row in rows for label in row], dtype=np.uint8)
    counts = np.array([len(row) for row in rows], dtype=np.int16)

    found = label_sets(PATH, flat, counts, len(rows))

    assert found == tuple(map(tuple, rows))


def test_without_counts_columns_are_classes_or_there_is_one_label():
    """A table as it is; else none."""
    table = np.eye(3, dtype=bool)
    assert label_sets(PATH, table, None, 3) is table
    assert label_sets(PATH, np.arange(3), None, 3) is None


@pytest.mark.parametrize(
    ("labels", "counts", "message"),
    [
        ([0, 1], [1, 1, 1], "`labels` in cam.npz must be 3, as .* got 2"),
        ([0, 1], [2, 1, -1], "must be 3 whole numbers"),
        ([0, 1], [1.0, 1.0, 0.0], "must be 3 whole numbers"),
        ([0, 1], [1, 1], "must be 3 whole numbers"),
        ([[0, 1]], [1, 1, 0], "must be whole numbers, those of all images"),
        ([0.0, 1.0], [1, 1, 0], "must be whole numbers, those of all images"),
        ([0, 1], np.array([2**64 - 1, 2, 1], np.uint64), "must be .* got 2"),
    ],
)
def test_what_does_not_fit_is_refused(labels, counts, message):
    """By the array's name; counts that run over in a sum too."""
    with pytest.raises(BadData, match=message):
        label_sets(PATH, np.array(labels), np.array(counts), 3)
