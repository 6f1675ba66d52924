"""Exact match: whether all labels of an image are predicted, and no others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array

Bits = NDArray[np.bool_]


def bits_of(sigmoid: Array) -> NDArray[np.bool_]:
    """(..., k) which classes are predicted: those of probability strictly above 0.5.

    Examples
    --------
    >>> bits_of(np.array([0.5, 0.51])).tolist()
    [False, True]
    """
    return np.asarray(np.asarray(sigmoid) > 0.5)


def exact_match(predicted: Bits, labels: Bits) -> NDArray[np.bool_]:
    """Return which images are right: those whose classes are all said, and no others.

    Parameters
    ----------
    predicted : (..., n, k) bool array
        Of any networks and epochs.
    labels : (n, k) bool array

    Returns
    -------
    (..., n) bool array

    Raises
    ------
    TypeError, ValueError
        If they are no bool arrays of the same images and classes.

    Examples
    --------
    >>> labels = np.array([[1, 0, 1], [0, 0, 0]], dtype=bool)
    >>> exact_match(labels, labels).tolist()
    [True, True]
    >>> exact_match(~labels, labels).tolist()
    [False, False]
    """
    _check(predicted, labels)
    return np.asarray((predicted == labels).all(axis=-1))


def exact_match_as_published(predicted: Bits, labels: Bits) -> NDArray[np.bool_]:
    r"""Return which images the published code calls right.

    .. math:: \mathbb 1[tp = np] \, tp = \sum_k y_k

    with :math:`tp = \sum_k b_k y_k` and :math:`np = \sum_k b_k`. It differs from
    `exact_match` on images without a positive: those are right whatever is said of
    them. For numbers that are to be held against published ones, and for nothing else.

    Parameters, Returns, Raises
        As `exact_match`.

    References
    ----------
    ccc-frankfurt/intrinsic_ordering_nn_training, ``lib/training_metrics.py``.

    Examples
    --------
    >>> none = np.zeros((1, 3), dtype=bool)
    >>> exact_match_as_published(~none, none).tolist()
    [True]
    """
    _check(predicted, labels)
    hits = (predicted & labels).sum(axis=-1)
    return np.asarray(
        (hits == predicted.sum(axis=-1)) * hits == labels.sum(axis=-1), dtype=np.bool_
    )


def _check(predicted: Bits, labels: Bits) -> None:
    for name, array in (("predicted", predicted), ("labels", labels)):
        if not isinstance(array, np.ndarray) or array.dtype != np.bool_:
            kind = getattr(array, "dtype", type(array).__name__)
            raise TypeError(
                f"`{name}` must be a bool array, a bit a class, got {kind}; "
                "`bits_of` makes it of probabilities"
            )
    if labels.ndim != 2 or not labels.size or predicted.shape[-2:] != labels.shape:
        raise ValueError(
            "`predicted` must have the images and classes of `labels` in its last "
            f"axes, got shapes {predicted.shape} and {labels.shape}"
        )
