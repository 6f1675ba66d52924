"""The error on left-out kinds over several models: its interval, and beside the best.

What an error on kinds of transformation stands on are the kinds, often six to ten, and
not the datasets: those of one kind are wrong together. So the unit of the jackknife is
the kind. Without one, its datasets neither fit a line nor judge one.

A dataset that was made by three kinds goes with each of them, so that more than a
kind's share of the datasets goes at a time. The jackknife's variance is then right if
all of the error is of kinds, and too large if some is of single datasets; that of a
jackknife which leaves out so large a share of datasets is right if all is of datasets,
and else too small. What lies between is taken, their geometric mean; where each dataset
is of one kind, the two are one. ``python -m benchmarks.coverage --kinds`` counts that
it holds what it promises, and that Student's interval of the kinds' own errors, which
share datasets and lines, does not.

Below five kinds there is no interval, as of any other statistic. Models are those at
hand and not resampled: the median is of them, and the interval is of other kinds.

References
----------
Shao and Wu, "A general theory for jackknife variance estimation", Annals of Statistics
17, 1989: leaving out d of n at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from harness.analysis.correlation import Correlation, Undefined, or_reason, xy
from harness.analysis.coverage import LEVEL
from harness.analysis.fits.fits import Unfit
from harness.analysis.kind_errors import KindErrors, kind_errors
from harness.analysis.resampling.jackknife import (
    MINIMUM_GROUPS,
    POSITIVE,
    Interval,
    student_interval,
)
from harness.arrays import Array
from harness.measurement import Domain
from harness.traits import kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutKinds:
    """One metric's error on kinds that its lines never saw: the median over models.

    Attributes
    ----------
    models
        Those that have such an error, sorted.
    kinds
        The k kinds that any of them has, sorted.
    errors
        (1 + k,) medians of `KindErrors.mean_mae`, as fractions of 1: of all kinds, and
        if there were none of each. Nan where a model has none.
    each
        How many of the kinds made a dataset, on average over those that any did.
    raw
        The same as the first of them, of the metric as it is; None where it is no
        estimate of accuracy.
    """

    models: tuple[str, ...]
    kinds: tuple[str, ...]
    errors: Array
    each: float = 1.0
    raw: float | None = None

    @property
    def error(self) -> float:
        """Of all kinds."""
        return float(self.errors[0])


def left_out_kinds(rows: Sequence[Correlation]) -> LeftOutKinds | Undefined:
    """Return the median, over models, of a metric's error on left-out kinds.

    Parameters
    ----------
    rows
        One metric's, a row a model. Kinds are those of the interior's datasets. Models
        whose line has no such error are left out, as of any median over models.

    Returns
    -------
    LeftOutKinds
        Undefined, with a model's reason, where no model has one.
    """
    found: dict[str, KindErrors] = {}
    each: list[float] = []
    reasons = ["there is no model"]
    for row in rows:
        one = or_reason(partial(_of, row))
        if isinstance(one, Undefined):
            reasons.append(one.reason)
        else:
            found[str(row.model)] = one
            made = [set(kinds(point.traits)) for point in row.of(Domain.INTERIOR)]
            of_any = sum(not of.isdisjoint(one.kinds) for of in made)
            each.append(float(one.n.sum() / of_any))
    if not found:
        return Undefined(reasons[-1])
    models = [found[name] for name in sorted(found)]
    names = tuple(sorted(set().union(*(one.kinds for one in models))))
    raw = [one.mean_raw_mae for one in models]
    return LeftOutKinds(
        models=tuple(sorted(found)),
        kinds=names,
        errors=np.median([_aligned(one, names) for one in models], axis=0),
        each=float(np.mean(each)),
        raw=None if None in raw else float(np.median(np.array(raw, dtype=np.float64))),
    )


def _of(row: Correlation) -> KindErrors:
    if isinstance(row.interior, Undefined):
        raise Unfit(row.interior.reason)
    points = row.of(Domain.INTERIOR)
    return kind_errors(
        *xy(points),
        [point.traits for point in points],
        estimate=row.estimate,
        outcome=row.outcome,
    )


def _aligned(one: KindErrors, names: Sequence[str]) -> Array:
    """(1 + k,): a kind that a model does not have takes nothing from it."""
    without = dict(zip(one.kinds, one.without, strict=True))
    whole = one.mean_mae
    return np.array([whole, *(without.get(name, whole) for name in names)])


def kinds_interval(
    found: LeftOutKinds, *, level: float = LEVEL
) -> Interval | Undefined:
    """Return where the error would lie with other kinds.

    Student's interval of the logarithm, from the jackknife over kinds, with one degree
    of freedom less than kinds: see above, and `resampling.jackknife`.

    Returns
    -------
    Interval
        Fractions of 1. Undefined, with the reason, for fewer than 5 kinds, or if the
        error does not exist without one of them.
    """
    return or_reason(
        lambda: student_interval(
            "the error on left-out kinds",
            found.error,
            [_left_out(found, POSITIVE.of(found.errors))],
            POSITIVE.back,
            level=level,
        )
    )


def behind_interval(
    found: LeftOutKinds, best: LeftOutKinds, *, level: float = LEVEL
) -> Interval | Undefined:
    """Return how much larger a metric's error is than the best one's, with other kinds.

    Parameters
    ----------
    found, best
        Of two metrics.
    level
        The share of intervals that are to hold the difference of two metrics.

    Returns
    -------
    Interval
        Fractions of 1; where it holds 0, the difference may be chance. Both metrics
        are without the same kind at a time, so that a kind that is hard for both tells
        nothing of either. It is of one pair: that the best was chosen among many is not
        in it. Undefined, with the reason, for fewer than 5 kinds, and where the two
        were not measured on the same models and kinds.
    """
    if (found.models, found.kinds) != (best.models, best.kinds):
        return Undefined("it was not measured on the models and kinds of the first")
    apart = found.errors - best.errors
    return or_reason(
        lambda: student_interval(
            "the difference of errors on left-out kinds",
            float(apart[0]),
            [_left_out(found, apart)],
            level=level,
        )
    )


def _left_out(found: LeftOutKinds, values: Array) -> tuple[Sequence[str], Array]:
    """Kinds, and values with all and without each, as far apart as they count."""
    k, each = len(found.kinds), found.each
    if k < MINIMUM_GROUPS:
        raise Unfit(
            f"an interval needs at least {MINIMUM_GROUPS} kinds, got {k} "
            f"({', '.join(found.kinds)})"
        )
    if not np.isfinite(values).all():
        return found.kinds, values  # and whoever reads them says without which
    whole, without = values[0], values[1:]
    middle = without.mean()
    # (k - each) / each and k - 1 times the variance of the values are the two.
    closer = ((k - each) / (each * (k - 1))) ** 0.25
    return found.kinds, np.array([whole, *(middle + closer * (without - middle))])
