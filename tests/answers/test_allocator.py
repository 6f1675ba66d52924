"""The allocator: what is freed stays with the process."""

import subprocess
import sys

import pytest

from harness.answers.allocator import KEPT, _can_keep, keep_freed_memory, set_thresholds

needs_mallopt = pytest.mark.skipif(
    not set_thresholds(KEPT, KEPT), reason="this C library cannot be told"
)


def printed(script: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers that a script prints, run where nobody has set the allocator."""
    for name in ("GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"):
        monkeypatch.delenv(name, raising=False)
    command = [sys.executable, "-c", script]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    return [int(number) for number in found.stdout.split()]


# In a process of its own: memory that others left free would be had without the kernel.
PAGES = """
import resource, sys
import numpy as np
from harness.answers.allocator import keep_freed_memory, set_thresholds

block = 8 * 2**20

def cleared():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        np.ones(block, dtype=np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

set_thresholds(block // 8, block // 8)
returned = cleared()
assert keep_freed_memory()
cleared()
print(returned, cleared())
"""


@needs_mallopt
def test_a_block_that_was_freed_is_had_again_without_the_kernel(monkeypatch):
    """Ten blocks of 2,048 pages each, which the kernel had to clear."""
    returned, kept = printed(PAGES, monkeypatch)
    assert kept < returned / 5


# What is free lies between blocks that are not, as in a process that runs for long.
TRIMMED = """
import time
import numpy as np
from harness.answers import allocator

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

assert allocator.keep_freed_memory()
blocks = [np.ones(2**20, dtype=np.uint8) for _ in range(200)]
del blocks[::2]
full = held()
allocator.keep_freed_memory()
soon = held()
time.sleep(0.2)
allocator.EVERY = 0.1
allocator.keep_freed_memory()
print(full - soon, full - held())
"""


@needs_mallopt
def test_what_stays_free_is_returned_after_a_while(monkeypatch):
    """Else a process would grow with the number of datasets: here by 100 MiB."""
    at_once, later = printed(TRIMMED, monkeypatch)
    assert at_once < 10 * 2**20
    assert later > 80 * 2**20


@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"])
def test_what_the_environment_says_is_left_alone(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    _can_keep.cache_clear()
    assert not keep_freed_memory()
    _can_keep.cache_clear()
