"""Mean and std of a classifier's images: what they may be, in which unit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real

from harness.errors import HarnessError


def checked_statistic(
    fact: str, numbers: Iterable[object], name: str, channels: int | None = None
) -> tuple[float, ...]:
    """A mean or std of images scaled to [0, 1], one number a channel.

    Parameters
    ----------
    fact
        "mean" or "std".
    numbers
        As somebody gave them; one stands for all channels.
    name
        Of the model, for messages.
    channels
        How many there are; None where nobody knows yet.

    Raises
    ------
    HarnessError
        If a number is none, a mean lies outside of [0, 1], a std is not positive or
        above 1, which are of the unit 0..255, or their count is another.
    """
    given = tuple(numbers)
    found = tuple(float(n) if isinstance(n, Real) else math.nan for n in given)
    if not found or not all(map(math.isfinite, found)):
        raise HarnessError(
            f"`{fact}` of model {name} must be finite numbers, one a channel, "
            f"got {given}"
        )
    if fact == "std" and min(found) <= 0:
        raise HarnessError(
            f"`std` of model {name} must be positive and finite numbers, one a "
            f"channel, got {given}"
        )
    if min(found) < 0 or max(found) > 1:
        raise HarnessError(
            f"`{fact}` of model {name} must be of images scaled to [0, 1], so between "
            f"0 and 1, got {given}; divide mean and std by 255 if they are of pixels "
            "from 0 to 255"
        )
    if channels is not None and len(found) not in (1, channels):
        raise HarnessError(
            f"`{fact}` of model {name} must have one number, or {channels}, one a "
            f"channel, got {given}"
        )
    return found * channels if channels and len(found) == 1 else found
