"""Difficulty: how a statistic of images goes with the share of networks right on them.

Two rank correlations over images, both with intervals: over all of them, and within
each class, which is the one to set a gate on. Between classes nearly anything
correlates: some are easier, and some are darker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.correlation import Undefined
from harness.arrays import Array
from harness.metrics.numerics.cubes import Right, check_right
from harness.metrics.numerics.ranks import spearman

DRAWS = 500
SHUFFLES = 200
_ENDS = (2.5, 97.5)
CONSTANT = Undefined("one of the two is the same on all images")
SEVERAL = Undefined("images have not one class each")


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A correlation of ranks, and how far it would move.

    Attributes
    ----------
    value, low, high
        In [-1, 1], with the ends of a 95 % interval: percentiles of a bootstrap.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difficulty:
    """A statistic of images against the share of networks and epochs that are right.

    Attributes
    ----------
    overall
        Spearman's correlation over all images.
    within
        The same within each class, averaged over classes with equal weight.
    by_class
        Of each class that occurs, by its number; without one where it is not defined.
    images, missing
        Images that have the statistic, and that have not.
    """

    overall: Related | Undefined
    within: Related | Undefined
    by_class: dict[int, float]
    images: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffled:
    """What a statistic shuffled among the images correlates like.

    Attributes
    ----------
    p
        Share of the shuffles, and of what was measured, whose absolute correlation is
        that of the measured one at least: 1 / (shuffles + 1) at best.
    spread
        Standard deviation of the shuffles' correlations.
    largest
        Of their absolute values.
    """

    p: float
    spread: float
    largest: float


def difficulty(
    statistic: Array,
    right: Right,
    labels: NDArray[np.integer] | None,
    *,
    draws: int = DRAWS,
    over_networks: bool = False,
    seed: int = 0,
) -> Difficulty:
    """Relate a statistic to how many networks are right on each image.

    Parameters
    ----------
    statistic : (n,) array
        A finite number an image; nan where it has none, which leaves the image out.
    right : (m, n) or (m, e, n) bool array
        Of the same images in the same order.
    labels : (n,) integer array
        Their classes; None where images have not one each, so that nothing is within.
    draws
        Of the bootstrap over images.
    over_networks
        Whether networks are drawn anew too: how far it would move with others of the
        kind, of which a few say little.
    seed
        Of the draws.

    Returns
    -------
    Difficulty
        Positive where a larger statistic goes with easier images.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not of the same images.

    References
    ----------
    Bootstrap: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993.

    Examples
    --------
    >>> right = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], dtype=bool)
    >>> found = difficulty(np.array([9.0, 5.0, 2.0, 2.0]), right, np.zeros(4, int))
    >>> round(found.overall.value, 4), found.within.value == found.overall.value
    (1.0, True)
    """
    one_each = labels
    x, shares, labels = _checked(statistic, right, labels)
    known = ~np.isnan(x)
    x, shares, labels = x[known], shares[:, known], labels[known]
    n = len(x)
    by_class = _by_class(x, shares.mean(axis=0), labels)
    drawn: tuple[list[float], list[float]] = ([], [])
    rng = np.random.default_rng(seed)
    for _ in range(draws if n else 0):
        rows = rng.integers(n, size=n)
        some = shares[:, rows]
        if over_networks:
            some = some[rng.integers(len(some), size=len(some))]
        y = some.mean(axis=0)
        each = _by_class(x[rows], y, labels[rows])
        for values, value in zip(
            drawn, (spearman(x[rows], y), _mean(each)), strict=True
        ):
            if value is not None:
                values.append(value)
    overall = spearman(x, shares.mean(axis=0)) if n else None
    return Difficulty(
        overall=_related(overall, drawn[0]),
        within=SEVERAL if one_each is None else _related(_mean(by_class), drawn[1]),
        by_class={} if one_each is None else by_class,
        images=n,
        missing=int((~known).sum()),
    )


def shuffled(
    statistic: Array,
    right: Right,
    labels: NDArray[np.integer] | None,
    *,
    within: bool = False,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> Shuffled | Undefined:
    """Return what the correlation is of the statistic shuffled among the images.

    A test that a table belongs to its images: one that is joined wrongly does no
    better than its own shuffles.

    Parameters
    ----------
    statistic, right, labels
        As `difficulty` takes them.
    within
        Whether it is shuffled within each class, of images that have one each, and the
        correlation within classes is looked at: a table in the order of classes and
        wrong within them is found by this alone.
    shuffles, seed
        How many, and of their draws.

    Raises
    ------
    TypeError, ValueError
        As `difficulty`.
    """
    x, shares, labels = _checked(statistic, right, labels)
    known = ~np.isnan(x)
    x, y, labels = x[known], shares[:, known].mean(axis=0), labels[known]
    groups = [np.flatnonzero(labels == c) for c in np.unique(labels)]

    def correlation(values: Array) -> float | None:
        if within:
            return _mean(_by_class(values, y, labels))
        return spearman(values, y)

    measured = correlation(x) if len(x) else None
    if measured is None:
        return CONSTANT
    rng = np.random.default_rng(seed)
    found = np.empty(shuffles)
    for i in range(shuffles):
        mixed = x.copy()
        for rows in groups if within else [np.arange(len(x))]:
            mixed[rows] = x[rng.permutation(rows)]
        found[i] = correlation(mixed) or 0.0
    more = int((np.abs(found) >= abs(measured)).sum())
    return Shuffled(
        p=(more + 1) / (shuffles + 1),
        spread=float(found.std()),
        largest=float(np.abs(found).max()),
    )


def _checked(
    statistic: Array, right: Right, labels: NDArray[np.integer] | None
) -> tuple[Array, Array, NDArray[np.int64]]:
    """The statistic, (m, n) shares of epochs that are right, and the labels."""
    check_right(right, 2, 3)
    n = right.shape[-1]
    x = np.asarray(statistic, dtype=np.float64)
    labels = np.zeros(n, dtype=np.int64) if labels is None else np.asarray(labels)
    for name, array in (("statistic", x), ("labels", labels)):
        if array.shape != (n,):
            raise ValueError(
                f"`{name}` must be of the {n} images of `right`, got shape "
                f"{array.shape}; join tables by what names an image"
            )
    if np.isinf(x).any():
        raise ValueError("`statistic` must be finite, or nan where it is missing")
    shares = right if right.ndim == 2 else right.mean(axis=1)
    return x, np.asarray(shares, dtype=np.float64), labels.astype(np.int64)


def _by_class(x: Array, y: Array, labels: NDArray[np.int64]) -> dict[int, float]:
    found = {}
    for number in np.unique(labels).tolist():
        inside = labels == number
        value = spearman(x[inside], y[inside])
        if value is not None:
            found[number] = value
    return found


def _mean(by_class: dict[int, float]) -> float | None:
    return float(np.mean(list(by_class.values()))) if by_class else None


def _related(value: float | None, drawn: list[float]) -> Related | Undefined:
    if value is None:
        return CONSTANT
    if len(drawn) < 2:
        return Undefined("it has a value on fewer than two draws, so no interval")
    low, high = np.percentile(drawn, _ENDS)
    return Related(
        value=value, low=min(value, float(low)), high=max(value, float(high))
    )
