"""Images of no known class: how well scores tell them from the clean ones.

They are the positives, and the test split's images of the set's classes (of ImageNet-O
200) the negatives. The mask is put on logits before any softmax.
"""

import warnings

import pytest

from harness.metrics.robustness.detection import Score, detection, outside_scores

from .answers import clean_rows, restricted

pytestmark = [
    pytest.mark.harness_on_request(folder=True),
    pytest.mark.harness_datasets(having="outside"),
]


@pytest.fixture
def logits(model, dataset, predictions, source):
    """Of the images outside, and of those inside."""
    model.run.watch.note()  # that all of them lie outside is what is known of them
    inside = source.predictions.logits()[clean_rows(dataset, source)]
    return restricted(dataset, predictions.logits()), restricted(dataset, inside)


@pytest.mark.parametrize("score", [one.value for one in Score])
def test_detection(record, logits, score):
    """AUPR, AUROC and FPR95, each under every convention that numbers come in."""
    outside, inside = (outside_scores(some, score) for some in logits)
    found = detection(outside, inside)
    if found.note:
        warnings.warn(found.note, stacklevel=1)
    for name, number in found.numbers.items():
        record(name, number)
