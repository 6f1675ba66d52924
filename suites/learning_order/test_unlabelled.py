"""What a population says about images without labels."""

from itertools import combinations

import numpy as np
import pytest

from .records import check_several

pytestmark = pytest.mark.harness_on_request(folder=True)


def test_population_agreement(record, population, dataset):
    """Share of images that two of the networks say the same of, mean over pairs.

    It needs no label, and is fitted against the mean accuracy of the networks.
    """
    said = [one.predicted() for one in population.predictions(dataset)]
    check_several(said)
    same = [float((a == b).mean()) for a, b in combinations(said, 2)]
    record("population_agreement", float(np.mean(same)))
