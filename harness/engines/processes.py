"""Processes: an engine of this machine, and of the tests of all others."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from harness.answers.threads import cores
from harness.engines.group import WorkerLost
from harness.errors import HarnessError
from harness.interrupts import ignore_interrupts, unheard

_PATIENCE = 30.0  # seconds in which a worker that is not needed may end by itself


def check_options(workers: str = "") -> None:
    """Refuse options of the engine before anything is collected.

    Raises
    ------
    HarnessError
        If the number is none.
    """
    if workers and not (workers.isdecimal() and int(workers) >= 1):
        raise HarnessError(
            f"`workers` of engine processes must be a whole number of at least 1, got "
            f"{workers!r}"
        )


def processes(workers: str = "") -> Processes:
    """The engine ``processes`` and ``processes?workers=4``; one for each core.

    Raises
    ------
    HarnessError
        If the number is none.
    """
    check_options(workers)
    return Processes(int(workers or cores()))


class Processes(ThreadPoolExecutor):
    """An executor of spawned processes, each replaced where it dies.

    A process that dies costs what it was doing and nothing else, where
    `ProcessPoolExecutor` breaks as a whole. Each is started and heard by a thread.

    Parameters
    ----------
    workers
        How many.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self.workers = workers
        self._own = threading.local()  # each thread's process
        self._all: list[tuple[SpawnProcess, Connection]] = []
        self._started = threading.Lock()
        self._numbers = itertools.count()
        self._stopped = False

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """As of any executor; function and arguments are pickled."""
        return super().submit(self._call, work, args, kwargs)

    def _call(self, work: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        process, connection = self._worker()
        try:
            connection.send((work, args, kwargs))
            failed, value = connection.recv()
        except (EOFError, OSError):
            self._own.worker = None
            process.join()
            raise WorkerLost(f"process {process.pid} {_end(process)}") from None
        if failed:
            raise value
        return value

    def _worker(self) -> tuple[SpawnProcess, Connection]:
        """The process of this thread, started where there is none."""
        if getattr(self._own, "worker", None) is None:
            with self._started:
                if self._stopped:
                    raise WorkerLost("the engine was shut down")
                if not hasattr(self._own, "number"):
                    self._own.number = next(self._numbers)
                context = get_context("spawn")
                ours, theirs = context.Pipe()
                process = context.Process(
                    target=_serve, args=(theirs, self._own.number, self.workers)
                )
                with unheard():
                    process.start()
                theirs.close()  # so that the end of one is heard by the other
                self._own.worker = process, ours
                self._all.append(self._own.worker)
        worker: tuple[SpawnProcess, Connection] = self._own.worker
        return worker

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; without `wait` at once, whatever they do."""
        with self._started:
            self._stopped = True
        if not wait:
            for process, _ in self._all:
                process.kill()
        super().shutdown(wait=True, cancel_futures=cancel_futures or not wait)
        for _, connection in self._all:
            connection.close()
        for process, _ in self._all:
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()


def _end(process: SpawnProcess) -> str:
    """How a process ended, in words."""
    code = process.exitcode
    if code is None or code >= 0:
        return f"ended with status {code}"
    return f"was ended by {signal.Signals(-code).name}"


def _serve(connection: Connection, number: int, workers: int) -> None:
    """Do what comes, until nothing more can: also where who sends it has died."""
    ignore_interrupts()
    os.environ["PYTEST_XDIST_WORKER"] = f"gw{number}"
    os.environ["PYTEST_XDIST_WORKER_COUNT"] = str(workers)
    while True:
        try:
            work, args, kwargs = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer = False, work(*args, **kwargs)
        except Exception as error:
            answer = True, HarnessError(f"{type(error).__name__}: {error}")
        try:
            connection.send(answer)
        except OSError:
            return
