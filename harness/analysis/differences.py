"""Two accuracies: how far apart, and whether that is enough, too much, or not known.

On the same images their answers are paired, and only the images on which they differ
say anything; a published number has no images, and is compared as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from harness.analysis.coverage import LEVEL
from harness.metrics.numerics.uncertainty import sampling_interval


class Verdict(StrEnum):
    """What an interval says of a limit."""

    PASS = "pass"  # all of it is at the limit or above
    FAIL = "fail"  # all of it is below
    UNDECIDED = "undecided"  # the limit lies inside: more images would tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One accuracy minus another.

    Attributes
    ----------
    value, low, high
        In [-1, 1], and its interval.
    p_value
        Of accuracies that are the same: McNemar's mid-p where paired, of the score
        test where not.
    exact_p_value
        McNemar's exact conditional one, which is never too small and often far too
        large; None where not paired.
    images
        How many the first is of, and the second; the same where paired.
    paired
        Whether they are the same images, one by one.
    """

    value: float
    low: float
    high: float
    p_value: float
    exact_p_value: float | None
    images: tuple[int, int]
    paired: bool

    def verdict(self, least: float = 0.0) -> Verdict:
        """Whether the first is better than the second by `least`, or worse by less.

        Parameters
        ----------
        least
            In [-1, 1]: -0.01 lets it be a point worse.

        Raises
        ------
        ValueError
            If it is out of its range.

        Examples
        --------
        >>> found = unpaired(900, 1000, 850, 1000)  # 0.021 to 0.079
        >>> [found.verdict(least).value for least in (0.0, 0.05, 0.1)]
        ['pass', 'undecided', 'fail']
        """
        if not -1 <= least <= 1:
            raise ValueError(f"`least` must be in [-1, 1], got {least}")
        if self.low >= least:
            return Verdict.PASS
        return Verdict.FAIL if self.high < least else Verdict.UNDECIDED


def mcnemar(only_first: int, only_second: int) -> tuple[float, float]:
    """Return the exact conditional and the mid-p value of McNemar's test, two-sided.

    Parameters
    ----------
    only_first, only_second
        On how many images the one alone is right, and the other alone.

    Returns
    -------
    two floats
        In (0, 1]; both 1 where neither is right alone.

    Raises
    ------
    ValueError
        If one is negative.

    References
    ----------
    McNemar, Psychometrika 12, 1947; Fagerland, Lydersen and Laake, "The McNemar test
    for binary matched-pairs data: mid-p and asymptotic are better than exact
    conditional", BMC Medical Research Methodology 13:91, 2013: their supplement has
    the mid-p value of equal counts.

    Examples
    --------
    >>> [round(p, 4) for p in mcnemar(1, 7)]  # Bentur et al., table 1 there
    [0.0703, 0.0391]
    >>> mcnemar(1, 1)  # 1 - 0.5 / 2
    (1.0, 0.75)
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(
            f"numbers of images must not be negative, got {only_first} and "
            f"{only_second}"
        )
    n, least = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return 1.0, 1.0
    from scipy.stats import binom

    point = float(binom.pmf(least, n, 0.5))
    if only_first == only_second:
        return 1.0, 1 - point / 2
    exact = min(1.0, 2 * float(binom.cdf(least, n, 0.5)))
    return exact, exact - point


def paired(
    first: NDArray[np.bool_], second: NDArray[np.bool_], *, level: float = LEVEL
) -> Difference:
    r"""Return the difference of two accuracies on the same images.

    .. math:: d - \sqrt{a^2 - 2 \varphi a b' + b'^2} \quad\text{to}\quad
        d + \sqrt{b^2 - 2 \varphi b a' + a'^2}

    where Wilson's interval of the first accuracy goes a down and a' up, that of the
    second b down and b' up, and :math:`\varphi` is the correlation of their being
    right.

    Parameters
    ----------
    first, second : (n,) bool arrays
        Whether each is right, the same images in one order.
    level
        Of the interval, in (0, 1).

    Raises
    ------
    TypeError, ValueError
        If they are no such arrays.

    References
    ----------
    Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", Statistics in Medicine 17, 1998: method 10, with
    its continuity correction of a positive correlation.

    Examples
    --------
    >>> first = np.array([True] * 19 + [False] * 22)  # 14 both, 5 alone, 22 neither
    >>> second = np.array([True] * 14 + [False] * 27)
    >>> found = paired(first, second)
    >>> round(found.value, 4), round(found.p_value, 4)
    (0.122, 0.0313)
    >>> found.low > 0
    True
    """
    for right, name in ((first, "first"), (second, "second")):
        if not isinstance(right, np.ndarray) or right.dtype != np.bool_:
            raise TypeError(f"`{name}` must be a bool array of what is right")
        if right.ndim != 1 or len(right) == 0:
            raise ValueError(
                f"`{name}` must be a vector of at least one image, got shape "
                f"{right.shape}"
            )
    n = len(first)
    if n != len(second):
        raise ValueError(
            f"`second` must be of the {n} images of `first`, got {len(second)}; "
            "compare accuracies of other images with `unpaired`"
        )
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    one, other = int((first & ~second).sum()), int((~first & second).sum())
    p, q = (both + one) / n, (both + other) / n
    exact, mid = mcnemar(one, other)
    low, high = _square_and_add(
        p, n, q, n, level, phi=_correlation(both, one, other, neither)
    )
    return Difference(
        value=p - q,
        low=low,
        high=high,
        p_value=mid,
        exact_p_value=exact,
        images=(n, n),
        paired=True,
    )


def unpaired(
    right: int,
    images: int,
    other_right: int,
    other_images: int,
    *,
    level: float = LEVEL,
) -> Difference:
    r"""Return the difference of two accuracies of which only the counts are known.

    .. math:: d - \sqrt{a^2 + b'^2} \quad\text{to}\quad d + \sqrt{b^2 + a'^2}

    with Wilson's intervals as in `paired`.

    Parameters
    ----------
    right, images
        How many of how many images the first is right on.
    other_right, other_images
        The same of the second.
    level
        Of the interval, in (0, 1).

    Raises
    ------
    ValueError
        If there is no image, or more are right than there are.

    Notes
    -----
    Where both are of the same images this is far too wide: what is easy for one is easy
    for the other. Then it is on the safe side, and `paired` says more.

    References
    ----------
    Newcombe, "Interval estimation for the difference between independent proportions:
    comparison of eleven methods", Statistics in Medicine 17, 1998: method 10. The p
    value is that of the score test, with the pooled share.

    Examples
    --------
    >>> found = unpaired(56, 70, 48, 80)  # an example there
    >>> [round(v, 4) for v in (found.value, found.low, found.high)]
    [0.2, 0.0524, 0.3339]
    """
    for some, of, name in (
        (right, images, "right"),
        (other_right, other_images, "other_right"),
    ):
        if of < 1 or not 0 <= some <= of:
            raise ValueError(
                f"`{name}` must be a number of images out of at least one, got {some} "
                f"of {of}"
            )
    p, q = right / images, other_right / other_images
    low, high = _square_and_add(p, images, q, other_images, level)
    return Difference(
        value=p - q,
        low=low,
        high=high,
        p_value=_score_test(right, images, other_right, other_images),
        exact_p_value=None,
        images=(images, other_images),
        paired=False,
    )


def count_of(accuracy: float, images: int) -> int:
    """How many images a published accuracy is of: the whole number that it rounds.

    Raises
    ------
    ValueError
        If it is no share.

    Examples
    --------
    >>> count_of(0.76156, 50_000), count_of(0.776139, 46_837)
    (38078, 36352)
    """
    if not 0 <= accuracy <= 1:
        raise ValueError(f"`accuracy` must be in [0, 1], got {accuracy}")
    return round(accuracy * images)


def _square_and_add(
    p: float, n: int, q: float, m: int, level: float, phi: float = 0.0
) -> tuple[float, float]:
    ends = [
        [float(end) for end in sampling_interval(share, images, level)]
        for share, images in ((p, n), (q, m))
    ]
    down, up = [p - ends[0][0], q - ends[1][0]], [ends[0][1] - p, ends[1][1] - q]
    below = math.sqrt(_sum_of_squares(down[0], up[1], phi))
    above = math.sqrt(_sum_of_squares(down[1], up[0], phi))
    return max(-1.0, p - q - below), min(1.0, p - q + above)


def _sum_of_squares(a: float, b: float, phi: float) -> float:
    """Of what they differ by, where they go together; rounding may make it negative."""
    return max(0.0, a * a - 2 * phi * a * b + b * b)


def _correlation(both: int, one: int, other: int, neither: int) -> float:
    """Phi of a table, corrected where it is positive; 0 where a margin is empty."""
    margins = (both + one) * (other + neither) * (both + other) * (one + neither)
    product = both * neither - one * other
    if margins == 0:
        return 0.0
    if product > 0:
        n = both + one + other + neither
        return max(product - n / 2, 0.0) / math.sqrt(margins)
    return product / math.sqrt(margins)


def _score_test(right: int, images: int, other_right: int, other_images: int) -> float:
    """Two-sided p of the pooled z; 1 where all are right, or all wrong."""
    from scipy.special import ndtr

    pooled = (right + other_right) / (images + other_images)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / images + 1 / other_images))
    apart = abs(right / images - other_right / other_images)
    return 1.0 if spread == 0 else float(2 * ndtr(-apart / spread))
