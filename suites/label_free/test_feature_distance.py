"""How far the features have moved from those of the base's test split."""

from harness.metrics.label_free.bag_of_prototypes import bag_of_prototypes
from harness.metrics.label_free.frechet_distance import frechet_distance
from harness.metrics.label_free.mean_discrepancy import (
    maximum_mean_discrepancy,
    mean_shift,
)
from harness.metrics.label_free.projection_norm import projection_norm


def test_frechet_distance(measure):
    measure(frechet_distance)


def test_mean_shift(measure):
    measure(mean_shift)


def test_bag_of_prototypes(measure):
    measure(bag_of_prototypes)


def test_maximum_mean_discrepancy(measure):
    measure(maximum_mean_discrepancy, images=1000)  # its cost grows with the square


def test_projection_norm(measure):
    measure(projection_norm, images=1000)  # it trains a head in every cell
