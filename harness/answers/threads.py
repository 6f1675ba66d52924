"""Threads: whole batches side by side on a processor, each on a core of its own."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")
_UNBOUND = 2.0**20


def cores(root: Path = Path("/sys/fs/cgroup")) -> int:
    """How many cores this process may keep busy, of those that the machine has.

    Batch systems bind processes to some; containers have a quota of time as well.

    Parameters
    ----------
    root
        Where Linux shows control groups: ``cpu.max`` of version 2 ("200000 100000",
        microseconds of each period, or "max"), or the files of version 1.
    """
    if hasattr(os, "sched_getaffinity"):
        bound = len(os.sched_getaffinity(0))
    else:
        bound = os.cpu_count() or 1
    return max(1, min(bound, math.ceil(_quota(root))))


@cache
def _quota(root: Path) -> float:
    """Cores' worth of time that the process's control group is given."""
    try:
        first, second = (root / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            first = (root / "cpu" / "cpu.cfs_quota_us").read_text()
            second = (root / "cpu" / "cpu.cfs_period_us").read_text()
        except OSError:
            return _UNBOUND
    try:
        quota = int(first) / int(second)
    except (ValueError, ZeroDivisionError):  # "max"
        return _UNBOUND
    return quota if quota > 0 else _UNBOUND  # -1 in version 1


def side_by_side(
    work: Callable[[T], U], items: Iterable[T], threads: int
) -> Iterator[U]:
    """What `map(work, items)` gives, `threads` calls at a time.

    PyTorch divides every layer of a network among its threads, which then wait for the
    slowest of them after every layer. Whole batches wait only at the end.

    Parameters
    ----------
    work
        Is called on any thread, where PyTorch has one thread of its own.
    items
        Taken on the calling thread, only a few before their turn.
    threads
        At least 1.
    """
    import torch

    ahead: deque[Future[U]] = deque()
    usual = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    try:
        for item in items:
            ahead.append(pool.submit(work, item))
            if len(ahead) > 2 * threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(usual)  # what the threads set is partly set for all
