"""Nearest neighbours: exact, in blocks, with a rule for ties."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_count
from harness.metrics.numerics.memo import remembered

#: Numbers of a block of closeness: 32 MiB.
BLOCK = 2**22
#: Neighbours found at once, so that smaller k need no further search.
AT_ONCE = 200
#: Decimals of a cosine: beyond them is rounding, which must not part what is tied.
DECIMALS = 12


class Distance(StrEnum):
    """By what neighbours are near."""

    COSINE = "cosine"
    EUCLIDEAN = "euclidean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The k nearest rows of a bank, nearest first; of ties the lower row.

    Attributes
    ----------
    rows
        (n, k) int32 numbers of rows.
    closeness
        (n, k) cosines, or squared distances with a minus.
    """

    rows: NDArray[np.int32]
    closeness: Array


def nearest(queries: Array, bank: Array, *, k: int, distance: str) -> Neighbours:
    """The k rows of a bank that are nearest to each query.

    Parameters
    ----------
    queries, bank : (n, d), (m, d) arrays
        Finite; of a cosine, a row of zeros is at 0 from all.
    k
        From 1 to m.
    distance
        "cosine" or "euclidean".

    Raises
    ------
    ValueError
        If `k` or `distance` is none.
    UndefinedMetricError
        If the bank has fewer rows than k.

    Examples
    --------
    >>> bank = np.array([[0.0], [1.0], [5.0]])
    >>> nearest(np.array([[0.6]]), bank, k=2, distance="euclidean").rows.tolist()
    [[1, 0]]
    """
    return _first(queries, bank, k, distance, itself=False)


def nearest_others(features: Array, *, k: int, distance: str) -> Neighbours:
    """The k other rows that are nearest to each row: none is its own neighbour.

    Parameters
    ----------
    features : (n, d) array
        Finite.
    k
        From 1 to n - 1.
    distance
        "cosine" or "euclidean".

    Raises
    ------
    ValueError, UndefinedMetricError
        As of `nearest`.

    Examples
    --------
    >>> rows = np.array([[0.0], [1.0], [5.0]])
    >>> nearest_others(rows, k=1, distance="euclidean").rows.tolist()
    [[1], [0], [1]]
    """
    return _first(features, features, k, distance, itself=True)


def closeness_blocks(
    queries: Array, bank: Array, *, distance: str, itself: bool = False
) -> Iterator[tuple[slice, Array]]:
    """Rows of the (n, m) closeness of all pairs, a block at a time.

    Parameters
    ----------
    queries, bank
        As of `nearest`.
    distance
        "cosine" or "euclidean".
    itself
        Whether queries are the bank: each is then at -inf from itself.
    """
    by = checked_distance(distance)
    queries, bank = (np.asarray(a, dtype=np.float64) for a in (queries, bank))
    if by is Distance.COSINE:
        bank = _unit(bank)
    lengths = (bank**2).sum(axis=1)
    step = max(1, BLOCK // len(bank))
    for start in range(0, len(queries), step):
        part = slice(start, min(start + step, len(queries)))
        rows = queries[part]
        if by is Distance.COSINE:
            block = np.round(_unit(rows) @ bank.T, DECIMALS)
        else:
            block = 2 * (rows @ bank.T) - lengths - (rows**2).sum(axis=1)[:, None]
        if itself:
            block[np.arange(len(rows)), np.arange(part.start, part.stop)] = -np.inf
        yield part, block


def largest(block: Array, k: int) -> tuple[NDArray[np.intp], Array]:
    """The k largest of each row, largest first, of ties the lower column.

    Parameters
    ----------
    block : (n, m) array
        Without nan.
    k
        From 1 to m.

    Returns
    -------
    (n, k) columns and (n, k) values.

    Examples
    --------
    >>> largest(np.array([[1.0, 3.0, 2.0, 3.0, 3.0]]), 2)[0].tolist()
    [[1, 3]]
    """
    n, m = block.shape
    if k < m:
        columns = np.argpartition(-block, k - 1, axis=1)[:, :k]
        least = np.take_along_axis(block, columns, axis=1).min(axis=1)
        # Which of several that are tied for the last place came in is chance.
        tied = np.flatnonzero((block >= least[:, None]).sum(axis=1) > k)
        for row in tied:
            columns[row] = np.argsort(-block[row], kind="stable")[:k]
        columns.sort(axis=1)
    else:
        columns = np.tile(np.arange(m), (n, 1))
    values = np.take_along_axis(block, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return (
        np.take_along_axis(columns, order, axis=1),
        np.take_along_axis(values, order, axis=1),
    )


def checked_distance(distance: str) -> Distance:
    """The distance of that name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if distance not in list(Distance):
        raise ValueError(
            f"`distance` must be one of {', '.join(Distance)}, got {distance!r}"
        )
    return Distance(distance)


def _first(
    queries: Array, bank: Array, k: int, distance: str, *, itself: bool
) -> Neighbours:
    check_count("k", k)
    checked_distance(distance)
    most = len(bank) - itself
    if k > most:
        raise UndefinedMetricError(
            f"`k` must be at most {most}, the images that can be neighbours, got {k}; "
            "ask for fewer neighbours or give more images"
        )
    found = _search(queries, bank, min(max(k, AT_ONCE), most), distance, int(itself))
    return Neighbours(rows=found.rows[:, :k], closeness=found.closeness[:, :k])


# What a list of k asks for, of a training bank and of the images among themselves.
@remembered(4)
def _search(
    queries: Array, bank: Array, k: int, distance: str, itself: int
) -> Neighbours:
    rows = np.empty((len(queries), k), dtype=np.int32)
    closeness = np.empty((len(queries), k))
    blocks = closeness_blocks(queries, bank, distance=distance, itself=bool(itself))
    for part, block in blocks:
        rows[part], closeness[part] = largest(block, k)
    return Neighbours(rows=rows, closeness=closeness)


def _unit(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))
