"""Ray: an engine on a cluster, or on this machine (the extra `ray`)."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from math import inf
from typing import Any

from harness.engines.group import WorkerLost
from harness.errors import HarnessError
from harness.extras import install

_PATIENCE = 30.0  # seconds in which actors that are not needed may end by themselves


def check_options(
    address: str = "local", num_cpus: str = "1", num_gpus: str = "0"
) -> tuple[float, float]:
    """CPUs and GPUs of a worker; looked at before anything is collected, too.

    Raises
    ------
    HarnessError
        If a number is none, or both are 0, or Ray is not installed.
    """
    try:
        cpus, gpus = float(num_cpus), float(num_gpus)
    except ValueError:
        cpus = gpus = -1.0
    if not (0 <= cpus < inf and 0 <= gpus < inf and cpus + gpus > 0):
        raise HarnessError(
            "`num_cpus` and `num_gpus` of engine ray must be numbers of at least 0, "
            f"and not both 0, got {num_cpus!r} and {num_gpus!r}"
        )
    if find_spec("ray") is None:
        raise HarnessError(f"engine ray needs Ray; {install('ray')}")
    return cpus, gpus


def ray(address: str = "local", num_cpus: str = "1", num_gpus: str = "0") -> Ray:
    """The engine ``ray``, ``ray?address=auto``, ``ray?num_cpus=4&num_gpus=1``.

    Parameters
    ----------
    address
        Of a cluster that runs, as `ray.init` takes it; by default one is started here.
    num_cpus, num_gpus
        What each worker takes of its machine.

    Raises
    ------
    HarnessError
        If Ray is not installed, a number is none, or the cluster has no room.
    """
    return Ray(address, *check_options(address, num_cpus, num_gpus))


class _Slot:
    """What an actor is: a process that calls what it is sent."""

    def ready(self) -> None:
        """Answer as soon as there is room for it somewhere."""

    def call(self, work: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call it."""
        return work(*args, **kwargs)


class Ray(ThreadPoolExecutor):
    """An executor of actors, one for each slot, replaced where one is lost.

    Actors and not tasks: a task is given to any process, each of which would import
    torch and collect anew. A thread waits for each group; whichever actor is free takes
    it, so one that finds no room since its machine was lost holds up nothing.

    Parameters
    ----------
    address
        As `ray.init` takes it.
    cpus, gpus
        What each actor takes of its machine.
    """

    def __init__(self, address: str, cpus: float, gpus: float) -> None:
        # No word about this run goes anywhere.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray

        self._ray = ray
        here = {"include_dashboard": False} if address == "local" else {}
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            **here,
        )
        room = ray.cluster_resources()
        asked = {"CPU": cpus, "GPU": gpus}
        slots = [
            room.get(name, 0) // number for name, number in asked.items() if number
        ]
        self.workers = int(min(slots))
        if self.workers < 1:
            ray.shutdown()
            raise HarnessError(
                f"a worker of {cpus:g} CPUs and {gpus:g} GPUs must fit the cluster, "
                f"which has {room.get('CPU', 0):g} and {room.get('GPU', 0):g}"
            )
        super().__init__(self.workers)
        self._slot = ray.remote(
            num_cpus=cpus, num_gpus=gpus, max_restarts=0, max_task_retries=0
        )(_Slot)
        self._free: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._actors: list[Any] = []
        for _ in range(self.workers):
            self._start()

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """As of any executor."""
        return super().submit(self._call, work, args, kwargs)

    def _start(self) -> None:
        """Ask for an actor; it is free when the cluster has found room for it."""
        actor = self._slot.remote()
        self._actors.append(actor)

        def wait() -> None:
            with suppress(Exception):  # it was shut down
                self._ray.get(actor.ready.remote())
                self._free.put(actor)

        threading.Thread(target=wait, daemon=True).start()

    def _call(self, work: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        actor = self._free.get()
        if actor is None:
            raise WorkerLost("the engine was shut down")
        try:
            answer = self._ray.get(actor.call.remote(work, args, kwargs))
        except self._ray.exceptions.RayActorError as error:
            self._actors.remove(actor)
            self._start()
            raise WorkerLost(f"{error}".partition("\n")[0]) from None
        except BaseException:
            self._free.put(actor)
            raise
        self._free.put(actor)
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the actors; without `wait` at once, whatever they do."""
        if wait:
            ends = [actor.__ray_terminate__.remote() for actor in self._actors]
            self._ray.wait(ends, num_returns=len(ends), timeout=_PATIENCE)
        else:
            for actor in self._actors:
                self._ray.kill(actor)
        for _ in range(self.workers):
            self._free.put(None)
        super().shutdown(wait=True, cancel_futures=cancel_futures or not wait)
        self._ray.shutdown()
