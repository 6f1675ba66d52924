"""How far the features have moved from those of the base's test split."""

from harness.metrics.bag_of_prototypes import bag_of_prototypes
from harness.metrics.frechet_distance import frechet_distance
from harness.metrics.mean_discrepancy import mean_shift


def test_frechet_distance(measure):
    measure(frechet_distance)


def test_mean_shift(measure):
    measure(mean_shift)


def test_bag_of_prototypes(measure):
    measure(bag_of_prototypes)
