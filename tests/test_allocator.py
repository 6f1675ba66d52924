"""The allocator: what is freed stays with the process."""

import numpy as np
import pytest

from harness.allocator import KEPT, keep_freed_memory, set_thresholds

resource = pytest.importorskip("resource")
needs_mallopt = pytest.mark.skipif(
    not set_thresholds(KEPT, KEPT), reason="this C library cannot be told"
)
BLOCK = 8 * 2**20


def pages_cleared() -> int:
    """Pages that the kernel handed out while a block came and went ten times."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        np.ones(BLOCK, dtype=np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@needs_mallopt
def test_a_block_that_was_freed_is_had_again_without_the_kernel(monkeypatch):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    try:
        set_thresholds(BLOCK // 8, BLOCK // 8)
        returned = pages_cleared()
        keep_freed_memory.cache_clear()
        assert keep_freed_memory()
        pages_cleared()
        assert pages_cleared() < returned / 5
    finally:
        set_thresholds(KEPT, KEPT)


@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"])
def test_what_the_environment_says_is_left_alone(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    keep_freed_memory.cache_clear()
    assert not keep_freed_memory()
    keep_freed_memory.cache_clear()
