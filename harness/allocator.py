"""The allocator: what one layer frees is kept for the next."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

KEPT = 256 * 2**20
# <malloc.h>
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_SET_BY_USER = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


@cache
def keep_freed_memory() -> bool:
    """Have the C library keep freed blocks, up to 256 MiB, for the rest of the process.

    glibc returns large blocks to the kernel when they are free, and the kernel clears
    every page that it hands out again. A network frees and asks for megabytes at every
    layer: ResNet-20 runs a fifth to a half faster without (`benchmarks.network`).

    Returns
    -------
    Whether it does: not where the C library is another, nor where the environment says
    how it should be.
    """
    if not sys.platform.startswith("linux") or any(
        name in os.environ for name in _SET_BY_USER
    ):
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
