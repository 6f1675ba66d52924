"""Metrics of how sure the model is of each image."""

from harness.metrics.average_confidence import average_confidence
from harness.metrics.entropy import entropy


def test_average_confidence(predictions, record):
    record(average_confidence, predictions.probs())


def test_entropy(predictions, record):
    record(entropy, predictions.probs())
