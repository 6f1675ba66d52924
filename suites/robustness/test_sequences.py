"""Sequences: how often a prediction flips while an image hardly changes."""

import pytest

from harness.errors import UndefinedMetricError
from harness.metrics.robustness.sequences import (
    first_five,
    flips,
    rule_of,
    top_5_distances,
)

from .answers import mean_of

pytestmark = [
    pytest.mark.harness_on_request(folder=True),
    pytest.mark.harness_datasets(having=("perturbation", "frames")),
]


@pytest.fixture
def frames(dataset, predictions):
    """How many frames a sequence has; those of one follow each other."""
    count = int(dataset.traits["frames"])
    if len(predictions) < dataset.size():
        enough = f", or ask for {count} and more" if "made" in dataset.traits else ""
        raise UndefinedMetricError(
            "a sample of images takes frames of one sequence apart; leave out "
            f"--harness-max-images{enough}"
        )
    return count


@pytest.fixture
def rule(dataset):
    """What frames are compared with: of noise the first, else the one before."""
    return rule_of(str(dataset.traits["perturbation"]))


@pytest.mark.harness_aggregate(
    "flip_rate", "mfr", "mean_flip_probability", "mean_made_flip_probability"
)
def test_flip_probability(record, predictions, frames, rule):
    shares = flips(predictions.predicted().reshape(-1, frames), rule=rule)
    record("flip_probability", mean_of(shares, (0.0, 1.0)))


@pytest.mark.harness_aggregate("mean_top_5_distance", "mean_made_top_5_distance")
def test_top_5_distance(record, predictions, frames, rule):
    first = first_five(predictions.logits()).reshape(-1, frames, 5)
    distances = top_5_distances(first, rule=rule)
    record("top_5_distance", mean_of(distances, (0.0, 18.0)))
