"""Small types that what a network said is kept in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError


def class_type(classes: int) -> type[np.unsignedinteger]:
    """The smallest that numbers of classes fit in."""
    return np.uint8 if classes <= 256 else np.uint16


def half(logits: NDArray[Any], split: str) -> NDArray[np.float16]:
    """Logits as float16; HarnessError where that does not hold one."""
    if not (np.abs(logits) <= np.finfo(np.float16).max).all():
        raise HarnessError(
            f"logits of {split} must be numbers from -65504 to 65504, which float16 "
            "holds"
        )
    return np.asarray(logits, dtype=np.float16)
