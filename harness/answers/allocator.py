"""The allocator: what one layer frees is kept for the next."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from dataclasses import dataclass
from functools import cache

KEPT = 256 * 2**20
EVERY = 5.0  # seconds
# <malloc.h>
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_SET_BY_USER = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


@dataclass(slots=True)
class _Given:
    """When freed memory was last given back."""

    at: float = 0.0


_given = _Given()


def keep_freed_memory() -> bool:
    """Have the C library keep freed blocks for the next layer; called at every pass.

    glibc returns large blocks to the kernel when they are free, and the kernel clears
    every page that it hands out again. A network frees and asks for megabytes at every
    layer: ResNet-20 runs a fifth to a half faster without (`benchmarks.network`).

    Blocks that are kept are cut up for smaller things, so that large ones find no room
    and memory grows. All that is free is therefore returned every few seconds.

    Returns
    -------
    Whether it does: not where the C library is another, nor where the environment says
    how it should be.
    """
    if not _can_keep():
        return False
    now = time.monotonic()
    if now - _given.at > EVERY:
        _given.at = now
        ctypes.CDLL(None).malloc_trim(0)
    return True


@cache
def _can_keep() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    if any(name in os.environ for name in _SET_BY_USER):
        return False
    return set_thresholds(KEPT, KEPT)


def set_thresholds(block: int, heap: int) -> bool:
    """Keep freed blocks below `block` bytes, until `heap` bytes of them are free.

    Returns
    -------
    Whether the C library could.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # a library without
        return False
    values = (_M_MMAP_THRESHOLD, block), (_M_TRIM_THRESHOLD, heap)
    return all(mallopt(which, value) == 1 for which, value in values)
