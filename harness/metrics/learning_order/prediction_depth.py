"""Prediction depth: after which layer neighbours say what the network will say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes
from harness.metrics.numerics.checks import (
    check_features,
    check_peers,
    check_predicted,
)
from harness.metrics.numerics.neighbours import nearest, nearest_others

NEIGHBOURS = 30


def prediction_depth(probed: Classes, predicted: Classes) -> NDArray[np.int64]:
    """Return from which probe on all agree with what the network says in the end.

    Parameters
    ----------
    probed : (l, n) integer array
        What a probe says at the input, after every block, and at the softmax; see
        `neighbour_probe`.
    predicted : (n,) integer array
        The network's own classes. Labels play no part.

    Returns
    -------
    (n,) int64 array
        0 if all probes agree, l if even the last does not: the higher the harder.

    Raises
    ------
    TypeError, ValueError
        If they are no classes of the same images.

    References
    ----------
    Baldock, Maennel and Neyshabur, "Deep Learning Through the Lens of Example
    Difficulty", NeurIPS 2021, arXiv:2106.09647, section 3.

    Examples
    --------
    >>> probes = np.array([[3, 1, 3], [3, 3, 1], [3, 3, 3]])
    >>> prediction_depth(probes, np.array([3, 3, 3])).tolist()
    [0, 1, 2]
    """
    check_predicted(predicted)
    check_peers(probed, len(predicted), name="probed")
    other = probed[::-1] != predicted
    return np.where(other.any(axis=0), len(probed) - other.argmax(axis=0), 0)


def neighbour_probe(
    features: Array,
    source_features: Array,
    source_labels: Classes,
    *,
    k: int = NEIGHBOURS,
    leave_out: bool = False,
) -> NDArray[np.int64]:
    """Return the majority class of each image's nearest neighbours among others.

    Parameters
    ----------
    features : (n, d) array
        Of a layer, or pixels.
    source_features, source_labels : (s, d) array and (s,) integer array
        Those of the training images, and their classes.
    k
        Neighbours by Euclidean distance; of equal majorities the lowest class.
    leave_out
        Whether `features` are the source's own, row for row, so that no image may be
        among its neighbours.

    Returns
    -------
    (n,) int64 array

    Raises
    ------
    TypeError, ValueError
        If the arrays do not fit together, or there are fewer neighbours than `k`.

    Examples
    --------
    >>> source, labels = np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 1])
    >>> neighbour_probe(np.array([[4.0]]), source, labels, k=1).tolist()
    [1]
    >>> neighbour_probe(source, source, labels, k=1, leave_out=True).tolist()
    [0, 0, 0]
    """
    check_features(features)
    check_features(source_features, name="source_features")
    n, s = len(features), len(source_features)
    if source_features.shape[1] != features.shape[1]:
        raise ValueError(
            f"`source_features` must have the {features.shape[1]} columns of "
            f"`features`, got {source_features.shape[1]}; take both from one layer"
        )
    check_predicted(source_labels, s, name="source_labels")
    if leave_out and n != s:
        raise ValueError(
            f"`features` must be the {s} rows of `source_features` where images are "
            f"left out, got {n}"
        )
    if not 1 <= k <= s - leave_out:
        raise ValueError(f"`k` must be from 1 to {s - leave_out}, got {k}")
    found = (
        nearest_others(features, k=k, distance="euclidean")
        if leave_out
        else nearest(features, source_features, k=k, distance="euclidean")
    )
    votes = np.zeros((n, int(source_labels.max()) + 1), dtype=np.int64)
    np.add.at(votes, (np.arange(n)[:, None], source_labels[found.rows]), 1)
    return np.asarray(votes.argmax(axis=1), dtype=np.int64)
