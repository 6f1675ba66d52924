"""The allocator: what is freed stays with the process."""

import subprocess
import sys

import pytest

from harness.allocator import KEPT, keep_freed_memory, set_thresholds

needs_mallopt = pytest.mark.skipif(
    not set_thresholds(KEPT, KEPT), reason="this C library cannot be told"
)
# In a process of its own: memory that others left free would be had without the kernel.
PAGES = """
import resource, sys
import numpy as np
from harness.allocator import keep_freed_memory, set_thresholds

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
    for name in ("GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"):
        monkeypatch.delenv(name, raising=False)
    command = [sys.executable, "-c", PAGES]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    returned, kept = map(int, found.stdout.split())
    assert kept < returned / 5


@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"])
def test_what_the_environment_says_is_left_alone(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    keep_freed_memory.cache_clear()
    assert not keep_freed_memory()
    keep_freed_memory.cache_clear()
