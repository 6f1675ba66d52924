"""The only place that decides what a valid array is.

Axis letters: n images, k classes, d features, v views, s source images, m models.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arrays import (
    NO_NUMBERS,
    ROW_SUM_TOLERANCE,
    Array,
    Classes,
    Logits,
    Probs,
    check_unmasked,
    probability_total,
)
from harness.renamed import moved


def check_probs(probs: Probs, *, name: str = "probs") -> None:
    """Refuse anything but an (n, k) matrix whose rows are distributions."""
    _check_array(probs, name)
    _check_rows(probs, name)


def check_view_probs(
    view_probs: Probs,
    n: int | None = None,
    k: int | None = None,
    *,
    name: str = "view_probs",
) -> None:
    """Refuse anything but a (v, n, k) stack of such matrices, v >= 1; None is any."""
    _check_array(view_probs, name, ndim=3)
    _check_shape(view_probs, (None, n, k), name)
    _check_rows(view_probs, name)


def _check_rows(probs: Probs, name: str) -> None:
    if (low := probs.min()) < 0:
        raise ValueError(
            f"`{name}` must not be negative, got {low:g}; pass softmax outputs"
        )
    sums = probs.sum(axis=-1)
    worst = np.unravel_index(np.argmax(np.abs(sums - 1)), sums.shape)
    if (gap := abs(float(sums[worst]) - 1)) > ROW_SUM_TOLERANCE:
        row = ", ".join(str(int(i)) for i in worst)
        halved = "compute the softmax in float32: these are as if rounded to 16 bits"
        raise ValueError(
            f"rows of `{name}` must sum to 1, but row {row} sums to {sums[worst]:g}; "
            + (halved if gap < _ROUNDED else "pass softmax outputs, not logits")
        )


_ROUNDED = 0.01  # by how much bfloat16 has sums of a softmax wrong, and more


def check_logits(logits: Logits, *, name: str = "logits") -> None:
    """Refuse anything but finite (n, k) logits with n >= 1 and k >= 2.

    Probabilities in their place would give a number that looks like any other.
    """
    _check_array(logits, name)
    _check_no_probabilities(logits, name)


def check_scores(scores: Array, *, name: str = "scores") -> None:
    """Refuse anything but a finite (n, k) matrix: where only the largest counts."""
    _check_array(scores, name)


def check_head_logits(head_logits: Logits, *, name: str = "head_logits") -> None:
    """Refuse anything but finite (t, n, t) logits: as many classes as views.

    Probabilities do as well: only the largest of a row counts.
    """
    _check_array(head_logits, name, ndim=3)
    t = head_logits.shape[2]
    _check_shape(head_logits, (t, None, t), name)


def _check_no_probabilities(logits: Logits, name: str) -> None:
    if whole := probability_total(logits):
        raise ValueError(
            f"`{name}` must be logits, got probabilities: no value is negative and "
            f"every row sums to {whole}; pass what enters the softmax, or the "
            "logarithms of these"
        )


def check_features(features: Array, *, name: str = "features") -> None:
    """Refuse anything but a finite (n, d) matrix with n >= 1 and d >= 1."""
    _check_array(features, name, columns=1)


def check_copy_features(copy_features: Array, *, name: str = "copy_features") -> None:
    """Refuse anything but a finite (v, n, d) stack, each axis of length 1 at least."""
    _check_array(copy_features, name, ndim=3, columns=1)


def check_count(name: str, count: int | None) -> None:
    """Refuse a number of images, or of what else, below 1; None is no limit."""
    if count is not None and count < 1:
        raise ValueError(f"`{name}` must be at least 1 or None, got {count!r}")


def check_source(
    source_logits: Logits,
    source_labels: Classes,
    k: int,
    *,
    prefix: str = "source_",
    like: str = "logits",
) -> None:
    """Refuse anything but finite (s, k) logits with s labels in 0..k-1.

    Errors call them `prefix` and what they are, and by `like` what has k columns.
    """
    check_logits(source_logits, name=f"{prefix}logits")
    _check_columns(source_logits, k, f"{prefix}logits", like)
    check_labels(source_labels, len(source_logits), k, name=f"{prefix}labels")


def check_source_features(source_features: Array, d: int) -> None:
    """Refuse anything but a finite (s, d) matrix with s >= 1."""
    check_features(source_features, name="source_features")
    _check_columns(source_features, d, "source_features", "features")


def _check_columns(array: Array, columns: int, name: str, like: str) -> None:
    if array.shape[1] != columns:
        raise ValueError(
            f"`{name}` must have the {columns} columns of `{like}`, "
            f"got {array.shape[1]}; take both from one model"
        )


def check_labels(labels: Classes, n: int, k: int, *, name: str = "labels") -> None:
    """Refuse anything but n >= 1 whole numbers in 0..k-1."""
    _check_classes(labels, (n,), name)
    if not 0 <= labels.min() <= labels.max() < k:
        bad = labels[(labels < 0) | (labels >= k)][0]
        raise ValueError(f"`{name}` must be in 0..{k - 1}, got {bad}")


def check_predicted(
    predicted: Classes, n: int | None = None, *, name: str = "predicted"
) -> None:
    """Refuse anything but n >= 1 whole numbers that are not negative; None is any."""
    _check_classes(predicted, (n,), name)
    _check_not_negative(predicted, name)


def check_peers(
    peer_predicted: Classes,
    n: int | None = None,
    m: int | None = None,
    *,
    name: str = "peer_predicted",
) -> None:
    """Refuse anything but (m, n) whole numbers that are not negative; None is any."""
    _check_classes(peer_predicted, (m, n), name)
    _check_not_negative(peer_predicted, name)


def _check_not_negative(classes: Classes, name: str) -> None:
    if (low := classes.min()) < 0:
        raise ValueError(f"`{name}` must not be negative, got {low}")


def _check_classes(classes: Any, shape: tuple[int | None, ...], name: str) -> None:
    check_is_array(classes, name)
    _check_shape(classes, shape, name)
    check_unmasked(classes, name)
    if not np.issubdtype(classes.dtype, np.integer):
        raise TypeError(f"`{name}` must be whole numbers, got dtype {classes.dtype}")


def _check_shape(
    array: Array | Classes, shape: tuple[int | None, ...], name: str
) -> None:
    """None stands for any length but 0."""
    fits = len(shape) == array.ndim and all(
        length == want or (want is None and length > 0)
        for length, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(f"`{name}` must have shape ({wanted}), got {array.shape}")


def check_is_array(array: object, name: str) -> None:
    """Refuse lists and tensors, and say what makes arrays of them.

    Raises
    ------
    TypeError
        With what it is.
    """
    if not isinstance(array, np.ndarray):
        kind = type(array).__name__
        cure = ".numpy(force=True) of it" if kind == "Tensor" else "np.asarray of it"
        raise TypeError(f"`{name}` must be a numpy array, got {kind}; give {cure}")


def check_real(array: NDArray[Any], name: str) -> None:
    """Refuse what is not of real numbers: texts, dates, objects, complex ones.

    Arithmetic would fail without a name, or go on without the imaginary part or mask.

    Raises
    ------
    TypeError, ValueError
        With the dtype, or how many values are masked.
    """
    if array.dtype.kind in NO_NUMBERS or array.dtype.kind in "OV":
        raise TypeError(f"`{name}` must be real numbers, got dtype {array.dtype}")
    check_unmasked(array, name)


def _check_array(array: Any, name: str, *, ndim: int = 2, columns: int = 2) -> None:
    check_is_array(array, name)
    if array.ndim != ndim or array.size == 0 or array.shape[-1] < columns:
        raise ValueError(
            f"`{name}` must have {ndim} axes, at least one row and {columns} "
            f"column{'s' if columns > 1 else ''}, got shape {array.shape}"
        )
    check_real(array, name)
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))[0]
        where = ", ".join(str(int(i)) for i in bad)
        raise ValueError(
            f"`{name}` must be finite, got {array[tuple(bad)]} at [{where}]"
        )


__getattr__ = moved(
    __name__,
    UndefinedMetricError="harness.errors",
    log_softmax="harness.arrays",
    log_sum_exp="harness.arrays",
    softmax="harness.arrays",
)
