"""Accuracy: the ground truth that every metric is held against."""

import pytest


def test_accuracy(accuracy, predictions, record):
    predictions.predicted()  # of an encoder there are none, as the reason then says
    if accuracy is None:
        pytest.skip("the dataset has no labels")
    record("accuracy", accuracy)
