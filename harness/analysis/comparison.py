"""Comparison of two runs: what changed, and whether it is more than chance.

Whether a change is beyond chance is asked of the difference itself: the same units of
datasets are left out of both runs, so that what both runs share cancels out. Two
overlapping intervals would be a much weaker test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from harness.analysis.correlation import Correlation, Undefined, or_reason, xy
from harness.analysis.coverage import LEVEL
from harness.analysis.fits import weighted
from harness.analysis.fits.fits import MINIMUM, Judgement, LineFit
from harness.analysis.fits.lines import Unfit
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.resampling.jackknife import (
    Interval,
    leave_out,
    student_interval,
    unit_names,
)
from harness.analysis.resampling.units import Unit, by_kind
from harness.arrays import Array
from harness.measurement import NO_AXES, Axes, Domain, Named

STATISTICS = {"r2": "r2", "rmse": "rmse", "rho": "spearman"}
DOMAINS = {
    "interior": (Domain.INTERIOR,),
    "exterior": (Domain.EXTERIOR,),
    "transfer": (Domain.INTERIOR, Domain.EXTERIOR),
}
PARTS = tuple(DOMAINS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Named):
    """One statistic of one correlation in two runs.

    Attributes
    ----------
    metric, axes, model, part, statistic
        What is compared: part is interior, exterior or transfer; the statistic r2,
        rmse (a fraction of 1) or rho. Model None is all models together.
    before, after
        The values, or why there is none.
    interval
        Where ``after - before`` would lie with other datasets; or why that is not
        known.
    only_before, only_after
        Datasets, of all models together with their models, that only one of the runs
        has. What is not alike in both is compared
        all the same, and must be read with care.
    outcome
        What the metric is fitted against.
    """

    metric: str
    axes: Axes = NO_AXES
    model: str | None
    part: str
    statistic: str
    before: float | Undefined
    after: float | Undefined
    interval: Interval | Undefined
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()
    outcome: FittedOutcome = TOP_1

    @property
    def difference(self) -> float | None:
        """After minus before; None where either does not exist."""
        if isinstance(self.before, Undefined) or isinstance(self.after, Undefined):
            return None
        return self.after - self.before

    @property
    def beyond(self) -> bool | None:
        """Whether the change is beyond the interval; None where that is not known."""
        if self.difference is None or isinstance(self.interval, Undefined):
            return None
        return not self.interval.holds(0.0)


def compare(
    before: Sequence[Correlation],
    after: Sequence[Correlation],
    *,
    unit: Unit = by_kind,
    level: float = LEVEL,
) -> tuple[Change, ...]:
    """Return every change between the correlations of two runs.

    Parameters
    ----------
    before, after : sequence of Correlation
        Of the stored run and of the later one, joined by metric, axes and model.
    unit, level
        As in `harness.analysis.resampling.intervals.correlation_intervals`.

    Returns
    -------
    tuple of Change
        For each metric, model, part and statistic of either run, sorted by those. A
        row that only one run has is there, with the reason in place of the value.
    """
    first = {(row.series, row.model): row for row in before}
    second = {(row.series, row.model): row for row in after}
    either = first | second
    changes = []
    # All models together come last, as they do in a report.
    for key in sorted(
        either, key=lambda key: (either[key].order, key[1] is None, key[1] or "")
    ):
        one, two = first.get(key), second.get(key)
        for part in PARTS:
            had, has = _datasets(one, part), _datasets(two, part)
            found = _intervals(one, two, part, unit, level)
            changes += [
                Change(
                    metric=either[key].metric,
                    axes=either[key].axes,
                    model=either[key].model,
                    part=part,
                    statistic=statistic,
                    before=value_of(one, part, statistic, "earlier"),
                    after=value_of(two, part, statistic, "later"),
                    interval=found
                    if isinstance(found, Undefined)
                    else found[statistic],
                    only_before=tuple(sorted(had - has)),
                    only_after=tuple(sorted(has - had)),
                    outcome=either[key].outcome,
                )
                for statistic in STATISTICS
            ]
    return tuple(changes)


def _part(
    row: Correlation | None, part: str, run: str
) -> LineFit | Judgement | Undefined:
    if row is None:
        return Undefined(f"not measured in the {run} run")
    parts = {
        "interior": row.interior,
        "exterior": row.exterior,
        "transfer": row.transfer,
    }
    return parts[part]


def value_of(
    row: Correlation | None, part: str, statistic: str, run: str
) -> float | Undefined:
    """A statistic of a correlation, or why there is none: `run` says of which run."""
    fit = _part(row, part, run)
    if isinstance(fit, Undefined):
        return fit
    value: float | None = getattr(fit, STATISTICS[statistic])
    if value is None:
        return Undefined(f"the metric is constant on the {fit.n} datasets")
    return value


def _datasets(row: Correlation | None, part: str) -> set[str]:
    if row is None:
        return set()
    return {
        p.dataset if row.model is not None else f"{p.dataset} of {p.model}"
        for domain in DOMAINS[part]
        for p in row.of(domain)
    }


def _intervals(
    one: Correlation | None,
    two: Correlation | None,
    part: str,
    unit: Unit,
    level: float,
) -> dict[str, Interval | Undefined] | Undefined:
    """The interval of each statistic's difference."""
    for row, run in ((one, "earlier"), (two, "later")):
        if isinstance(fit := _part(row, part, run), Undefined):
            return fit
    assert one is not None  # or there would be no fit
    assert two is not None
    pair = one, two
    try:
        units = {
            domain: unit_names([unit(p) for row in pair for p in row.of(domain)])
            for domain in DOMAINS[part]
        }
    except Unfit as error:
        return Undefined(str(error))
    moved = [
        (
            names,
            _left_out(two, part, unit, units, d) - _left_out(one, part, unit, units, d),
        )
        for d, names in units.items()
    ]

    def interval(i: int, name: str) -> Interval:
        left_out = [(names, values[:, i]) for names, values in moved]
        difference = float(left_out[0][1][0])
        return student_interval(name, difference, left_out, level=level)

    return {
        name: or_reason(partial(interval, i, name)) for i, name in enumerate(STATISTICS)
    }


def _left_out(
    row: Correlation,
    part: str,
    unit: Unit,
    units: Mapping[Domain, Sequence[str]],
    domain: Domain,
) -> Array:
    """(1 + g, statistics) of one run: whole, and without each unit of a domain."""
    rows = 1 + len(units[domain])
    samples = []
    for one, names in units.items():
        points = row.of(one)
        x, y = (np.array(values) for values in xy(points))
        weights = np.ones((rows, len(x)))
        if one is domain:
            weights = leave_out(names, [unit(p) for p in points])
        samples.append((x, y, weights))
    values = _statistics(part, samples)
    for _, _, weights in samples:
        # Through two datasets there is always a perfect line; it says nothing.
        values[weights.sum(axis=1) < MINIMUM] = np.nan
    return values


def _statistics(part: str, samples: Sequence[tuple[Array, Array, Array]]) -> Array:
    """(b, statistics) in the order of `STATISTICS`."""
    x, y, weights = samples[-1]
    rho = weighted.spearman(x, y, weights)
    if part != "transfer":
        own = weighted.r2(x, y, weights), weighted.rmse(x, y, weights)
        return np.stack([*own, rho], axis=1)
    slopes, intercepts, _, _ = weighted.lines(*samples[0])
    judged = weighted.judged(slopes, intercepts, x, y, weights)
    return np.stack([judged["r2"], judged["rmse"], rho], axis=1)
