"""Permutations that are far from one another: what a jigsaw is told apart by."""

from __future__ import annotations

from typing import Any

import numpy as np


def distant_permutations(
    size: int = 9,
    count: int = 64,
    *,
    rule: str = "max-min",
    seed: int = 0,
    first: int | None = None,
) -> tuple[tuple[int, ...], ...]:
    """Permutations far from one another, chosen greedily from a first one.

    Each next permutation is the one whose least Hamming distance to those chosen is
    largest, of equals the one with the largest sum of distances, of those the first in
    lexicographic order. Permutations of nine things are few enough to look at them all.

    Parameters
    ----------
    size
        How many things are permuted, 2 to 9.
    count
        How many permutations, 2 to size!.
    rule
        "max-min", or "mean": the sum of distances alone, which takes near-duplicates
        (of 64 of nine things 59 pairs differ in two places; with "max-min" no pair in
        fewer than seven, and the mean distance is the same).
    seed
        Of the first permutation.
    first
        Its place in lexicographic order instead, 0 for the identity.

    Returns
    -------
    tuple of tuples
        In the order of choice; the identity is among them only by chance.

    Raises
    ------
    ValueError
        If a number is out of range, or the rule unknown.

    References
    ----------
    Noroozi, Favaro, "Unsupervised Learning of Visual Representations by Solving Jigsaw
    Puzzles", ECCV 2016, arXiv:1603.09246, Algorithm 1, which maximises distances; the
    sets that its authors released are larger than 64, and have near pairs as well.

    Examples
    --------
    >>> distant_permutations(4, 4, first=0)  # no two agree anywhere
    ((0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0))
    """
    if not 2 <= size <= 9:
        raise ValueError(f"`size` must be in 2..9, got {size}")
    if rule not in ("max-min", "mean"):
        raise ValueError(f"`rule` must be max-min or mean, got {rule!r}")
    everything = all_permutations(size)
    if not 2 <= count <= len(everything):
        raise ValueError(f"`count` must be in 2..{len(everything)}, got {count}")
    if first is None:
        first = int(np.random.default_rng(seed).integers(len(everything)))
    if not 0 <= first < len(everything):
        raise ValueError(f"`first` must be in 0..{len(everything) - 1}, got {first}")
    chosen = [first]
    total = np.zeros(len(everything), dtype=np.int64)
    least = np.full(len(everything), size, dtype=np.int64)
    more = size * count + 1  # than any sum of distances
    while len(chosen) < count:
        distance = (everything != everything[chosen[-1]]).sum(axis=1)
        total += distance
        least = np.minimum(least, distance)
        score = total + more * least if rule == "max-min" else total.copy()
        score[chosen] = -1
        chosen.append(int(score.argmax()))
    return tuple(tuple(map(int, everything[i])) for i in chosen)


def all_permutations(size: int) -> np.ndarray[Any, np.dtype[np.int8]]:
    """(size!, size), in lexicographic order."""
    table = np.zeros((1, 1), dtype=np.int8)
    for n in range(2, size + 1):
        first = np.repeat(np.arange(n, dtype=np.int8), len(table))
        rest = np.tile(table, (n, 1))
        rest = rest + (rest >= first[:, None])
        table = np.column_stack([first, rest]).astype(np.int8)
    return table
