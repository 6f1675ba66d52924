"""Subsets: agreement of fewer networks, since it falls with how many there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from harness.metrics.learning_order.agreement import agreement
from harness.metrics.numerics.cubes import Right, check_right

MOST = 200  # subsets of a size that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsetAgreement:
    """Agreement of so many networks, mean over subsets of a population.

    Attributes
    ----------
    networks
        In a subset.
    subsets
        How many were looked at: all, or `MOST` drawn ones.
    value, least, most
        Mean agreement, and the ends.
    expected, corrected
        Means of what independent networks would reach, and of what is beyond it; the
        second is over subsets that it is defined of, None without any.
    """

    networks: int
    subsets: int
    value: float
    least: float
    most: float
    expected: float
    corrected: float | None


def subset_agreements(right: Right, *, seed: int = 0) -> tuple[SubsetAgreement, ...]:
    """Return the agreement of two networks, of three, and so on to all.

    Parameters
    ----------
    right : (m, n) bool array
        Whether each of m >= 2 networks is right on each image, at one epoch.
    seed
        Of the draws of subsets, where there are many.

    Returns
    -------
    tuple
        m - 1 of them; the mean never rises.

    Raises
    ------
    TypeError, ValueError
        If it is no such array.

    References
    ----------
    That it falls with their number is our reading of the definition: a subset's
    intersection holds that of all, and its union lies in that of all.

    Examples
    --------
    >>> right = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1]], dtype=bool)
    >>> [round(one.value, 4) for one in subset_agreements(right)]
    [0.5, 0.3333]
    """
    check_right(right, 2)
    if len(right) < 2:
        raise ValueError("`right` must be of 2 networks at least, got 1")
    rng = np.random.default_rng(seed)
    return tuple(_of_size(right, size, rng) for size in range(2, len(right) + 1))


def _of_size(right: Right, size: int, rng: np.random.Generator) -> SubsetAgreement:
    m = len(right)
    chosen: Iterable[Iterable[int]] = combinations(range(m), size)
    if comb(m, size) > MOST:
        chosen = (rng.choice(m, size, replace=False) for _ in range(MOST))
    found = [agreement(right[list(some)]) for some in chosen]
    values = [one.value for one in found]
    corrected = [one.corrected for one in found if one.corrected is not None]
    return SubsetAgreement(
        networks=size,
        subsets=len(found),
        value=float(np.mean(values)),
        least=min(values),
        most=max(values),
        expected=float(np.mean([one.expected for one in found])),
        corrected=float(np.mean(corrected)) if corrected else None,
    )
