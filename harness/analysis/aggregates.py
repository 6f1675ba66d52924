"""Aggregates: one number of a model on a family, from its numbers on the members.

An aggregate is a pure function over the traits of datasets: none runs a network. A
test names it in a marker, ``@pytest.mark.harness_aggregate("mean_over_severities")``,
and it is made of what that test records.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.correlation import Undefined
from harness.measurement import (
    NO_AXES,
    Axes,
    Measurement,
    Named,
    Place,
    axis_text,
    in_order,
)
from harness.traits import Trait

#: Of numbers and the traits that tell them apart, all of which differ.
Members = Sequence[tuple[Mapping[str, Trait], float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """A pure function of one subject's numbers on the members of a family.

    Attributes
    ----------
    name
        In markers, reports and gates.
    over
        Traits that it goes over: every combination of their values must be there.
    by
        Traits that it keeps: it has one value for each combination of theirs, and they
        are axes of its numbers. What was corrupted, `member`, where it is known, is
        kept always.
    fn
        From (traits, value) of each member to one number; where it raises, or gives
        none that is finite, the aggregate is Undefined, with what was wrong.
    source
        Where the definition comes from.
    """

    name: str
    over: tuple[str, ...]
    fn: Callable[[Members], float]
    source: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregated(Named):
    """What became of an aggregate of one metric or outcome.

    Attributes
    ----------
    aggregate, metric, axes
        Which, of what; traits that the aggregate keeps are axes too.
    model, family
        Of whom, on what.
    value
        The number; or why there is none, by the names of what is missing.
    datasets
        How many members it is made of.
    """

    aggregate: str
    metric: str
    model: str
    family: str
    value: float | Undefined
    datasets: int
    axes: Axes = NO_AXES

    @property
    def place(self) -> Place:
        """Where it belongs."""
        return Place(self.model, "", self.family, self.axes)


def mean_over_severities(members: Members) -> float:
    """Mean over the severities of one corruption, each counting alike.

    Examples
    --------
    >>> mean_over_severities([({"severity": 1}, 0.9), ({"severity": 2}, 0.6)])
    0.75
    """
    return _mean(value for _, value in members)


def mean_over_corruptions(members: Members) -> float:
    """Mean over corruptions of the mean over the severities of each.

    Examples
    --------
    >>> fog, snow = {"corruption": "fog"}, {"corruption": "snow"}
    >>> mean_over_corruptions([(fog, 0.9), (fog, 0.6), (snow, 0.25), (snow, 0.25)])
    0.5
    """
    corruptions: dict[Trait, list[float]] = {}
    for traits, value in members:
        corruptions.setdefault(traits["corruption"], []).append(value)
    return _mean(_mean(values) for values in corruptions.values())


def _mean(values: Iterable[float]) -> float:
    """The sum is exact, so that the order of members decides nothing."""
    found = list(values)
    return math.fsum(found) / len(found)


_HENDRYCKS = (
    "Hendrycks and Dietterich, Benchmarking Neural Network Robustness to Common "
    "Corruptions and Perturbations, ICLR 2019, section 3"
)
AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate(
        name="mean_over_severities",
        over=("severity",),
        by=("corruption",),
        fn=mean_over_severities,
        source=f"{_HENDRYCKS}: the error of a corruption, averaged over severities",
    ),
    Aggregate(
        name="mean_over_corruptions",
        over=("corruption", "severity"),
        fn=mean_over_corruptions,
        source=f"{_HENDRYCKS}: the unnormalised mean over corruptions",
    ),
)


def aggregated(
    aggregate: Aggregate,
    rows: Iterable[Measurement],
    members: Mapping[str, Mapping[str, Mapping[str, Trait]]],
    planned: Iterable[tuple[tuple[str, Axes], str, str]] = (),
) -> tuple[Aggregated, ...]:
    """An aggregate of every metric that rows have, for every model and family.

    Parameters
    ----------
    aggregate
        Which.
    rows
        Numbers on datasets; of other places they are left out.
    members
        By family, the traits of each of its datasets by name: what should be there. A
        family that lacks a trait on all of its datasets has no such aggregate.
    planned
        Metric and axes, model and family of what should have been measured: there is
        an aggregate also where nothing was.

    Returns
    -------
    tuple of Aggregated
        By metric, axes, model and family. Where a member has no number, or a
        combination of traits has no dataset or several, the value is Undefined and
        names it: never a mean of the rest.
    """
    known: dict[tuple[tuple[str, Axes], str, str], dict[str, set[float]]] = {
        place: {} for place in planned
    }
    for row in rows:
        if row.dataset:
            at = known.setdefault((row.series, row.model, row.family), {})
            at.setdefault(row.dataset, set()).add(row.value)
    found = []
    for series, model, family in _sorted(known):
        values = known[series, model, family]
        for kept, grid in _grids(aggregate, members.get(family, {})):
            metric, axes = series
            found.append(
                Aggregated(
                    aggregate=aggregate.name,
                    metric=metric,
                    axes=Axes.of({**dict(axes), **kept}),
                    model=model,
                    family=family,
                    value=_value(aggregate, grid, values),
                    datasets=len(grid),
                )
            )
    return tuple(found)


def _sorted(
    known: Iterable[tuple[tuple[str, Axes], str, str]],
) -> list[tuple[tuple[str, Axes], str, str]]:
    places = list(known)
    order = {s: i for i, s in enumerate(in_order({series for series, _, _ in places}))}
    return sorted(places, key=lambda place: (order[place[0]], *place[1:]))


_MEMBER = ("member",)
_Grid = dict[tuple[Trait, ...], list[str]]  # datasets by what they are of the traits


def _grids(
    aggregate: Aggregate, members: Mapping[str, Mapping[str, Trait]]
) -> Iterable[tuple[dict[str, str], _Grid]]:
    """Of each combination that is kept: every combination that is gone over."""
    over, by = aggregate.over, (*aggregate.by, *_MEMBER)
    fitting = {
        name: traits
        for name, traits in members.items()
        if all(trait in traits for trait in (*over, *aggregate.by))
    }
    values = [list(dict.fromkeys(t[trait] for t in fitting.values())) for trait in over]
    kept = dict.fromkeys(tuple(t.get(trait) for trait in by) for t in fitting.values())
    for group in kept:
        grid: _Grid = {place: [] for place in itertools.product(*values)}
        for name, traits in fitting.items():
            if tuple(traits.get(trait) for trait in by) == group:
                grid[tuple(traits[trait] for trait in over)].append(name)
        pairs = zip(by, group, strict=True)
        yield {t: axis_text(v) for t, v in pairs if v is not None}, grid


def _value(
    aggregate: Aggregate, grid: _Grid, values: Mapping[str, set[float]]
) -> float | Undefined:
    missing, twice = [], []
    members: list[tuple[Mapping[str, Trait], float]] = []
    for place, names in grid.items():
        traits = dict(zip(aggregate.over, place, strict=True))
        called = ", ".join(f"{name} {value}" for name, value in traits.items())
        if len(names) > 1:
            twice.append(f"{called} ({' and '.join(names)})")
        elif not names:
            missing.append(f"no dataset of {called}")
        elif len(values.get(names[0], ())) != 1:
            why = "two tests differ on" if names[0] in values else "nothing measured on"
            missing.append(f"{why} {names[0]}")
        else:
            (value,) = values[names[0]]
            members.append((traits, value))
    if missing or twice:
        reasons = [*missing, *(f"several datasets of {one}" for one in twice)]
        more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        return Undefined("; ".join(reasons[:3]) + more)
    return _made(aggregate, members)


def _made(aggregate: Aggregate, members: Members) -> float | Undefined:
    """What a suite's own function says, if it is a number: the report goes on."""
    try:
        value = float(aggregate.fn(members))
    except Exception as error:
        return Undefined(f"{aggregate.name} raised {type(error).__name__}: {error}")
    if not math.isfinite(value):
        return Undefined(f"{aggregate.name} must give a finite number, got {value}")
    return value
