"""Split halves: whether two halves of a population find the same images hard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.errors import UndefinedMetricError
from harness.metrics.numerics.cubes import Right, check_right
from harness.metrics.numerics.ranks import spearman


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitHalf:
    """How reliable the share of networks that are right is as a score of images.

    Attributes
    ----------
    r, rho
        Pearson's and Spearman's correlation over images of the two halves' shares.
    reliability
        Of the whole population: 2 r / (1 + r), after Spearman and Brown.
    networks
        In both halves together.
    """

    r: float
    rho: float
    reliability: float
    networks: int


def split_half(right: Right) -> SplitHalf:
    """Return the correlation of two halves of a population over images.

    Networks 0, 2, ... are one half, networks 1, 3, ... the other; of two networks it is
    one against the other, and four or more say more.

    Parameters
    ----------
    right : (m, n) or (m, e, n) bool array
        m >= 2 networks; over epochs the mean is taken too.

    Raises
    ------
    TypeError, ValueError
        If it is no such array.
    UndefinedMetricError
        If a half finds all images equally hard, or the halves are opposites: there is
        no correlation, or no reliability.

    References
    ----------
    Spearman, "Correlation calculated from faulty data", and Brown, "Some experimental
    results in the correlation of mental abilities", British Journal of Psychology 3,
    1910.

    Examples
    --------
    >>> right = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], dtype=bool)
    >>> found = split_half(right)
    >>> round(found.r, 4), round(found.reliability, 4)
    (0.5774, 0.7321)
    """
    check_right(right, 2, 3)
    if len(right) < 2:
        raise ValueError("`right` must be of 2 networks at least, got 1")
    epochs = tuple(range(right.ndim - 1))
    even, odd = (
        right[start::2].mean(axis=epochs, dtype=np.float64) for start in (0, 1)
    )
    rho = spearman(even, odd)
    if rho is None:
        raise UndefinedMetricError(
            "a half of the networks is right on all images equally often, so that "
            "there is no correlation with the other"
        )
    u, v = even - even.mean(), odd - odd.mean()
    r = float(np.clip(u @ v / np.sqrt((u @ u) * (v @ v)), -1, 1))
    if r == -1:
        raise UndefinedMetricError(
            "the halves are opposites (r is -1), of which there is no reliability"
        )
    return SplitHalf(r=r, rho=rho, reliability=2 * r / (1 + r), networks=len(right))
