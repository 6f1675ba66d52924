"""Which numbers labels can be: one check, and one message, for all who read them."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from harness.errors import BadData


def check_numbers(
    of: str,
    labels: NDArray[np.generic],
    classes: int | None,
    *,
    otherwise: str = "",
) -> None:
    """Refuse numbers that no class has.

    Parameters
    ----------
    of
        What they are, for the message: ``labels in FILE``.
    labels
        (n,) whole numbers, n >= 1.
    classes
        How many there are, numbered from 0; None where nobody knows.
    otherwise
        What else may be wrong than that they count from 1.

    Raises
    ------
    BadData
        If one is below 0 or beyond the last class.

    Examples
    --------
    >>> check_numbers("labels", np.array([-1, 2]), None)
    Traceback (most recent call last):
    harness.errors.BadData: labels must be 0 or more, got -1..2
    """
    whole = cast("NDArray[np.integer[Any]]", labels)
    low, high = int(whole.min()), int(whole.max())
    if low >= 0 and (classes is None or high < classes):
        return
    wanted = "0 or more" if classes is None else f"in 0..{classes - 1}"
    text = f"{of} must be {wanted}, got {low}..{high}"
    if (low, high) == (1, classes):
        text += "; they seem to count from 1: subtract 1"
    elif otherwise:
        text += f"; {otherwise}"
    raise BadData(text)
