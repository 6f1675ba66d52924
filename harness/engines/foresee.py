"""Foresee: what a run would take, from a sample of its groups; nothing else is run."""

from __future__ import annotations

import math
import os
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.engines.dispatch import group_to_send, made_ready, words_of
from harness.engines.group import Trial
from harness.engines.processes import processes
from harness.engines.worker import try_group
from harness.errors import HarnessError
from harness.estimate import Cost, Forecast, Once, Range, Sampled, Work
from harness.fixtures.asked import asked_fixtures, measured_metrics
from harness.fixtures.axes import own_parameters
from harness.fixtures.cells import group_of, place_of, run_of, what_of
from harness.fixtures.pretext import HEADS
from harness.models.trained_here import TRAINED_ON_FIRST_USE, trainable
from harness.printable import counted
from harness.run import Run

#: Of processors that a sample may take, but for the model that it has begun with.
SECONDS = 60.0
#: Images of the first sample; the second has at least so many times as many.
IMAGES, GROWTH = 32, 4
_EACH = 3  # groups of a model
# Of the cache folder: what a run would make, and a sample with other settings too.
_MADE = ("heads", "under-way")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What is known before a run.

    Attributes
    ----------
    stored, others
        Cells that the store has; tests that measure nothing, which are not counted.
    works
        The groups that are to be measured, in their order.
    forecast
        What they would take; None where there are none.
    bytes
        Of each group's images, as they are shown to a network.
    sampled
        The groups that were run, those on most images last.
    sizes
        How many images they were run on at most, in the order of the samples.
    seconds, started
        That the samples took; that a process takes beyond its groups, starting,
        collecting and ending, by the clock and of its processors.
    memory
        Images of the largest group of each sample, and the most memory that its worker
        held.
    once
        Images that are answered or learned from once a model.
    left_out
        Models whose weights are not made yet, and populations: of no sample.
    failed
        Why cells of the sample failed, a line each.
    """

    stored: int
    others: int
    works: tuple[Work, ...]
    bytes: tuple[int, ...] = ()
    forecast: Forecast | None = None
    sampled: tuple[Sampled, ...] = ()
    sizes: tuple[int, ...] = ()
    seconds: float = 0.0
    started: tuple[Range, Range] = (Range.of(0.0), Range.of(0.0))
    memory: tuple[tuple[int, float], ...] = ()
    once: Once | None = None
    left_out: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    work: Work
    items: list[pytest.Item]


class _Tried:
    """What groups took on so many images at most."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.made: list[Sampled] = []
        self.beyond = 0.0, 0.0  # the groups: what the worker took, from start to end
        self.processor = 0.0  # seconds, whatever else the machine does
        self.failed: list[str] = []
        self.memory = 0, 0.0  # most images of a group, most bytes

    def warm(self, trial: Trial) -> None:
        """Of a group that brought in what every model needs."""
        self.processor += trial.processor

    def add(self, work: Work, trial: Trial, *, first: bool) -> None:
        """Of a group that counts."""
        images = min(work.images, self.size)
        cost = Cost(trial.seconds, trial.processor, trial.passes, trial.bytes)
        self.made.append(
            Sampled(work=replace(work, images=images), first=first, cost=cost)
        )
        self.processor += trial.processor
        self.failed += trial.failed
        self.memory = max(self.memory[0], images), max(self.memory[1], trial.bytes)


class Foreseer:
    """Takes the place of pytest's loop over the tests, and of the report.

    Parameters
    ----------
    config
        Of the process that pytest was started in.
    is_stored
        Whether a cell need not be measured.

    Raises
    ------
    HarnessError
        If workers are asked for, too.
    """

    def __init__(
        self, config: pytest.Config, is_stored: Callable[[pytest.Item], bool]
    ) -> None:
        option = config.option
        if getattr(option, "numprocesses", None) or getattr(option, "tx", None):
            raise HarnessError(
                "--harness-plan runs no more than a sample, in a process of its own; "
                "leave -n out: the plan says how the run divides"
            )
        self._config = config
        self._is_stored = is_stored
        self._foreseen: Foreseen | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Look up what is stored, run the sample."""
        if not made_ready(session):
            return None  # pytest's own loop has a word for it
        try:
            self._foreseen = self._foresee(session.items)
        except (HarnessError, OSError) as error:
            raise pytest.UsageError(str(error)) from None
        return True

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Print it."""
        if self._foreseen is None:
            return
        from harness.printable import printable
        from harness.report.foreseen import plan_lines

        terminalreporter.section("plan")
        for line in plan_lines(self._foreseen):
            terminalreporter.write_line(printable(line))

    # --- what there is ----------------------------------------------------------------

    def _foresee(self, items: Sequence[pytest.Item]) -> Foreseen:
        run = run_of(self._config)
        cells = [item for item in items if place_of(item) is not None]
        groups: dict[str, list[pytest.Item]] = {}
        for item in cells:
            if not self._is_stored(item):
                groups.setdefault(group_of(item), []).append(item)
        found = [_group(run, name, some) for name, some in groups.items()]
        height, width, channels = run.base.size
        foreseen = Foreseen(
            stored=len(cells) - sum(map(len, groups.values())),
            others=len(items) - len(cells),
            works=tuple(group.work for group in found),
            bytes=tuple(g.work.images * height * width * channels for g in found),
        )
        if not found:
            return foreseen
        left_out = {
            name
            for name in {group.work.model for group in found}
            if _is_to_be_made(run, name)
        }
        chosen = _sample([group for group in found if group.work.model not in left_out])
        if not any(chosen):
            raise HarnessError(
                "a plan needs one model at least whose weights are here, and these are "
                f"not made yet: {', '.join(sorted(left_out))}; measure one dataset "
                "with one of them first"
            )
        foreseen = replace(foreseen, left_out=tuple(sorted(left_out)))
        return self._sampled(foreseen, run, chosen, _once(run, found))

    # --- the sample -------------------------------------------------------------------

    def _sampled(
        self, foreseen: Foreseen, run: Run, chosen: list[list[_Group]], once: Once
    ) -> Foreseen:
        """Run it on few images, and on as many more as there is time for."""
        most = max(group.work.images for some in chosen for group in some)
        start = time.monotonic()
        small = self._tried(run, chosen, min(IMAGES, most))
        large = small
        times = (SECONDS - small.processor) / max(small.processor, 1e-9)
        if (size := _next_size(small.size, most, times)) is not None:
            large = self._tried(run, chosen, size)
        both = (small,) if large is small else (small, large)
        return replace(
            foreseen,
            forecast=Forecast(small.made, large.made, once),
            sampled=tuple(large.made),
            sizes=tuple(one.size for one in both),
            seconds=time.monotonic() - start,
            started=(_ends(0, *both), _ends(1, *both)),
            memory=tuple(one.memory for one in both),
            once=once,
            failed=tuple(line for one in both for line in one.failed),
        )

    def _tried(self, run: Run, chosen: list[list[_Group]], size: int) -> _Tried:
        """Run groups on so many images, all of a model, of one model at least."""
        run.tell(
            f"plan: a sample of {counted(len(chosen) - 1, 'model')}, on {size} images "
            "each"
        )
        tried = _Tried(size)
        start, busy = time.monotonic(), _of_children()
        engine = processes("1")
        finished = False
        try:
            with _own_cache(run.settings.cache_dir) as cache:
                more = [
                    *(f"--harness-max-images={size}", f"--harness-bank-images={size}"),
                    *(f"--harness-head-images={max(size, 20)}", "--harness-keep=none"),
                    *(f"--harness-cache-dir={cache}", f"--harness-store={cache}/none"),
                ]
                name = uuid.uuid4().hex

                def trial_of(group: _Group) -> Trial:
                    text = self._text(name, group, more)
                    trial = Trial.from_json(engine.submit(try_group, text).result())
                    if trial.refused:
                        raise HarnessError(f"no sample can be run: {trial.refused}")
                    return trial

                warm, *models = chosen
                for group in warm:  # so that no model is charged for what all need
                    tried.warm(trial_of(group))
                for groups in models:
                    for i, group in enumerate(groups):
                        tried.add(group.work, trial_of(group), first=i == 0)
                    if tried.processor > SECONDS:
                        break
            finished = True
        finally:
            engine.shutdown(wait=finished)
        took = time.monotonic() - start, _of_children() - busy
        tried.beyond = (
            max(0.0, took[0] - math.fsum(one.cost.seconds for one in tried.made)),
            max(0.0, took[1] - math.fsum(one.cost.processor for one in tried.made)),
        )
        return tried

    def _text(self, name: str, group: _Group, more: list[str]) -> str:
        sent = group_to_send(
            self._config, name, words_of(group.items), group.items, workers=1
        )
        given = sent.arguments
        end = given.index("--") if "--" in given else len(given)
        return replace(
            sent,
            arguments=[*given[:end], *more, *given[end:]],
            tests=[[nodeid, ""] for nodeid, _ in sent.tests],  # no key of any cell
        ).to_json()


def _of_children() -> float:
    """Seconds of processors of all processes that this one has started and seen end."""
    times = os.times()
    return times.children_user + times.children_system


def _ends(which: int, *samples: _Tried) -> Range:
    """What processes took beyond their groups: each sample has one of its own."""
    values = [one.beyond[which] for one in samples]
    return Range(min(values), math.fsum(values) / len(values), max(values))


def _group(run: Run, name: str, items: list[pytest.Item]) -> _Group:
    place = place_of(items[0])
    assert place is not None
    if place.dataset:
        members = [run.datasets[place.dataset]]
    else:
        members = list(run.families.get(place.family, ()))
    images = sum(member.size(run.limit_of(member)) for member in members)
    family = members[0].family if members else ""
    work = Work(
        name=name,
        model=place.subject,
        family=family if place.dataset else f"all of {family}" if family else "",
        cells=len(items),
        images=max(1, images),
    )
    return _Group(work=work, items=items)


def _next_size(size: int, most: int, times: float) -> int | None:
    """Images of the second sample, which may take so many times as long as the first.

    None where the first had all of them.

    Examples
    --------
    >>> _next_size(32, 10_000, 5.0), _next_size(32, 10_000, 0.1), _next_size(32, 100, 9)
    (160, 128, 100)
    >>> _next_size(20, 20, 9.0) is None
    True
    """
    return None if size >= most else min(most, max(GROWTH * size, int(times * size)))


def _sample(groups: list[_Group]) -> list[list[_Group]]:
    """By model: a group that shows what it takes once, and two that do not.

    Of its largest family first, and those with most cells; of each model other ones,
    since images that are made for one model are at hand for the next. First of all, by
    itself, another group of the last model, if it has one: tests cannot run twice.
    """
    by_model: dict[str, list[_Group]] = {}
    for group in groups:
        by_model.setdefault(group.work.model, []).append(group)
    chosen: list[list[_Group]] = []
    warm: list[_Group] = []
    for turn, some in enumerate(by_model.values()):
        times = Counter(group.work.family for group in some)
        some.sort(key=lambda g: (-times[g.work.family], g.work.family, -g.work.cells))
        alike = sum(_kind(group) == _kind(some[0]) for group in some)
        number = max(alike, min(_EACH + 1, len(some)))
        places = dict.fromkeys((_EACH * turn + i) % number for i in range(_EACH + 1))
        *some_places, last = places
        if len(places) <= _EACH:
            some_places, last = list(places), -1
        chosen.append([some[place] for place in some_places])
        warm = [some[last]] if last >= 0 else []
    return [warm if len(chosen) > 1 else [], *chosen]


def _kind(group: _Group) -> tuple[str, int]:
    return group.work.family, group.work.cells


def _is_to_be_made(run: Run, name: str) -> bool:
    """Whether a sample would train it first."""
    if name in run.registry.populations_of(run.base.name):
        return True
    entry = run.registry.model(run.base.name, name)
    if entry.locate(run.settings) != TRAINED_ON_FIRST_USE:
        return False
    found = trainable(entry)
    if found is None:
        return True
    from harness.models.trainings import Training

    training = Training(
        entry=found[0],
        base=run.base,
        recipe=found[1].recipe,
        seed=run.settings.training_seed,
        settings=run.settings,
    )
    return not training.weights.exists()


def _once(run: Run, groups: list[_Group]) -> Once:
    """The source set is answered once a model; training images where tests ask it."""
    try:
        least = run.source.size(run.settings.max_images)
    except HarnessError:  # saved outputs need not have one
        return Once(least=1, most=1)
    asked: set[str] = set()
    tests = {what_of(item): item for group in groups for item in group.items}
    for item in tests.values():
        asked |= asked_fixtures(item, measured_metrics(item, own_parameters(item)))
    most = least
    if "train" in asked:
        most = max(most, run.train.size(run.settings.bank_images))
    if not HEADS.isdisjoint(asked):
        most = max(most, run.train.size(run.settings.head_images))
    return Once(least=least, most=most)


@contextmanager
def _own_cache(folder: Path) -> Iterator[Path]:
    """A cache folder with what the run's has, but for what a sample would make anew."""
    with tempfile.TemporaryDirectory(prefix="harness-plan-") as made:
        cache = Path(made)
        if folder.is_dir():
            for one in folder.iterdir():
                if one.name not in _MADE:
                    (cache / one.name).symlink_to(one.resolve())
        yield cache
