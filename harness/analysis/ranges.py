"""Whether anything like a dataset was seen before: metrics beyond their range."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Share of a metric's range that a dataset may lie beyond it. Healthy folders do by up
#: to 3 % (the healthy end of an interior is often one dataset), strange ones by 27 %
#: and more; docs/predicting.md has the measurement.
TOLERATED = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """One metric of a dataset outside the range that it had in the fit.

    Attributes
    ----------
    metric
        Its name, with its axes.
    share
        How far outside, as a share of the range; infinite where the range is a point.
    """

    metric: str
    share: float

    @property
    def far(self) -> bool:
        """Whether nothing like it was seen, so that no interval is to be believed."""
        return self.share > TOLERATED


def share_beyond(value: float, low: float, high: float) -> float:
    """Return how far `value` lies outside of [low, high], as a share of its length.

    Examples
    --------
    >>> share_beyond(0.5, 0.0, 1.0), share_beyond(1.5, 0.0, 1.0)
    (0.0, 0.5)
    >>> share_beyond(-0.5, 0.0, 2.0), share_beyond(2.0, 1.0, 1.0)
    (0.25, inf)
    """
    distance = max(low - value, value - high, 0.0)
    if distance == 0:
        return 0.0
    return distance / (high - low) if high > low else math.inf
