"""Several networks of one recipe, trained one after another or side by side."""

from __future__ import annotations

import multiprocessing
import os
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.interrupts import ignore_interrupts, unheard
from harness.models.processes import ALONE, Processes
from harness.models.recipe import Recipe
from harness.models.trained_here import trainable
from harness.models.trainings import Training, train_once
from harness.settings import Settings

if TYPE_CHECKING:
    from harness.datasets.family import Base
    from harness.models.entry import ModelEntry

WAIT = 1.0  # seconds between looks at whether the workers live


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Networks to train, by names and numbers: other processes are told of it.

    Attributes
    ----------
    model
        Of the settings' base.
    recipe, seeds
        How; one network from each seed.
    splits
        That the records are of.
    kept
        Epochs whose weights are kept beside the last.
    logits
        Whether records have logits too.
    settings
        With base, device and folders.
    """

    model: str
    recipe: Recipe
    seeds: tuple[int, ...]
    splits: tuple[str, ...]
    settings: Settings
    kept: tuple[int, ...] = ()
    logits: bool = False

    def training(self, seed: int) -> Training:
        """The one from a seed."""
        base, entry = _found(self.settings.base, self.model)
        return Training(
            entry=entry,
            base=base,
            recipe=self.recipe,
            seed=seed,
            settings=self.settings,
            kept=self.kept,
            logits=self.logits,
        )


@cache
def _found(base: str, model: str) -> tuple[Base, ModelEntry]:
    from harness.registry import Registry

    registry = Registry()
    found = trainable(registry.model(base, model))
    assert found is not None
    return registry.bases[base], found[0]


class Progress:
    """Steps done of all networks, and how long the rest will take.

    Parameters
    ----------
    networks
        How many are to be trained.
    move, note
        Are told of steps done and in all, and of what there is to say.
    """

    def __init__(
        self,
        networks: int,
        move: Callable[[int, int], None],
        note: Callable[[str], Any],
    ) -> None:
        self._networks = networks
        self._move = move
        self._note = note
        self._done: dict[int, tuple[int, int]] = {}
        self._met: dict[int, int] = {}
        self._began: float | None = None

    def step(self, seed: int, done: int, steps: int) -> None:
        """So many steps of a network are done."""
        if self._began is None:  # not before: workers take seconds to start
            self._began = time.monotonic()
        self._met.setdefault(seed, done)  # of earlier calls, or not timed
        self._done[seed] = done, steps
        self._move(self._steps, steps * self._networks)

    def epoch(self, seed: int, text: str) -> None:
        """One is done."""
        name = f"seed {seed}, " if self._networks > 1 else ""
        self._note(f"{name}{text}{self._left()}")

    def whole(self, seed: int) -> None:
        """A network is there, perhaps since long."""
        self._done.setdefault(seed, (0, 0))

    @property
    def _steps(self) -> int:
        return sum(done for done, _ in self._done.values())

    def _left(self) -> str:
        steps = max(steps for _, steps in self._done.values())
        found = sum(1 for _, of in self._done.values() if not of)
        left = steps * (self._networks - found) - self._steps
        here = self._steps - sum(self._met.values())
        if not left or not here or self._began is None:
            return ""
        return f", about {(time.monotonic() - self._began) / here * left:.0f} s left"


def train_all(
    order: Order,
    *,
    workers: int,
    progress: Progress,
    tell: Any,
    processes: Processes = ALONE,
) -> None:
    """Train what is not there yet.

    `processes` train every network together; then there are no workers.

    Raises
    ------
    HarnessError
        What stopped a training. Others that were going on can be gone on with.
    """
    missing = [s for s in order.seeds if not order.training(s).is_made(order.splits)]
    for seed in set(order.seeds) - set(missing):
        progress.whole(seed)
    if min(workers, len(missing)) < 2:
        for seed in missing:
            _train(order, seed, 0, progress.step, progress.epoch, tell, processes)
        return
    with _workers(order, missing, min(workers, len(missing))) as (running, told):
        while any(worker.is_alive() for worker in running) or not told.empty():
            try:
                kind, *what = told.get(timeout=WAIT)
            except queue.Empty:
                _check(running)
                continue
            if kind == "failed":
                raise HarnessError(*what)
            {"step": progress.step, "epoch": progress.epoch, "tell": tell}[kind](*what)
        _check(running)


def _train(
    order: Order,
    seed: int,
    worker: int,
    step: Callable[[int, int, int], None],
    epoch: Callable[[int, str], None],
    tell: Callable[[str], Any],
    processes: Processes = ALONE,
) -> None:
    from harness.answers.allocator import keep_freed_memory
    from harness.answers.predictions import chosen_device

    def stepped(done: int, steps: int) -> None:
        keep_freed_memory()  # else every layer of every step asks for cleared pages
        step(seed, done, steps)

    train_once(
        order.training(seed),
        splits=order.splits,
        device=chosen_device(order.settings.device, worker=worker or processes.rank),
        tell=tell,
        each_epoch=lambda done: epoch(seed, str(done)),
        each_step=stepped,
        processes=processes,
    )


@contextmanager
def _workers(order: Order, seeds: list[int], n: int) -> Iterator[tuple[list[Any], Any]]:
    """Processes that share the seeds and the processor; ended in any case."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    running = [
        context.Process(target=_work, args=(order, seeds[i::n], i, told), daemon=True)
        for i in range(n)
    ]
    with _share_of_threads(n), unheard():
        for worker in running:
            worker.start()
    try:
        yield running, told
    finally:
        for worker in running:
            worker.terminate()
        for worker in running:
            worker.join()


@contextmanager
def _share_of_threads(workers: int) -> Iterator[None]:
    """What processes that are started now take of the processor."""
    from harness.answers.threads import cores

    before = os.environ.get("OMP_NUM_THREADS")
    if before is None:
        os.environ["OMP_NUM_THREADS"] = str(max(1, cores() // workers))
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]


def _check(running: list[Any]) -> None:
    """Notice a worker that the system has ended."""
    for worker in running:
        if worker.exitcode:
            raise HarnessError(
                f"a worker ended with status {worker.exitcode}; the same command goes "
                "on where it stopped, with fewer --workers if memory was short"
            )


def _work(order: Order, seeds: list[int], worker: int, told: Any) -> None:
    """What a worker does: all its networks, one after another."""
    ignore_interrupts()

    def step(*what: int) -> None:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            os._exit(1)
        told.put(("step", *what))

    try:
        for seed in seeds:
            _train(
                order,
                seed,
                worker,
                step,
                lambda seed, text: told.put(("epoch", seed, text)),
                lambda text: told.put(("tell", text)),
            )
    except HarnessError as error:
        told.put(("failed", str(error)))
