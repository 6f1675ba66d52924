"""Whether anything like a dataset was seen before: metrics beyond their range.

The healthy end of an interior is often a single dataset, the test split itself, so that
every other healthy folder may lie beyond it by the chance of its images. Two things
must hold before nothing like a folder was seen: the metric is out by a good part of its
range, and by more than chance does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from harness.metrics.numerics.resamples import Resampled

#: Share of a metric's range that a dataset may lie beyond it. Healthy folders of some
#: hundred images do by up to 3 %, strange ones by 27 % and more; docs/predicting.md has
#: the measurement.
TOLERATED = 0.1
#: Sampling errors that a dataset may lie beyond, whatever the range.
CHANCE = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """One metric of a dataset outside the range that it had in the fit.

    Attributes
    ----------
    metric
        Its name, with its axes.
    share
        How far outside, as a share of the range; infinite where the range is a point.
    errors
        How far outside in standard errors of the metric on a healthy set of as many
        images; None where these are not known, and the share alone decides.
    """

    metric: str
    share: float
    errors: float | None = None

    @property
    def far(self) -> bool:
        """Whether nothing like it was seen, so that no interval is to be believed."""
        chance = self.errors is not None and self.errors <= CHANCE
        return self.share > TOLERATED and not chance

    @property
    def words(self) -> str:
        """By how much, for people.

        Examples
        --------
        >>> Beyond(metric="entropy", share=0.123, errors=4.56).words
        'entropy by 12 % of it, 4.6 sampling errors'
        """
        errors = "" if self.errors is None else f", {self.errors:.1f} sampling errors"
        whole = math.isinf(self.share)
        share = "more than all" if whole else f"{100 * self.share:.0f} %"
        return f"{self.metric} by {share} of it{errors}"


def beyond(
    metric: str,
    value: float,
    low: float,
    high: float,
    resamples: Resampled | None = None,
) -> Beyond | None:
    """Return how far a metric lies outside of what was seen; None if it does not.

    Parameters
    ----------
    metric
        Its name.
    value
        On the dataset.
    low, high
        Least and largest value on the interior.
    resamples
        Of the test split, for sets of as many images as the dataset has: what they say
        on average belongs to the interior.

    Examples
    --------
    >>> beyond("entropy", 0.5, 0.0, 1.0) is None
    True
    >>> beyond("entropy", 1.5, 0.0, 1.0)
    Beyond(metric='entropy', share=0.5, errors=None)
    >>> found = beyond("entropy", 1.5, 0.0, 1.0, Resampled(mean=1.25, error=0.125))
    >>> found, found.far
    (Beyond(metric='entropy', share=0.2, errors=2.0), False)
    """
    if resamples is not None:
        low, high = min(low, resamples.mean), max(high, resamples.mean)
    distance = max(low - value, value - high, 0.0)
    if distance == 0:
        return None
    errors = None if resamples is None else _over(distance, resamples.error)
    return Beyond(metric=metric, share=_over(distance, high - low), errors=errors)


def farthest_first(found: Iterable[Beyond]) -> tuple[Beyond, ...]:
    """Those that are far at the head."""
    return tuple(sorted(found, key=lambda one: (not one.far, -one.share, one.metric)))


def _over(distance: float, unit: float) -> float:
    return distance / unit if unit > 0 else math.inf
