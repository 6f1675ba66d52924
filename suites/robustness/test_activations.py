"""Softmax against sigmoid: confidences of the same logits, made either way.

Answers are the same, and so is top-1. How sure they are is not: a softmax goes by how
far the largest logit lies above the others, a sigmoid by that logit alone. A mask
raises the confidences of the one and leaves those of the other as they are. Which of
the two a network was trained with is a fact of the network; other tests go by that.
"""

import numpy as np
import pytest

from harness.activation import Activation
from harness.arrays import confidence
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.diagnostics import tied_images
from harness.metrics.outcomes.aurra import aurra
from harness.metrics.outcomes.calibration_error import calibration_error_equal_width
from harness.metrics.outcomes.rms_calibration import rms_calibration_error

from .answers import clean_rows, mean_of, restricted, share_of
from .found import TRAINED_WITH
from .test_sets import whole_sets

pytestmark = [
    pytest.mark.harness_on_request(folder=True),
    pytest.mark.parametrize("activation", [one.value for one in Activation]),
]


@pytest.fixture
def logits(model, dataset, predictions):
    """(n, answers) logits, of which either activation makes probabilities."""
    if not either_way(dataset):
        raise UndefinedMetricError(
            "answers of several classes each are told by the mean of probabilities, "
            "and these are a softmax's"
        )
    return restricted(dataset, predictions.logits())


def either_way(dataset):
    """Whether each answer is one class."""
    return dataset.classes is None or dataset.classes.one_each


@whole_sets
def test_confidence(record, measure, model, logits, activation):
    """How sure, how well calibrated, and how many are tied in single precision."""
    own = model.run.activation(model.name)
    mean = mean_of(confidence(logits, activation), (0.0, 1.0))
    record("mean_confidence", mean.having({TRAINED_WITH: own.value}))
    record("tied_confidences", share_of(tied_images(logits, activation=activation)))
    for outcome in (calibration_error_equal_width, rms_calibration_error, aurra):
        measure(outcome, activation=activation)


@pytest.mark.harness_datasets(having="outside")
def test_ties_outside(record, dataset, logits, source, activation):
    """Of the images outside and those inside together, which scores have to part."""
    inside = source.predictions.logits()[clean_rows(dataset, source)]
    both = np.concatenate([logits, restricted(dataset, inside)])
    record("tied_confidences", share_of(tied_images(both, activation=activation)))
