"""Accuracy: the ground truth that every metric is held against."""

import pytest


def test_accuracy(accuracy, record):
    if accuracy is None:
        pytest.skip("the dataset has no labels")
    record("accuracy", accuracy)
