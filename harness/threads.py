"""Threads: whole batches side by side on a processor, each on a core of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


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
