"""Duplicates: images that are in two sets, so that a neighbour gives them away."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Classes
from harness.errors import UndefinedMetricError


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """How many images of a set are in a bank too.

    Attributes
    ----------
    images
        In the set.
    shared
        That the bank has as well.
    contradicted
        Of these, whose label the bank's has never.
    """

    images: int
    shared: int
    contradicted: int


def duplicates_across(
    train_rows: NDArray[np.generic],
    train_labels: Classes,
    rows: NDArray[np.generic],
    labels: Classes,
) -> Duplicates:
    """Count rows of a set that a bank has too, number by number.

    Parameters
    ----------
    train_rows, train_labels : (m, d), (m,) arrays
        The bank: pixels of training images, and their classes.
    rows, labels : (n, d), (n,) arrays
        The images.

    Raises
    ------
    ValueError
        If rows are not of one length and type, or labels not as many.
    UndefinedMetricError
        If there are no pixels.

    Examples
    --------
    >>> bank = np.array([[0, 1], [2, 3]], dtype=np.uint8)
    >>> duplicates_across(bank, np.array([0, 1]), bank[[1, 1, 0]], np.array([1, 0, 0]))
    Duplicates(images=3, shared=3, contradicted=1)
    """
    if rows.ndim != 2 or rows.shape[1:] != train_rows.shape[1:]:
        raise ValueError(
            f"`rows` must be (n, {train_rows.shape[-1]}) as `train_rows` are, got "
            f"shape {rows.shape}"
        )
    if rows.dtype != train_rows.dtype:
        raise ValueError(
            f"`rows` must be {train_rows.dtype} as `train_rows` are, got {rows.dtype}"
        )
    for name, given, of in (
        ("labels", labels, rows),
        ("train_labels", train_labels, train_rows),
    ):
        if len(given) != len(of):
            raise ValueError(f"`{name}` must be {len(of)}, one a row, got {len(given)}")
    if not rows.shape[1]:
        raise UndefinedMetricError("there are no pixels to compare")
    known: dict[bytes, set[int]] = {}
    for row, label in zip(train_rows, train_labels.tolist(), strict=True):
        known.setdefault(row.tobytes(), set()).add(label)
    found = [known.get(row.tobytes()) for row in rows]
    return Duplicates(
        images=len(rows),
        shared=sum(one is not None for one in found),
        contradicted=sum(
            one is not None and label not in one
            for one, label in zip(found, labels.tolist(), strict=True)
        ),
    )
