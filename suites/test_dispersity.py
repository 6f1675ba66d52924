"""Metrics of the prediction matrix as a whole."""

from harness.metrics.nuclear_norm import nuclear_norm


def test_nuclear_norm(predictions, record):
    record(nuclear_norm, predictions.probs())
