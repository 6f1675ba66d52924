"""Estimate: what a run would take, from what a sample of it took.

A sample is of whole groups, all cells of a model on a dataset, on few images and on
some more. What a group takes of all its images is read off the two: by a straight line,
which has a part that stays the same however many there are, and by a power of their
number, which finds work that grows faster than they do. Several groups of a kind differ
by what the clock's noise is; the least and most of all these is the range.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple, Self

from harness.settings import part_of

_LARGEST_POWER = 3.0  # of the images: a matrix of all pairs, solved


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A group of cells that is to be measured.

    Attributes
    ----------
    name
        By which shards choose it.
    model, family
        What it is of: one model, or population, on one dataset of a family.
    cells, images
        How many; the images of one pass.
    """

    name: str
    model: str
    family: str
    cells: int
    images: int


class Cost(NamedTuple):
    """What a group takes: seconds by the clock and of processors, passes, memory.

    Passes may be a fraction where groups of other sizes share them out; bytes are the
    most that the process held so far.
    """

    seconds: float
    processor: float
    passes: float
    bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """A group that was run on few images.

    Attributes
    ----------
    work
        Which, with the images that it was run on.
    first
        Whether it was its model's first in the process, so that the network was loaded
        in it, and all done that is done once a model.
    cost
        What it took.
    """

    work: Work
    first: bool
    cost: Cost


class Range(NamedTuple):
    """A number, and between which others it may lie."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, value: float) -> Self:
        """One that is known."""
        return cls(value, value, value)

    def __add__(self, other: object) -> Range:
        """Both, end by end."""
        assert isinstance(other, Range)
        return Range(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, factor: float) -> Range:
        """Each of the three so many times."""
        return Range(*(factor * one for one in self))


def grown(small: tuple[int, float], large: tuple[int, float], images: int) -> Range:
    """What takes `images`, of which two smaller numbers are known.

    Parameters
    ----------
    small, large
        Images, and what they took; the same twice where one number is known.
    images
        How many it is asked of.

    Examples
    --------
    1 second, and 0.01 for each image; 0.01 for each and nothing else; and work that
    grows as the square of the images, which a line sees too little of:

    >>> [round(one, 9) for one in grown((100, 2.0), (300, 4.0), 1000)]
    [8.549874683, 11.0, 11.0]
    >>> [round(one, 9) for one in grown((100, 1.0), (300, 3.0), 1000)]
    [10.0, 10.0, 10.0]
    >>> [round(one) for one in grown((100, 1.0), (200, 4.0), 1000)]
    [28, 28, 100]

    Of one number it is in proportion:

    >>> grown((100, 2.0), (100, 2.0), 300).middle
    6.0
    """
    (few, less), (many, more) = small, large
    if few >= many or images == many:
        return Range.of(more * images / many)
    line = more + max(0.0, more - less) / (many - few) * (images - many)
    power = 0.0
    if less > 0 and more > less:
        power = min(_LARGEST_POWER, math.log(more / less) / math.log(many / few))
    bent = more * (images / many) ** power
    return Range(min(line, bent), line, max(line, bent))


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Images that are answered, or learned from, once a model: between how many."""

    least: int
    most: int


class Forecast:
    """What groups would take.

    Parameters
    ----------
    small, large
        Samples of the same groups on two numbers of images; the same twice where there
        is one. What is in one of them alone is passed over.
    once
        What is done once a model grows with these.
    """

    def __init__(
        self, small: Sequence[Sampled], large: Sequence[Sampled], once: Once
    ) -> None:
        fewer = {one.work.name: one for one in small}
        pairs = [(fewer[one.work.name], one) for one in large if one.work.name in fewer]
        self._first = {two[1].work.model: two for two in pairs if two[1].first}
        again = {two[1].work.model for two in pairs if not two[1].first}
        self._pairs = [
            two for two in pairs if not two[1].first or two[1].work.model not in again
        ]
        self._once = once

    @property
    def models(self) -> frozenset[str]:
        """Of which some group was sampled."""
        return frozenset(self._first)

    def of(self, work: Work, what: Callable[[Cost], float]) -> Range:
        """What a group takes beyond what its model takes once, all images of it.

        As groups of the same model and family did; else as those of the model, or of
        all models: the mean, between the least and the most of them.
        """
        each = [
            grown(_point(small, what), _point(large, what), work.images).times(
                work.cells / large.work.cells
            )
            for small, large in self._like(work)
        ]
        return _spread(each)

    def passes(self, work: Work) -> float:
        """Of a group, however many images it has; also told by others like it."""
        return _mean([large.cost.passes for _, large in self._like(work)])

    def once(self, model: str, what: Callable[[Cost], float]) -> Range:
        """What a model takes once."""
        models = [model] if model in self._first else list(self._first)
        return _spread([self._once_of(one, what) for one in models])

    def passes_once(self, model: str) -> float:
        """Of a model, beyond those of its groups."""
        models = [model] if model in self._first else list(self._first)
        return _mean([self._beyond(one, attrgetter("passes"))[1] for one in models])

    def _once_of(self, model: str, what: Callable[[Cost], float]) -> Range:
        less, more = self._beyond(model, what)
        few, many = (one.work.images for one in self._first[model])
        ends = [
            grown((few, less), (many, more), max(images, many))
            for images in (self._once.least, self._once.most)
        ]
        return _spread(ends)

    def _beyond(self, model: str, what: Callable[[Cost], float]) -> tuple[float, float]:
        """What a model's first group took more than others, of few images and more."""
        firsts = self._first[model]
        pairs = [two for two in self._pairs if two[1].work.model == model]
        less, more = (
            what(first.cost)
            - _mean(
                [
                    what(two[i].cost) * first.work.cells / two[i].work.cells
                    for two in pairs
                ]
            )
            for i, first in enumerate(firsts)
        )
        return max(0.0, less), max(0.0, more)

    def _like(self, work: Work) -> list[tuple[Sampled, Sampled]]:
        of_model = [two for two in self._pairs if two[1].work.model == work.model]
        of_family = [two for two in of_model if two[1].work.family == work.family]
        return of_family or of_model or self._pairs


def _point(one: Sampled, what: Callable[[Cost], float]) -> tuple[int, float]:
    return one.work.images, what(one.cost)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _spread(each: Sequence[Range]) -> Range:
    return Range(
        min(one.low for one in each),
        _mean([one.middle for one in each]),
        max(one.high for one in each),
    )


# --- divided --------------------------------------------------------------------------


def total(
    works: Sequence[Work], each: Sequence[float], once: Mapping[str, float]
) -> float:
    """All groups one after the other, each model begun once."""
    begun = {work.model for work in works}
    return math.fsum(each) + math.fsum(once[model] for model in sorted(begun))


def longest_shard(
    works: Sequence[Work], each: Sequence[float], once: Mapping[str, float], shards: int
) -> float:
    """What the longest of several shards takes, which begins each model that it has.

    Examples
    --------
    >>> works = [Work(name=n, model="m", family="f", cells=1, images=1) for n in "adg"]
    >>> [part_of(work.name, 2) for work in works]
    [1, 2, 2]
    >>> longest_shard(works, [1.0, 5.0, 2.0], {"m": 0.5}, 2)
    7.5
    """
    taken = [0.0] * (shards + 1)
    begun: set[tuple[int, str]] = set()
    for work, seconds in zip(works, each, strict=True):
        part = part_of(work.name, shards)
        if (part, work.model) not in begun:
            begun.add((part, work.model))
            seconds += once[work.model]
        taken[part] += seconds
    return max(taken)


def on_workers(
    works: Sequence[Work],
    each: Sequence[float],
    once: Mapping[str, float],
    workers: int,
) -> float:
    """What an engine takes, which gives the next group to whichever worker is free.

    Examples
    --------
    >>> works = [Work(name=n, model="m", family="f", cells=1, images=1) for n in "abc"]
    >>> on_workers(works, [1.0, 5.0, 2.0], {"m": 0.5}, 2)
    5.5
    >>> on_workers(works, [1.0, 5.0, 2.0], {"m": 0.5}, 1)
    8.5
    """
    free = [(0.0, number) for number in range(min(workers, max(1, len(works))))]
    at: dict[int, str] = {}  # each worker's network
    for work, seconds in zip(works, each, strict=True):
        since, number = heapq.heappop(free)
        if at.get(number) != work.model:
            at[number] = work.model
            seconds += once[work.model]
        heapq.heappush(free, (since + seconds, number))
    return max(since for since, _ in free)
