"""How sure a network is, on each set by itself, and of which wrong answers most.

The mask is put on logits before the softmax; the sigmoids of a network that was trained
with these stay as they are. Of images of no known class every answer
is a wrong one.
"""

import pytest

from harness.arrays import confidence

from .answers import restricted, truth_of
from .sureness import Sureness

pytestmark = [
    pytest.mark.harness_on_request(folder=True),
    pytest.mark.harness_datasets(lacking=("pool", "perturbation", "corruption")),
]


def test_overconfidence(record, model, dataset, predictions):
    """Mean confidence less accuracy: above 0 too sure, below 0 not sure enough."""
    logits = restricted(dataset, predictions.logits())
    said = logits.argmax(axis=1)
    confidences = confidence(logits, model.run.activation(model.name, dataset.classes))
    if "outside" in dataset.traits:
        model.run.watch.note()  # that all of them lie outside is what is known of them
        right, counted = said < 0, said >= 0
    else:
        truth = truth_of(model, dataset)
        right, counted = truth.right_answers(said), truth.counted
    record("overconfidence", Sureness.of(confidences, said, right, counted))
