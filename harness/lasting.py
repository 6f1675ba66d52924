"""Libraries that stay loaded: nothing in them is looked at as possible garbage."""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def lasting(name: str) -> Generator[None, None, None]:
    """Import a large library in this block; what is there then is left alone for good.

    Python looks for cycles of garbage while a library makes its classes, and pytest has
    it look through all of them several times as a run ends, which for torch takes a
    second. Of a library that is loaded already nothing changes.

    Parameters
    ----------
    name
        Of the module that the block imports.

    Examples
    --------
    >>> with lasting("gc"):
    ...     import gc
    """
    if name in sys.modules:
        yield
        return
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
    gc.freeze()
