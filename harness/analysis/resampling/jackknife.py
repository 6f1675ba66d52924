"""Jackknife intervals: how far a statistic would move with other datasets.

Datasets made by one transformation share their images, and datasets collected in one
place share their origin, so they are not independent witnesses: the unit that is left
out is the whole group. Leaving out single datasets gives narrower intervals, which are
right only if the datasets are independent.

There are few groups, often five to fifteen. Percentiles of bootstrap resamples, which
stood here before, then hold the truth in 80 to 90 % of the cases where 95 % are
promised. A Student interval around the statistic holds what it promises, on a scale on
which its error is nearly normal and alike everywhere: ``python -m benchmarks.coverage``
counts it. It draws nothing, so no seed decides a number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.coverage import LEVEL, student
from harness.analysis.fits import weighted
from harness.analysis.fits.fits import MINIMUM, Unfit
from harness.arrays import Array

# The spread of fewer groups is known too badly: their intervals are nearly all of
# [0, 1].
MINIMUM_GROUPS = 5
# Correlations nearer to 1 are rounding, and so are smaller errors of accuracies: they
# come from differences of squares.
_EDGE = 1e-12
_ERROR = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a statistic would lie with other datasets of the same kind.

    Attributes
    ----------
    low, high
        The ends. The statistic itself is never outside.
    level
        The share of such intervals that hold what they are meant to.
    groups
        How many units were left out in turn.
    """

    low: float
    high: float
    level: float
    groups: int

    def holds(self, value: float) -> bool:
        """Whether the value lies inside."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the error of a statistic is nearly normal.

    Attributes
    ----------
    of
        To the scale; increasing.
    back
        From the ends of an interval there to those of the statistic.
    """

    of: Callable[[Array], Array]
    back: Callable[[float, float], tuple[float, float]]


def _fisher(r: Array) -> Array:
    return np.asarray(np.arctanh(np.clip(r, _EDGE - 1, 1 - _EDGE)))


def _from_fisher(low: float, high: float) -> tuple[float, float]:
    return float(np.tanh(low)), float(np.tanh(high))


def _squared(low: float, high: float) -> tuple[float, float]:
    """Of R², from Fisher's z of the correlation."""
    ends = sorted(r * r for r in _from_fisher(low, high))
    return (0.0 if low <= 0 <= high else ends[0]), ends[1]


def _log(error: Array) -> Array:
    return np.asarray(np.log(np.maximum(error, _ERROR)))


def _lacking(r2: Array) -> Array:
    return np.asarray(-np.log(np.maximum(1 - r2, _EDGE)))


FISHER = Scale(_fisher, _from_fisher)
SQUARED = Scale(_fisher, _squared)  # from Pearson's correlation to R²
POSITIVE = Scale(_log, lambda low, high: (float(np.exp(low)), float(np.exp(high))))
# R² of prediction is at most 1 and as low as it likes: minus the log of what it lacks.
BELOW_ONE = Scale(
    _lacking,
    lambda low, high: (1 - float(np.exp(-low)), 1 - float(np.exp(-high))),
)
PLAIN = Scale(np.asarray, lambda low, high: (low, high))

SCALES = {
    "r2": SQUARED,
    "adjusted_r2": SQUARED,
    "rmse": POSITIVE,
    "mae": POSITIVE,
    "pearson": FISHER,
    "spearman": FISHER,
    "kendall": FISHER,
    "weighted_tau": FISHER,
}
TRANSFER_SCALES = {"r2": BELOW_ONE, "rmse": POSITIVE, "mae": POSITIVE, "bias": PLAIN}
TRANSFER_STATISTICS = tuple(TRANSFER_SCALES)


def fit_intervals(
    x: ArrayLike,
    y: ArrayLike,
    groups: Sequence[str],
    *,
    statistics: Sequence[str] = tuple(weighted.STATISTICS),
    level: float = LEVEL,
) -> dict[str, Interval]:
    """Return intervals of the statistics of a line's own fit.

    Parameters
    ----------
    x, y : (n,) arrays
        Metric and accuracy per dataset.
    groups : n strings
        What each dataset is left out together with: its kind, or its own name to leave
        out single datasets.
    statistics
        Names out of `harness.analysis.fits.weighted.STATISTICS`.
    level
        The share of intervals that are to hold what they are meant to.

    Returns
    -------
    dict of Interval
        By statistic, in the unit of the statistic (rmse and mae as fractions of 1).
        They do not depend on the order of datasets.

    Raises
    ------
    Unfit
        If there are fewer than 5 groups, or a statistic does not exist without one of
        them.

    Notes
    -----
    Student's t with one degree of freedom less than groups, around the statistic on
    its scale: Fisher's z for correlations and, through Pearson's, for R²; the
    logarithm for errors, which are corrected for their bias. The standard error is that
    of the delete-one-group jackknife.

    References
    ----------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 11; Tukey,
    "Bias and confidence in not-quite large samples", Annals of Mathematical Statistics
    29, 1958; Fisher, "On the probable error of a coefficient of correlation", Metron
    1, 1921.

    Examples
    --------
    >>> x = np.arange(10.0)
    >>> y = x / 20 + np.tile([0.0, 0.1], 5)
    >>> plain = fit_intervals(x, y, [str(i) for i in range(10)], statistics=["r2"])
    >>> round(plain["r2"].low, 3), round(plain["r2"].high, 3)
    (0.706, 0.972)
    """
    x, y, labels = canonical(x, y, groups)
    names = unit_names(labels)
    weights = leave_out(names, labels)
    return {
        name: _fit_interval(name, x, y, weights, names, level) for name in statistics
    }


def _fit_interval(
    name: str, x: Array, y: Array, weights: Array, names: Sequence[str], level: float
) -> Interval:
    values = weighted.STATISTICS[name](x, y, weights)
    n, groups, scale = len(x), len(names), SCALES[name]
    # R² is the square of Pearson's correlation, whose error has Fisher's scale.
    on_scale = weighted.pearson(x, y, weights) if scale is SQUARED else values
    back = partial(_adjusted, n) if name == "adjusted_r2" else scale.back
    least = 0.0
    if name in _RANKED:
        swap, least = _RANKED[name](n)
        on_scale = np.clip(on_scale, swap / 2 - 1, 1 - swap / 2)
    z = scale.of(on_scale)
    if scale is POSITIVE:
        # A line is nearer to its own datasets than to others: of few, by much.
        z[0] += (groups - 1) * (z[0] - z[1:].mean())
    found = float(values[0])
    return student_interval(name, found, [(names, z)], back, least=least, level=level)


def _of_ranks(n: int) -> tuple[float, float]:
    """What one exchange changes in Spearman's rho, and the least variance of its z.

    Datasets in perfect order are taken to be half an exchange from it, and the error
    of a correlation of ranks is never taken for less than that of independent ones
    (Fieller, Hartley and Pearson, Biometrika 44, 1957): few datasets are often in
    perfect order by chance, also without any one of them.
    """
    return 12 / (n**3 - n), 1.06 / (n - 3)


def _of_pairs(n: int) -> tuple[float, float]:
    """The same of Kendall's tau."""
    return 4 / (n * (n - 1)), 0.437 / (n - 4)


_RANKED = {"spearman": _of_ranks, "kendall": _of_pairs, "weighted_tau": _of_pairs}


def _adjusted(n: int, low: float, high: float) -> tuple[float, float]:
    """Of adjusted R², from Fisher's z of the correlation."""
    one, two = (1 - (1 - r2) * (n - 1) / (n - 2) for r2 in _squared(low, high))
    return one, two


def transfer_intervals(
    inside: tuple[ArrayLike, ArrayLike, Sequence[str]],
    outside: tuple[ArrayLike, ArrayLike, Sequence[str]],
    *,
    level: float = LEVEL,
) -> dict[str, Interval]:
    """Return intervals of the exterior's judgement by the interior's line.

    Parameters
    ----------
    inside, outside
        Metric, accuracy and groups of the datasets that the line is fitted on, and of
        those that it is judged on. Groups of both are left out, since the line is as
        uncertain as what it is judged on; the two variances add up.
    level
        As in `fit_intervals`.

    Returns
    -------
    dict of Interval
        For r2, rmse, mae and bias of prediction, as in `fits.fits.judge`.

    Raises
    ------
    Unfit
        As in `fit_intervals`, for either domain.

    References
    ----------
    Degrees of freedom of the sum: Welch, "The generalization of Student's problem when
    several different population variances are involved", Biometrika 34, 1947.
    """
    fit_x, fit_y, fit_labels = canonical(*inside)
    x, y, labels = canonical(*outside)
    fit_names, names = unit_names(fit_labels), unit_names(labels)
    first, second = leave_out(fit_names, fit_labels), leave_out(names, labels)
    slopes, intercepts, _, _ = weighted.lines(fit_x, fit_y, first)
    whole = np.ones((len(first), len(x)))
    by_line = weighted.judged(slopes, intercepts, x, y, whole)
    same = np.zeros(len(second), dtype=np.intp)
    by_data = weighted.judged(slopes[same], intercepts[same], x, y, second)
    return {
        name: student_interval(
            name,
            float(by_data[name][0]),
            [
                (fit_names, scale.of(by_line[name])),
                (names, scale.of(by_data[name])),
            ],
            scale.back,
            level=level,
        )
        for name, scale in TRANSFER_SCALES.items()
    }


# --- the parts ------------------------------------------------------------------------


def student_interval(
    name: str,
    statistic: float,
    left_out: Sequence[tuple[Sequence[str], Array]],
    back: Callable[[float, float], tuple[float, float]] = lambda low, high: (low, high),
    *,
    least: float = 0.0,
    level: float = LEVEL,
) -> Interval:
    """Return Student's interval from what leaving units out does to a statistic.

    Parameters
    ----------
    name, statistic
        What it is called, and what it is.
    left_out
        Of each sample that it is made of, one or two: the names of the g units, and
        (1 + g,) values on the statistic's scale: with all units, and without each.
    back
        From the ends on that scale to those of the statistic.
    least
        What the variance on the scale is at least.
    level
        As in `fit_intervals`.

    Raises
    ------
    Unfit
        If the statistic does not exist, or not without one of the units.

    Examples
    --------
    The mean of five numbers: mean plus and minus t s / sqrt(n).

    >>> means = np.array([3.0, 3.5, 3.25, 3.0, 2.75, 2.5])  # of 1 to 5
    >>> found = student_interval("mean", 3.0, [("abcde", means)])
    >>> round(found.low, 4), round(found.high, 4), found.groups
    (1.0368, 4.9632, 5)
    """
    variances: list[float] = []
    freedoms: list[int] = []
    for names, values in left_out:
        for unit, value in zip(("", *names), values, strict=True):
            if not np.isfinite(value):
                raise Unfit(f"{name} does not exist{unit and f' without {unit}'}")
        freedom = len(names) - 1
        apart = values[1:] - values[1:].mean()
        variances.append(float(apart @ apart) * freedom / len(names))
        freedoms.append(freedom)
    middle, total = float(left_out[0][1][0]), sum(variances)
    terms = sum(v * v / f for v, f in zip(variances, freedoms, strict=True))
    pooled = total * total / terms if terms > 0 else min(freedoms)
    half = float(student(pooled, level) * np.sqrt(max(total, least)))
    low, high = back(middle - half, middle + half)
    return Interval(
        low=min(low, statistic),  # which rounding, there and back, may lose
        high=max(high, statistic),
        level=level,
        groups=1 + min(freedoms),
    )


def unit_names(groups: Sequence[str]) -> tuple[str, ...]:
    """The units, sorted.

    Raises
    ------
    Unfit
        If there are fewer than 5.
    """
    names = tuple(sorted(set(groups)))
    if len(names) < MINIMUM_GROUPS:
        raise Unfit(
            f"an interval needs at least {MINIMUM_GROUPS} groups to leave out, "
            f"got {len(names)} ({', '.join(names)}); leave out single datasets instead"
        )
    return names


def leave_out(names: Sequence[str], groups: Sequence[str]) -> Array:
    """(1 + g, n) weights: all datasets, then all but those of each unit."""
    weights = np.ones((1 + len(names), len(groups)))
    weights[1:] = np.array(names)[:, None] != np.array(groups)[None, :]
    return weights


def canonical(
    x: ArrayLike, y: ArrayLike, groups: Sequence[str]
) -> tuple[Array, Array, Sequence[str]]:
    """The data in an order that depends on nothing but the data.

    Raises
    ------
    Unfit
        If there are fewer than 3 datasets.
    ValueError
        If the lengths differ.
    """
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
