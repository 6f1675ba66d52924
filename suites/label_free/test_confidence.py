"""How sure the model is of each image."""

from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.entropy import entropy


def test_average_confidence(measure):
    measure(average_confidence)


def test_entropy(measure):
    measure(entropy)
