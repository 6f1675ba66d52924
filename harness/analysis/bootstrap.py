"""Bootstrap intervals: how far a statistic would move with other datasets.

Datasets made by one transformation share their images, and datasets collected in one
place share their origin, so they are not independent witnesses: the unit that is drawn
again is the whole group, by default the family. Drawing single datasets gives narrower
intervals, which are right only if the datasets are independent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.analysis import weighted
from harness.analysis.fits import MINIMUM, Unfit
from harness.metrics.checks import Array

LEVEL = 0.95
RESAMPLES = 2000
# With fewer groups the quantiles of their resamples mean nothing: four groups have
# only 35 different resamples.
MINIMUM_GROUPS = 5
CHUNK = 2_000_000  # entries of a (resamples, datasets) matrix in memory at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a statistic lies in the middle `level` of its resamples.

    Attributes
    ----------
    low, high
        The percentiles.
    level
        The share of resamples between them.
    groups
        How many units were drawn from.
    undefined
        The share of resamples in which the statistic does not exist (one value
        throughout, or fewer than 3 datasets); the percentiles are of the others.
    """

    low: float
    high: float
    level: float
    groups: int
    undefined: float

    def holds(self, value: float) -> bool:
        """Whether the value lies inside."""
        return self.low <= value <= self.high


def fit_intervals(
    x: ArrayLike,
    y: ArrayLike,
    groups: Sequence[str],
    *,
    statistics: Sequence[str] = tuple(weighted.STATISTICS),
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return percentile intervals of the statistics of a line's own fit.

    Parameters
    ----------
    x, y : (n,) arrays
        Metric and accuracy per dataset.
    groups : n strings
        What each dataset is drawn together with: its family, or its own name to draw
        single datasets.
    statistics
        Names out of `harness.analysis.weighted.STATISTICS`. Both taus cost time and
        memory that grow with the square of n.
    level, resamples, seed
        Share inside the interval, number of resamples, and key of the generator. The
        result depends on nothing else: not on the order of datasets.

    Returns
    -------
    dict of Interval
        By statistic, in the unit of the statistic (rmse and mae as fractions of 1).

    Raises
    ------
    Unfit
        If there are fewer than 5 groups, or a statistic is undefined in every
        resample.

    References
    ----------
    Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7,
    1979; whole groups as in Davison and Hinkley, "Bootstrap Methods and their
    Application", 1997, section 3.8.

    Examples
    --------
    >>> x = np.arange(10.0)
    >>> y = x / 20 + np.tile([0.0, 0.1], 5)
    >>> plain = fit_intervals(x, y, [str(i) for i in range(10)], statistics=["r2"])
    >>> plain["r2"].low < 0.878 < plain["r2"].high
    True
    """
    x, y, labels = _canonical(x, y, groups)

    def values(weights: Array) -> list[Array]:
        return [weighted.STATISTICS[name](x, y, weights) for name in statistics]

    drawn = _resampled(values, labels, resamples, seed)
    found = len(set(groups))
    return {
        name: interval_of(name, drawn[:, i], level, found)
        for i, name in enumerate(statistics)
    }


def median_r2_interval(
    rows: Sequence[tuple[ArrayLike, ArrayLike, Sequence[str]]],
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return the interval of the median, over models, of their lines' R².

    Parameters
    ----------
    rows
        Of each model: metric, accuracy and group of every dataset, as in
        `fit_intervals`. A group is drawn for all models at once, since they share its
        images; models themselves are not drawn.
    level, resamples, seed
        As in `fit_intervals`.

    Raises
    ------
    Unfit
        If a model has fewer than 3 datasets, all have fewer than 5 groups together, or
        every R² is undefined in every resample.

    Examples
    --------
    >>> x = np.arange(10.0)
    >>> y = x / 20 + np.tile([0.0, 0.1], 5)
    >>> names = [str(i) for i in range(10)]
    >>> alone = fit_intervals(x, y, names, statistics=["r2"])["r2"]
    >>> median_r2_interval([(x, y, names)]) == alone
    True
    """
    models = [_canonical(*row) for row in rows]
    groups = sorted({label for _, _, labels in models for label in labels})
    names, counts = unit_draws(groups, resamples, seed)
    found = []
    for x, y, labels in models:
        member = np.searchsorted(names, np.array(labels))
        found.append(_drawn(partial(_r2, x, y), counts, member))
    return interval_of("r2", _medians(np.hstack(found)), level, len(names))


def _r2(x: Array, y: Array, weights: Array) -> list[Array]:
    return [weighted.r2(x, y, weights)]


def _medians(values: Array) -> Array:
    """(b,) medians of the finite values of each row; nan where there are none."""
    ordered = np.sort(values, axis=1)  # nan last
    finite = np.isfinite(ordered).sum(axis=1)
    middle = np.stack([np.maximum(finite - 1, 0) // 2, finite // 2], axis=1)
    last = ordered.shape[1] - 1
    ends = np.take_along_axis(ordered, np.minimum(middle, last), axis=1)
    return np.asarray(ends.mean(axis=1))


TRANSFER_STATISTICS = ("r2", "rmse", "mae", "bias")


def transfer_intervals(
    inside: tuple[ArrayLike, ArrayLike, Sequence[str]],
    outside: tuple[ArrayLike, ArrayLike, Sequence[str]],
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return intervals of the exterior's judgement by the interior's line.

    Parameters
    ----------
    inside, outside
        Metric, accuracy and groups of the datasets that the line is fitted on, and of
        those that it is judged on. Both are drawn again, independently, since the
        line is as uncertain as what it is judged on.
    level, resamples, seed
        As in `fit_intervals`.

    Returns
    -------
    dict of Interval
        For r2, rmse, mae and bias of prediction, as in `harness.analysis.fits.judge`.

    Raises
    ------
    Unfit
        As in `fit_intervals`, for either domain.
    """
    fit_x, fit_y, fit_labels = _canonical(*inside)
    x, y, labels = _canonical(*outside)

    def own_lines(weights: Array) -> list[Array]:
        slope, intercept, _, _ = weighted.lines(fit_x, fit_y, weights)
        return [slope, intercept]

    # Two streams of one seed, so that the domains are drawn independently.
    first, second = np.random.SeedSequence(seed).spawn(2)
    slopes, intercepts = _resampled(own_lines, fit_labels, resamples, first).T
    done = 0

    def judged(weights: Array) -> list[Array]:
        nonlocal done
        chunk = slice(done, done + len(weights))
        done += len(weights)
        found = weighted.judged(slopes[chunk], intercepts[chunk], x, y, weights)
        return [found[name] for name in TRANSFER_STATISTICS]

    drawn = _resampled(judged, labels, resamples, second)
    found = len(set(outside[2]))
    return {
        name: interval_of(name, drawn[:, i], level, found)
        for i, name in enumerate(TRANSFER_STATISTICS)
    }


def _canonical(
    x: ArrayLike, y: ArrayLike, groups: Sequence[str]
) -> tuple[Array, Array, Sequence[str]]:
    """The data in an order that depends on nothing but the data."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or not x.shape == y.shape == (len(groups),):
        raise ValueError(
            "`x`, `y` and `groups` must have one length, "
            f"got {x.shape}, {y.shape} and {len(groups)}"
        )
    if len(x) < MINIMUM:
        raise Unfit(f"an interval needs at least {MINIMUM} datasets, got {len(x)}")
    order = sorted(range(len(x)), key=lambda i: (groups[i], x[i], y[i]))
    return x[order], y[order], [groups[i] for i in order]


def unit_draws(
    groups: Sequence[str], resamples: int, seed: int | np.random.SeedSequence
) -> tuple[NDArray[np.str_], Array]:
    """Return the (g,) names of the units, and (resamples, g) how often each is drawn.

    Raises
    ------
    Unfit
        If there are fewer than 5 units.
    """
    names = np.unique(np.array(groups, dtype=np.str_))
    if len(names) < MINIMUM_GROUPS:
        raise Unfit(
            f"an interval needs at least {MINIMUM_GROUPS} groups to draw from, "
            f"got {len(names)} ({', '.join(names)}); draw single datasets instead"
        )
    rng = np.random.default_rng(seed)
    even = np.full(len(names), 1 / len(names))
    counts = rng.multinomial(len(names), even, size=resamples)
    return names, counts.astype(np.float64)


def _resampled(
    values: Callable[[Array], list[Array]],
    groups: Sequence[str],
    resamples: int,
    seed: int | np.random.SeedSequence,
) -> Array:
    """(resamples, s): `values` of weights in which whole groups are drawn again."""
    names, counts = unit_draws(groups, resamples, seed)
    member = np.searchsorted(names, np.array(groups))
    return _drawn(values, counts, member)


def _drawn(
    values: Callable[[Array], list[Array]], counts: Array, member: NDArray[np.intp]
) -> Array:
    """(b, s): `values` where each dataset counts as often as its unit was drawn."""
    step = max(1, CHUNK // len(member))
    chunks = []
    for start in range(0, len(counts), step):
        weights = counts[start : start + step, member]
        drawn = np.stack(values(weights), axis=1)
        # Through two datasets there is always a perfect line; it says nothing.
        drawn[(weights > 0).sum(axis=1) < MINIMUM] = np.nan
        chunks.append(drawn)
    return np.concatenate(chunks)


def interval_of(name: str, values: Array, level: float, groups: int) -> Interval:
    """The middle of finite values; refuses if there are none."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        raise Unfit(f"{name} is undefined in every resample")
    tail = 50 * (1 - level)
    low, high = np.percentile(finite, [tail, 100 - tail])
    return Interval(
        low=float(low),
        high=float(high),
        level=level,
        groups=groups,
        undefined=1 - len(finite) / len(values),
    )
