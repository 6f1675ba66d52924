"""Along axes: how a number moves with k, a layer or an epoch, a line a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from statistics import median
from types import MappingProxyType

from harness.analysis.correlation import Undefined
from harness.measurement import Axes, Measurement, number_of
from harness.models.layers import HEAD

TEST = "test split"
_NONE: Mapping[str, Sequence[Sequence[str]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAlong:
    """One model along an axis.

    Attributes
    ----------
    model
        Whose.
    axes
        The other axes of the numbers.
    values
        For each place the median over `datasets`; None where nothing was measured, or
        why it does not exist.
    datasets
        The datasets with a value at every place where the line has one at all.
    intervals
        For each place that of its number, where it is of one dataset and has any.
    """

    model: str
    axes: Axes
    values: tuple[float | Undefined | None, ...]
    datasets: int
    intervals: tuple[tuple[float, float] | None, ...] = ()

    @property
    def name(self) -> str:
        """The model, and what else tells the line from others."""
        return f"{self.model}, {self.axes}" if self.axes else self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class AlongAxis:
    """A metric or outcome along an ordered axis.

    Attributes
    ----------
    metric, axis
        What, along what.
    at
        The places, in order.
    block
        Over which datasets: the test split, or a domain without it; a family as a
        whole; empty of numbers of a model alone.
    lines
        By model and other axes.
    """

    metric: str
    axis: str
    at: tuple[str, ...]
    block: str
    lines: tuple[LineAlong, ...]


def along_axes(
    rows: Iterable[Measurement],
    declared: Mapping[str, Sequence[Sequence[str]]] = _NONE,
) -> tuple[AlongAxis, ...]:
    """Every metric along each of its ordered axes, for the test split and each domain.

    Medians are over the same datasets at every place of a line: else its shape would be
    that of the datasets.

    Parameters
    ----------
    rows
        Of a run.
    declared
        By axis, orders of values that are known, as of each model's layers; others are
        as of `ordered`.
    """
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for row in rows:
        for axis, _ in row.axes:
            groups.setdefault((row.metric, axis), []).append(row)
    found: list[AlongAxis] = []
    for (metric, axis), members in groups.items():
        values = list(dict.fromkeys(dict(m.axes)[axis] for m in members))
        at = _as_declared(values, declared.get(axis, ())) or ordered(values)
        if at is not None:
            found += _blocks(metric, axis, at, members)
    return tuple(found)


def ordered(values: Iterable[str]) -> tuple[str, ...] | None:
    """Values of an axis in order; None where they have none, or are fewer than two.

    Numbers are ordered, and names that are alike but for their last number; what enters
    the head of a network comes behind its stages.

    Examples
    --------
    >>> ordered(["20", "1", "5"]), ordered(["head", "stage10", "stage9"])
    (('1', '5', '20'), ('stage9', 'stage10', 'head'))
    >>> ordered(["cosine", "euclid"]) is None, ordered(["1"]) is None
    (True, True)
    """
    known = list(values)
    places = {value: _place(value) for value in known if value != HEAD}
    alike = len({around for around, _ in places.values()}) == 1
    if len(known) < 2 or not alike:
        return None
    sizes = {value: size for value, (_, size) in places.items() if size is not None}
    if len(sizes) < len(places):
        return None
    last = (HEAD,) if HEAD in known else ()
    return (*sorted(sizes, key=lambda value: (sizes[value], value)), *last)


def _place(value: str) -> tuple[tuple[str, str], float | None]:
    """What stands around the last number of a value, and that number."""
    if (number := number_of(value)) is not None:
        return ("", ""), number
    match = re.fullmatch(r"(.*?)(\d+)(\D*)", value)
    return ((match[1], match[3]), float(match[2])) if match else ((value, ""), None)


def _as_declared(
    values: Sequence[str], orders: Sequence[Sequence[str]]
) -> tuple[str, ...] | None:
    """The values in an order that agrees with all of these; None without one."""
    if len(values) < 2 or not set(values) <= {name for one in orders for name in one}:
        return None
    graph: dict[str, set[str]] = {}
    for one in orders:
        known = [name for name in one if name in values]
        for name in known:
            graph.setdefault(name, set())
        for before, after in pairwise(known):
            graph[after].add(before)
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError:
        return None


def _blocks(
    metric: str, axis: str, at: tuple[str, ...], rows: Sequence[Measurement]
) -> Iterator[AlongAxis]:
    blocks: dict[str, dict[tuple[str, Axes], list[Measurement]]] = {}
    for row in rows:
        block = _block(row)
        others = Axes(pair for pair in row.axes if pair[0] != axis)
        lines = blocks.setdefault(block, {})
        lines.setdefault((row.model, others), []).append(row)
    for block in sorted(blocks, key=lambda name: (name != TEST, name)):
        yield AlongAxis(
            metric=metric,
            axis=axis,
            at=at,
            block=block,
            lines=tuple(
                _line(model, others, axis, at, members)
                for (model, others), members in blocks[block].items()
            ),
        )


def _block(row: Measurement) -> str:
    if row.dataset:
        return TEST if row.of_test_split else str(row.domain)
    return f"family {row.family}" if row.family else ""


def _line(
    model: str,
    others: Axes,
    axis: str,
    at: tuple[str, ...],
    rows: Iterable[Measurement],
) -> LineAlong:
    values: dict[str, dict[str, set[float]]] = {}
    ends: dict[tuple[str, ...], tuple[float, float] | None] = {}
    for row in rows:
        place = dict(row.axes)[axis]
        values.setdefault(place, {}).setdefault(row.dataset, set()).add(row.value)
        ends[place, row.dataset] = row.interval
    common = set.intersection(*map(set, values.values()))
    found = tuple(_at(values.get(place), common, axis) for place in at)
    return LineAlong(
        model=model,
        axes=others,
        values=found,
        datasets=len(common),
        intervals=tuple(
            ends.get((place, *common)) if len(common) == 1 else None for place in at
        ),
    )


def _at(
    values: Mapping[str, set[float]] | None, common: set[str], axis: str
) -> float | Undefined | None:
    if values is None:
        return None
    if not common:
        return Undefined(f"no dataset has a value at every {axis}")
    if any(len(values[dataset]) > 1 for dataset in common):
        return Undefined("two tests recorded different values")
    return median(one for dataset in sorted(common) for one in values[dataset])
