"""Aggregating: rows of a run and traits of its datasets make aggregates.

A pure function over rows: what is missing is named, and never left out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping

from harness.analysis.aggregates import Aggregate, Aggregated
from harness.analysis.alexnet import Members
from harness.analysis.correlation import Undefined
from harness.measurement import Axes, Measurement, axis_text, in_order
from harness.traits import Trait


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
    clean: dict[tuple[tuple[str, Axes], str], dict[str, set[float]]] = {}
    for row in rows:
        if row.dataset:
            at = known.setdefault((row.series, row.model, row.family), {})
            at.setdefault(row.dataset, set()).add(row.value)
            if row.of_test_split:
                whole = clean.setdefault((row.series, row.model), {})
                whole.setdefault(row.dataset, set()).add(row.value)
    found = []
    for series, model, family in _sorted(known):
        metric, axes = series
        values = known[series, model, family]
        for traits, grid in _grids(aggregate, members.get(family, {})):
            kept = {trait: axis_text(value) for trait, value in traits.items()}
            value: float | Undefined
            if aggregate.metric and metric != aggregate.metric:
                value = Undefined(
                    f"{aggregate.name} is made of {aggregate.metric} alone, and not of "
                    f"{metric}"
                )
            else:
                value = _value(
                    aggregate, traits, grid, values, clean.get((series, model), {})
                )
            found.append(
                Aggregated(
                    aggregate=aggregate.name,
                    metric=metric,
                    axes=Axes.of({**dict(axes), **kept}),
                    model=model,
                    family=family,
                    value=value,
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
) -> Iterable[tuple[dict[str, Trait], _Grid]]:
    """Of each combination that is kept: every combination that is gone over."""
    over, by = aggregate.over, (*aggregate.by, *_MEMBER)
    fitting = {
        name: traits
        for name, traits in members.items()
        if all(trait in traits for trait in (*over, *aggregate.by))
        and all(traits.get(trait) in values for trait, values in aggregate.of.items())
    }
    values = [
        aggregate.of.get(trait) or dict.fromkeys(t[trait] for t in fitting.values())
        for trait in over
    ]
    kept = dict.fromkeys(tuple(t.get(trait) for trait in by) for t in fitting.values())
    for group in kept:
        grid: _Grid = {place: [] for place in itertools.product(*values)}
        for name, traits in fitting.items():
            if tuple(traits.get(trait) for trait in by) == group:
                grid[tuple(traits[trait] for trait in over)].append(name)
        pairs = zip(by, group, strict=True)
        yield {trait: value for trait, value in pairs if value is not None}, grid


def _value(
    aggregate: Aggregate,
    kept: Mapping[str, Trait],
    grid: _Grid,
    values: Mapping[str, set[float]],
    clean: Mapping[str, set[float]],
) -> float | Undefined:
    missing, twice = _no_dataset(aggregate, grid), []
    members: list[tuple[Mapping[str, Trait], float]] = []
    for place, names in grid.items():
        traits = dict(zip(aggregate.over, place, strict=True))
        if len(names) > 1:
            twice.append(f"{_called(traits)} ({' and '.join(names)})")
        elif names and len(values.get(names[0], ())) != 1:
            why = "two tests differ on" if names[0] in values else "nothing measured on"
            missing.append(f"{why} {names[0]}")
        elif names:
            (value,) = values[names[0]]
            members.append(({**kept, **traits}, value))
    if aggregate.clean and (lack := _no_clean(kept, clean)):
        missing.append(lack)
    if missing or twice:
        reasons = [*missing, *(f"several datasets of {one}" for one in twice)]
        more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        return Undefined("; ".join(reasons[:3]) + more)
    beside = [v for some in clean.values() for v in some] if aggregate.clean else []
    return _made(aggregate, members, beside)


def _called(traits: Mapping[str, Trait]) -> str:
    return ", ".join(f"{name} {value}" for name, value in traits.items())


def _no_dataset(aggregate: Aggregate, grid: _Grid) -> list[str]:
    """What has none: a value of the first trait alone where it has none at all."""
    there = {place[:1] for place, names in grid.items() if names}
    absent = [place for place, names in grid.items() if not names]
    told = [place if place[:1] in there else place[:1] for place in absent]
    return [
        f"no dataset of {_called(dict(zip(aggregate.over, one, strict=False)))}"
        for one in dict.fromkeys(told)
    ]


def _no_clean(kept: Mapping[str, Trait], clean: Mapping[str, set[float]]) -> str | None:
    """Why there is no one number on the clean images; None where there is."""
    if member := kept.get(_MEMBER[0]):
        return f"which images {member} was made of is not known"
    if not clean:
        return "nothing measured on the test split"
    if len(clean) > 1:
        return f"several test splits ({' and '.join(clean)})"
    (values,) = clean.values()
    return "two tests differ on the test split" if len(values) > 1 else None


def _made(
    aggregate: Aggregate, members: Members, beside: Iterable[float]
) -> float | Undefined:
    """What a suite's own function says, if it is a number: the report goes on."""
    try:
        value = float(aggregate.fn(members, *beside))
    except Exception as error:
        return Undefined(f"{aggregate.name} raised {type(error).__name__}: {error}")
    if not math.isfinite(value):
        return Undefined(f"{aggregate.name} must give a finite number, got {value}")
    return value
