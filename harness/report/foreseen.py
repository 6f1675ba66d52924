"""What a run would take, in lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Literal

from harness.answers.threads import cores
from harness.estimate import (
    ELSEWHEN_CLOCK,
    ELSEWHEN_PROCESSOR,
    Cost,
    Forecast,
    Range,
    grown,
    longest_shard,
    on_workers,
    total,
)
from harness.printable import counted
from harness.report.text import some

if TYPE_CHECKING:
    from harness.engines.foresee import Foreseen

PARTS = (2, 4, 8, 16, 100)  # machines among which a run may be divided
_MINUTE, _HOUR = 60.0, 3600.0


def plan_lines(plan: Foreseen) -> Iterator[str]:
    """What there is to do, what it would take, and how that is known."""
    works = plan.works
    cells = sum(work.cells for work in works)
    yield _line("cells", f"{cells:,} to be measured, {plan.stored:,} in the store")
    if plan.others:
        yield _line("", f"{counted(plan.others, 'test')} more that measure nothing")
    if not works or plan.forecast is None:
        return
    models = list(dict.fromkeys(work.model for work in works))
    groups = f"{len(works):,} of {counted(len(models), 'model')}"
    yield _line("groups", f"{groups}, a model on a dataset each")
    yield from _images(plan, plan.forecast, models)
    yield from _memory(plan)
    yield from _times(plan, plan.forecast, models)
    yield from _sample(plan, plan.forecast, models)


def _images(plan: Foreseen, forecast: Forecast, models: list[str]) -> Iterator[str]:
    each = [forecast.passes(work) for work in plan.works]
    once = sum(map(forecast.passes_once, models))
    images = math.fsum(
        passes * work.images for passes, work in zip(each, plan.works, strict=True)
    )
    assert plan.once is not None
    images += once * plan.once.least
    passes = math.fsum(each) + once
    yield _line("forward passes", f"{passes:,.0f}, {images:,.0f} images in all")
    if plan.once.most > plan.once.least:
        more = f"{counted(len(models), 'model')} from {plan.once.most:,} images"
        yield _line("", f"and what is learned once by each of {more}, where it is not")
    read = sum(work.images for work in plan.works)
    yield _line("images", f"{read:,} read or made, {_size(sum(plan.bytes))} decoded")


def _memory(plan: Foreseen) -> Iterator[str]:
    (few, less), (many, more) = plan.memory[0], plan.memory[-1]
    if not more:
        yield _line("memory", "not known: this system does not say")
        return
    most = max(work.images for work in plan.works)
    line = grown((few, less), (many, more), most).middle if few < many else more
    yield _line(
        "memory",
        f"about {_size(line)} a process; {_size(more)} on {many:,} images, by a line",
    )


def _times(plan: Foreseen, forecast: Forecast, models: list[str]) -> Iterator[str]:
    clock = _Times(plan, forecast, models, 0)
    busy = _Times(plan, forecast, models, 1)
    alone = clock.range(total)
    here = f"one process, {counted(cores(), 'core')}"
    yield _line("time here", f"{_between(alone)} by the clock, in {here}")
    yield _line("", f"{_between(busy.range(total))} of processors")
    yield _line("divided", "among machines like this, as shards and by an engine")
    for parts in PARTS:
        if parts > len(plan.works):
            break
        shard = clock.range(partial(longest_shard, shards=parts))
        engine = clock.range(partial(on_workers, workers=parts))
        what = f"{_between(shard)} the longest shard"
        yield _line(f"  {parts}", f"{what}; {_between(engine)} by an engine")


# By the clock, and of processors; and how far each is from itself at another time.
_SECONDS: tuple[tuple[Callable[[Cost], float], float], ...] = (
    (attrgetter("seconds"), ELSEWHEN_CLOCK),
    (attrgetter("processor"), ELSEWHEN_PROCESSOR),
)


class _Times:
    """Seconds of groups and models, and of starting and ending each process."""

    def __init__(
        self,
        plan: Foreseen,
        forecast: Forecast,
        models: list[str],
        which: Literal[0, 1],
    ) -> None:
        what, self._elsewhen = _SECONDS[which]
        self._plan = plan
        self._started = plan.started[which]
        self._each = [forecast.of(work, what) for work in plan.works]
        self._once = {model: forecast.once(model, what) for model in models}

    def range(self, divided: Callable[..., float]) -> Range:
        """What it takes if it is divided so, each process started and ended once."""
        now = Range(
            *(
                divided(
                    self._plan.works,
                    [one[i] for one in self._each],
                    {model: one[i] for model, one in self._once.items()},
                )
                + self._started[i]
                for i in range(3)
            )
        )
        return now.elsewhen(self._elsewhen)


def _sample(plan: Foreseen, forecast: Forecast, models: list[str]) -> Iterator[str]:
    sizes = " and ".join(f"{size:,}" for size in plan.sizes)
    groups = counted(len(plan.sampled), "group")
    of = counted(len(forecast.models), "model")
    yield _line(
        "sampled",
        f"{groups} of {of}, on at most {sizes} images each, in {_long(plan.seconds)}",
    )
    yield _line("", "in brackets what they leave open, 95 %, by a line and by a power")
    yield _line("", "and this machine at another time: a third by the clock, a")
    yield _line("", "fifth of processors, either way")
    unknown = [model for model in models if model not in forecast.models]
    if unknown:
        yield _line("", f"not sampled, taken for the mean of those: {some(unknown)}")
    if plan.left_out:
        yield _line("not in it", f"the training of {some(list(plan.left_out))}")
    yield _line("" if plan.left_out else "not in it", "gates and reports")
    if plan.failed:
        failed = counted(len(plan.failed), "cell")
        yield _line("ATTENTION", f"{failed} of the sample failed: {plan.failed[0]}")


def _line(head: str, text: str) -> str:
    return f"{head:15} {text}".rstrip()


def _between(range_: Range) -> str:
    low, middle, high = range_
    return f"{_long(middle)} ({_long(low)} to {_long(high)})"


def _long(seconds: float) -> str:
    """A time for people.

    Examples
    --------
    >>> _long(0.26), _long(75), _long(5400), _long(3.6e7)
    ('0.3 s', '75 s', '1.5 h', '10,000 h')
    """
    if seconds < 2 * _MINUTE:
        return f"{seconds:.{0 if seconds >= 10 else 1}f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    hours = seconds / _HOUR
    return f"{hours:,.{0 if hours >= 10 else 1}f} h"


def _size(number: float) -> str:
    """A number of bytes for people.

    Examples
    --------
    >>> _size(2**20), _size(1500 * 2**20), _size(3 * 2**40)
    ('1 MiB', '1.5 GiB', '3.0 TiB')
    """
    for unit, size in (("TiB", 2**40), ("GiB", 2**30)):
        if number >= size:
            return f"{number / size:,.1f} {unit}"
    return f"{number / 2**20:.0f} MiB"
