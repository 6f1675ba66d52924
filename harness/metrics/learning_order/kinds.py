"""Kinds: whether networks of other architectures find the same images hard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from harness.metrics.learning_order.agreement import agreement
from harness.metrics.numerics.cubes import Right, check_right
from harness.metrics.numerics.ranks import spearman


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAgreement:
    """Agreement of two networks, mean over pairs after the last epoch.

    Attributes
    ----------
    value, expected
        Agreement, and what independent networks so accurate would reach.
    corrected
        Beyond that, over pairs that it is defined of; None without any.
    """

    value: float
    expected: float
    corrected: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossKinds:
    """What two kinds of networks have in common.

    Attributes
    ----------
    kinds
        Their names.
    rho
        Spearman's correlation over images of the shares of networks and epochs that
        are right, of the one kind with the other's; None where one of them is the same
        on all images.
    across
        Of pairs of one network of each kind.
    within
        Of pairs of one kind, over both; None where each has one network.
    """

    kinds: tuple[str, str]
    rho: float | None
    across: PairAgreement
    within: PairAgreement | None


def across_kinds(right: Right, kinds: Sequence[str]) -> tuple[AcrossKinds, ...]:
    """Return, for each two kinds, how far they learn the same images alike.

    Agreement is of pairs alone, so that it is of two networks on both sides.

    Parameters
    ----------
    right : (m, e, n) bool array
        Whether each network is right on each image after each epoch.
    kinds
        Of each network the name of its kind, of two kinds at least.

    Raises
    ------
    TypeError, ValueError
        If it is no such array, or networks are not of several kinds.

    Examples
    --------
    >>> right = np.array([[[1, 1, 0]], [[1, 1, 0]], [[1, 0, 0]]], dtype=bool)
    >>> (one,) = across_kinds(right, ["a", "a", "b"])
    >>> one.across.value, one.within.value, round(one.rho, 4)
    (0.5, 1.0, 0.5)
    """
    check_right(right, 3)
    names = list(dict.fromkeys(kinds))
    if len(kinds) != len(right) or len(names) < 2:
        raise ValueError(
            f"`kinds` must name two kinds at least, one for each of {len(right)} "
            f"networks, got {list(kinds)}"
        )
    rows = {name: [i for i, kind in enumerate(kinds) if kind == name] for name in names}
    score = {
        name: right[some].mean(axis=(0, 1), dtype=np.float64)
        for name, some in rows.items()
    }
    last = right[:, -1]
    return tuple(
        AcrossKinds(
            kinds=(a, b),
            rho=spearman(score[a], score[b]),
            across=_pairs(last, product(rows[a], rows[b])),
            within=_within(last, rows[a], rows[b]),
        )
        for a, b in combinations(names, 2)
    )


def _within(last: Right, *of: list[int]) -> PairAgreement | None:
    pairs = [pair for rows in of for pair in combinations(rows, 2)]
    return _pairs(last, pairs) if pairs else None


def _pairs(last: Right, pairs: Iterable[tuple[int, int]]) -> PairAgreement:
    found = [agreement(last[list(pair)]) for pair in pairs]
    corrected = [one.corrected for one in found if one.corrected is not None]
    return PairAgreement(
        value=float(np.mean([one.value for one in found])),
        expected=float(np.mean([one.expected for one in found])),
        corrected=float(np.mean(corrected)) if corrected else None,
    )
