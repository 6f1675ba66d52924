"""Arrays: their names in signatures, and the softmax."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Probs: TypeAlias = NDArray[np.float64]
Logits: TypeAlias = NDArray[np.float64]
Classes: TypeAlias = NDArray[np.int64]


def softmax(logits: Logits) -> Probs:
    """Softmax over the last axis in float64, without overflow."""
    return np.exp(log_softmax(logits))


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
