"""What knows the labels' shares, and nothing of any image: levels to compare with."""

import numpy as np

from harness.arrays import Array, Classes


def shares(labels: Classes, k: int) -> Array:
    """(k,) how much of the images each class is: its prevalence.

    Examples
    --------
    >>> shares(np.array([0, 0, 0, 2]), 3).tolist()
    [0.75, 0.0, 0.25]
    """
    return np.asarray(np.bincount(labels, minlength=k) / len(labels))


def prevalence(labels: Classes) -> float:
    """Share of the images that are of the most common class: chance of top-1 accuracy.

    Examples
    --------
    >>> prevalence(np.array([0, 0, 0, 2]))
    0.75
    """
    return float(np.bincount(labels).max() / len(labels))
