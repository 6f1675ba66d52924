"""Threads that decode: decoders let others run, so no processes are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def in_threads(work: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
    """What `map(work, items)` gives, on as many threads as PyTorch may use.

    Each has one thread of PyTorch's own. All items are begun; whoever stops early waits
    for those that run.
    """
    import torch

    threads = count()
    if threads == 1:
        yield from map(work, items)
        return
    usual = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(usual)  # what the threads set is partly set for all


@cache
def count() -> int:
    """As many as PyTorch had when the first was asked for."""
    import torch

    return torch.get_num_threads()
