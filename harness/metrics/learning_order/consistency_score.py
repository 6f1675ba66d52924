"""Consistency score: how often an image is got right by who was not trained on it."""

from __future__ import annotations

import numpy as np

from harness.arrays import Array
from harness.metrics.numerics.cubes import Right, check_right


def consistency_score(right: Right, trained_on: Right) -> Array:
    r"""Return the share of runs that are right on an image, of those that left it out.

    .. math:: C_i = \frac{\sum_r r_{ri} (1 - t_{ri})}{\sum_r (1 - t_{ri})}

    The published scalar is the mean of this over shares of the data that runs are
    trained on, 0.1 to 0.9.

    Parameters
    ----------
    right : (r, n) bool array
        Whether each run is right on each image.
    trained_on : (r, n) bool array
        Whether the image was in the run's training set.

    Returns
    -------
    (n,) array
        In [0, 1], the higher the easier; nan of an image that was in every training
        set.

    Raises
    ------
    TypeError, ValueError
        If they are no bool arrays of one shape.

    References
    ----------
    Jiang, Zhang, Talwar and Mozer, "Characterizing Structural Regularities of Labeled
    Data in Overparameterized Models", ICML 2021, arXiv:2002.03206.

    Examples
    --------
    >>> right = np.array([[1, 1], [0, 1]], dtype=bool)
    >>> consistency_score(right, np.array([[0, 1], [0, 1]], dtype=bool)).tolist()
    [0.5, nan]
    """
    check_right(right, 2)
    check_right(trained_on, 2, name="trained_on")
    if right.shape != trained_on.shape:
        raise ValueError(
            "`trained_on` must be of the runs and images of `right`, got shapes "
            f"{trained_on.shape} and {right.shape}"
        )
    out = ~trained_on
    left = out.sum(axis=0)
    hits = (right & out).sum(axis=0)
    return np.where(left > 0, hits / np.maximum(left, 1), np.nan)
