"""Estimate: what a run would take, from what a sample of it took.

A sample is of whole groups, all cells of a model on a dataset, on few images and on
some more. What a group takes of all its images is read off the two: by a straight line,
which has a part that stays the same however many there are, and by a power of their
number, which finds work that grows faster than they do.

The range is an interval of the mean of all groups, by Student's t and by how far groups
that should be alike lay apart, of all models together, since each has few; it is wider
where there were fewer. A machine is not the same at another time, which no sample
tells: `Range.elsewhen` adds what samples of one run were found to differ by.
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
_LEVEL = 0.95
_TIMES = 2.0  # either way, where no two groups say how far alike ones lie apart
# Shares by which seconds of the same work differ between times of one machine. Samples
# of one run, and runs of it, within half an hour took from 18 to 23 s of processors for
# the same groups and, beside other work of two cores, from 25 to 42 by the clock; those
# of one sample lay no more than a twentieth apart.
ELSEWHEN_CLOCK, ELSEWHEN_PROCESSOR = 1 / 3, 1 / 5


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

    def within(self, error: float) -> Range:
        """Both ends moved outward by an error of the middle; none is below 0."""
        return Range(max(0.0, self.low - error), self.middle, self.high + error)

    def elsewhen(self, share: float) -> Range:
        """The same with the machine at another time, by which it differs by a share.

        Examples
        --------
        >>> [round(one, 2) for one in Range.of(10.0).elsewhen(0.2)]
        [8.0, 10.0, 12.0]
        >>> [round(one, 2) for one in Range(8.5, 10.0, 11.5).elsewhen(0.2)]
        [7.5, 10.0, 12.5]
        """
        low, middle, high = self
        other = share * middle
        return Range(
            max(0.0, middle - math.hypot(middle - low, other)),
            middle,
            middle + math.hypot(high - middle, other),
        )


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
        self._apart: dict[Callable[[Cost], float], float | None] = {}

    @property
    def models(self) -> frozenset[str]:
        """Of which some group was sampled."""
        return frozenset(self._first)

    def of(self, work: Work, what: Callable[[Cost], float]) -> Range:
        """What a group takes beyond what its model takes once, all images of it.

        As groups of the same model and family did; else as those of the model, or of
        all models: their mean, by a line and by a power, and how well it is known; of
        a model that was not sampled between the least and the most of the others.
        """
        each = [
            grown(_point(small, what), _point(large, what), work.images).times(
                work.cells / large.work.cells
            )
            for small, large in self._like(work)
        ]
        mean = Range(*(_mean(ends) for ends in zip(*each, strict=True)))
        if work.model not in self._first:
            mean = _spread(each)  # as the models differ
        return self._known(mean, what, math.sqrt(1 / len(each)))

    def passes(self, work: Work) -> float:
        """Of a group, however many images it has; also told by others like it."""
        return _mean([large.cost.passes for _, large in self._like(work)])

    def once(self, model: str, what: Callable[[Cost], float]) -> Range:
        """What a model takes once."""
        models = [model] if model in self._first else list(self._first)
        return _spread([self._once_of(one, what) for one in models])

    def _known(
        self, found: Range, what: Callable[[Cost], float], errors: float
    ) -> Range:
        """What was found, within so many times the error of one group."""
        if what not in self._apart:
            self._apart[what] = self._apart_by(what)
        apart = self._apart[what]
        if apart is None:
            low, middle, high = found
            return Range(low / _TIMES, middle, high * _TIMES)
        return found.within(errors * apart * found.middle)

    def _apart_by(self, what: Callable[[Cost], float]) -> float | None:
        """By what share of it a group may differ from the mean of those like it.

        Of all models and families together; None where no two groups are alike.
        """
        alike: dict[tuple[str, str], list[float]] = {}
        for _, large in self._pairs:
            place = large.work.model, large.work.family
            alike.setdefault(place, []).append(what(large.cost) / large.work.cells)
        squares, freedom = 0.0, 0
        for values in alike.values():
            mean = _mean(values)
            if mean > 0 and len(values) > 1:
                squares += math.fsum((value / mean - 1) ** 2 for value in values)
                freedom += len(values) - 1
        if not freedom:
            return None
        return student(freedom) * math.sqrt(squares / freedom)

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
        others = [
            large.cost
            for _, large in self._pairs
            if large.work.model == model and not large.first
        ]
        if not others:  # nothing tells the model's first group from others
            return _spread(ends)
        # A difference of two, as far apart as groups are.
        group = Range.of(_mean([what(cost) for cost in others]))
        error = self._known(group, what, math.sqrt(1 + 1 / len(others)))
        return _spread(ends).within(error.high - group.middle)

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


def student(freedom: int) -> float:
    """How many standard errors hold a mean, of so many degrees of freedom, at 95 %.

    Examples
    --------
    >>> [round(student(freedom), 2) for freedom in (1, 2, 10, 1000)]
    [12.71, 4.3, 2.23, 1.96]
    """
    from scipy.special import stdtrit  # which few processes need

    return float(stdtrit(freedom, (1 + _LEVEL) / 2))


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
