"""The only place that decides what a valid array is.

Axis letters: n images, k classes, d features, v views, s source images, m models.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Probs: TypeAlias = NDArray[np.float64]
Logits: TypeAlias = NDArray[np.float64]
Classes: TypeAlias = NDArray[np.int64]

# Rows of a float32 softmax over 1000 classes sum to 1 within about 1e-6.
ROW_SUM_TOLERANCE = 1e-4


def check_probs(probs: Probs, *, name: str = "probs") -> None:
    """Refuse anything but rows (last axis) that are distributions, at least one."""
    _check_matrix(probs, name)
    if (low := probs.min()) < 0:
        raise ValueError(
            f"`{name}` must not be negative, got {low:g}; pass softmax outputs"
        )
    sums = probs.sum(axis=-1)
    worst = np.unravel_index(np.argmax(np.abs(sums - 1)), sums.shape)
    if abs(sums[worst] - 1) > ROW_SUM_TOLERANCE:
        row = ", ".join(str(int(i)) for i in worst)
        raise ValueError(
            f"rows of `{name}` must sum to 1, but row {row} sums to {sums[worst]:g}; "
            "pass softmax outputs, not logits"
        )


def check_logits(logits: Logits, *, name: str = "logits") -> None:
    """Refuse anything but a finite (n, k) matrix with n >= 1 and k >= 2."""
    _check_matrix(logits, name)


def check_features(features: Array, *, name: str = "features") -> None:
    """Refuse anything but a finite (n, d) matrix with n >= 1 and d >= 1."""
    _check_matrix(features, name, columns=1)


def check_labels(labels: Classes, n: int, k: int, *, name: str = "labels") -> None:
    """Refuse anything but n whole numbers in 0..k-1."""
    if labels.ndim != 1 or len(labels) != n:
        raise ValueError(f"`{name}` must have shape ({n},), got {labels.shape}")
    if not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"`{name}` must be whole numbers, got dtype {labels.dtype}")
    if n and not 0 <= labels.min() <= labels.max() < k:
        bad = labels[(labels < 0) | (labels >= k)][0]
        raise ValueError(f"`{name}` must be in 0..{k - 1}, got {bad}")


def softmax(logits: Logits) -> Probs:
    """Softmax over the last axis in float64, without overflow."""
    return np.exp(log_softmax(logits))


def log_softmax(logits: Logits) -> Array:
    """Log of the softmax over the last axis in float64, without overflow."""
    logits = np.asarray(logits, dtype=np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _check_matrix(array: Any, name: str, columns: int = 2) -> None:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"`{name}` must be a numpy array, got {type(array).__name__}")
    if array.ndim < 2 or array.size == 0 or array.shape[-1] < columns:
        raise ValueError(
            f"`{name}` must have at least one row and {columns} columns, "
            f"got shape {array.shape}"
        )
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))[0]
        where = ", ".join(str(int(i)) for i in bad)
        raise ValueError(
            f"`{name}` must be finite, got {array[tuple(bad)]} at [{where}]"
        )
