"""Interior meta-sets: three transformations of a pool a set, drawn per image.

The recipe of Deng and Zheng, "Are Labels Always Necessary for Classifier Accuracy
Evaluation?", CVPR 2021, arXiv:2007.02915. Their choice of three was not seeded, so
their sets cannot be made again; these can.
"""

from __future__ import annotations

import numpy as np

from harness.datasets.dataset import Transformation
from harness.datasets.made.pools import DEFAULT_POOL

TAKEN = 3  # of the pool, for each set


def metaset(
    seed: int, index: int, pool: tuple[Transformation, ...] = DEFAULT_POOL
) -> tuple[Transformation, ...]:
    """The transformations of set `index`: three different ones, in a random order.

    A function of seed, index and pool alone: the same set however many are made.
    """
    rng = np.random.default_rng(np.random.SeedSequence((seed, index)))
    return tuple(pool[i] for i in rng.permutation(len(pool))[:TAKEN])
