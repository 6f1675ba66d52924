"""Arrays: their names in signatures, and what makes probabilities of logits."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.activation import Activation, checked_activation

Array: TypeAlias = NDArray[np.float64]
Probs: TypeAlias = NDArray[np.float64]
Logits: TypeAlias = NDArray[np.float64]
Classes: TypeAlias = NDArray[np.int64]


def softmax(logits: Logits) -> Probs:
    """Softmax over the last axis in float64, without overflow."""
    return np.exp(log_softmax(logits))


def sigmoid(logits: Logits) -> Array:
    """A probability for each logit by itself in float64, without overflow."""
    negative = -np.asarray(logits, dtype=np.float64)
    return np.asarray(np.exp(-np.logaddexp(0.0, negative)))


def confidence(logits: Logits, activation: str = Activation.SOFTMAX) -> Array:
    """(n,) the probability of each predicted class, in float64.

    Raises
    ------
    ValueError
        If there is no such activation.

    Examples
    --------
    >>> logits = np.log([[8.0, 1.0, 1.0], [1.0, 1.0, 2.0]])
    >>> confidence(logits).round(6).tolist()  # 8/10, 2/4
    [0.8, 0.5]
    >>> confidence(logits, "sigmoid").round(6).tolist()  # 8/9, 2/3
    [0.888889, 0.666667]
    """
    if checked_activation(activation) is Activation.SIGMOID:
        return sigmoid(np.max(logits, axis=1))
    return np.asarray(softmax(logits).max(axis=1))


def log_softmax(logits: Logits) -> Array:
    """Log of the softmax over the last axis in float64, without overflow."""
    logits = np.asarray(logits, dtype=np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def log_sum_exp(values: Array) -> Array:
    """Log of the sum of exponentials over the last axis in float64, without overflow.

    -inf counts as an absent summand; the sum of absent ones alone is -inf.
    """
    values = np.asarray(values, dtype=np.float64)
    top = values.max(axis=-1, keepdims=True)
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(values - shift).sum(axis=-1))
    return np.asarray(total + shift[..., 0])
