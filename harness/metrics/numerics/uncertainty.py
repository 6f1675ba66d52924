"""How far an outcome would move with other images: intervals of one value."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.arrays import Array
from harness.errors import UndefinedMetricError

LEVEL = 0.95


def student(freedom: ArrayLike, level: float) -> Array:
    """Two-sided quantile of Student's t."""
    if not 0 < level < 1:
        raise ValueError(f"`level` must be between 0 and 1, got {level:g}")
    from scipy.special import stdtrit

    return np.asarray(stdtrit(freedom, (1 + level) / 2))


def sampling_interval(
    accuracy: ArrayLike, images: ArrayLike, level: float = LEVEL
) -> tuple[Array, Array]:
    r"""Return where an accuracy may lie because it was seen on so few images.

    .. math:: \frac{a + z^2/2n \pm z \sqrt{a(1-a)/n + z^2/4n^2}}{1 + z^2/n}

    Parameters
    ----------
    accuracy, images : (n,) arrays or numbers
        The share of right images in [0, 1], and how many images there are.
    level : float
        In (0, 1).

    Returns
    -------
    two arrays
        Wilson's interval of a binomial proportion: inside [0, 1], never of width 0,
        also where every image is right.

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927.

    Examples
    --------
    >>> [round(float(end), 4) for end in sampling_interval(0.5, 100)]
    [0.4038, 0.5962]
    >>> [round(float(end), 4) for end in sampling_interval(1.0, 100)]
    [0.963, 1.0]
    >>> [round(float(end), 4) for end in sampling_interval(0.0, 1)]
    [0.0, 0.7935]
    """
    accuracy = np.asarray(accuracy, dtype=np.float64)
    images = np.asarray(images, dtype=np.float64)
    if not ((accuracy >= 0) & (accuracy <= 1)).all() or not (images >= 1).all():
        raise ValueError("accuracies must be in [0, 1] and images at least 1")
    share = student(np.inf, level) ** 2 / images
    middle = (accuracy + share / 2) / (1 + share)
    half = np.sqrt(share * (accuracy * (1 - accuracy) + share / 4)) / (1 + share)
    return (
        np.asarray(np.clip(np.minimum(middle - half, accuracy), 0, 1)),
        np.asarray(np.clip(np.maximum(middle + half, accuracy), 0, 1)),
    )


def share_interval(
    right: NDArray[np.bool_], *, level: float = LEVEL
) -> tuple[float, float]:
    """Return Wilson's interval of the share of images that are right.

    Parameters
    ----------
    right : (n,) bool array
        Of each image.
    level
        In (0, 1).

    Examples
    --------
    >>> [round(end, 4) for end in share_interval(np.array([True] * 5 + [False] * 5))]
    [0.2366, 0.7634]
    """
    low, high = sampling_interval(right.mean(), len(right), level)
    return float(low), float(high)


def mean_interval(
    values: Array,
    *,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    level: float = LEVEL,
) -> tuple[float, float]:
    r"""Return Student's interval of a mean over images.

    .. math:: \bar v \pm t_{n-1} \frac{s}{\sqrt n}

    Parameters
    ----------
    values : (n,) array
        One of each image. For a value that is no plain mean, its influence values:
        numbers whose mean is the value, and that are what each image adds to it while
        the others stay (the delta method).
    bounds
        What the mean can be; the ends are cut to it.
    level
        In (0, 1).

    Raises
    ------
    UndefinedMetricError
        If there is one image alone.

    References
    ----------
    Student, "The probable error of a mean", Biometrika 6, 1908. Influence values:
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 21.

    Examples
    --------
    >>> low, high = mean_interval(np.array([1.0, 2.0, 3.0, 4.0]))  # t is 3.1824
    >>> round(low, 4), round(high, 4)
    (0.4457, 4.5543)
    >>> mean_interval(np.array([0.0, 1.0]), bounds=(0.0, 1.0))
    (0.0, 1.0)
    """
    n = len(values)
    if n < 2:
        raise UndefinedMetricError("an interval needs at least 2 images, got 1")
    middle = float(values.mean())
    half = float(student(n - 1, level) * values.std(ddof=1) / np.sqrt(n))
    low, high = bounds
    return max(low, middle - half), min(high, middle + half)


def mean_of_shares_interval(
    shares: ArrayLike, images: ArrayLike, *, level: float = LEVEL
) -> tuple[float, float]:
    r"""Return the interval of the plain mean of independent shares.

    .. math:: \bar p - \tfrac1c \sqrt{\sum_j (p_j - l_j)^2} \quad\text{to}\quad
        \bar p + \tfrac1c \sqrt{\sum_j (u_j - p_j)^2}

    with Wilson's interval from l to u of each.

    Parameters
    ----------
    shares, images : (c,) arrays
        Each share, and of how many images it is one.
    level
        In (0, 1).

    References
    ----------
    Zou and Donner, "Construction of confidence limits about effect measures: a general
    approach", Statistics in Medicine 27, 2008, for sums of two; Zou, Huang and Zhang,
    "A note on confidence interval estimation for a linear function of binomial
    proportions", Computational Statistics and Data Analysis 53, 2009.

    Examples
    --------
    >>> low, high = mean_of_shares_interval([0.5], [100])  # Wilson's own
    >>> round(low, 4), round(high, 4)
    (0.4038, 0.5962)
    >>> low, high = mean_of_shares_interval([1.0, 1.0], [100, 100])
    >>> round(low, 4), high  # 1 - 0.037 / sqrt(2)
    (0.9738, 1.0)
    """
    p = np.asarray(shares, dtype=np.float64)
    low, high = sampling_interval(p, images, level)
    middle = float(p.mean())
    below = float(np.sqrt(((p - low) ** 2).sum())) / len(p)
    above = float(np.sqrt(((high - p) ** 2).sum())) / len(p)
    return max(0.0, middle - below), min(1.0, middle + above)


def least_share_interval(
    shares: ArrayLike, images: ArrayLike, *, level: float = LEVEL
) -> tuple[float, float]:
    """Return an interval of the least of several independent shares.

    The least lower and the least upper end of Wilson's intervals that hold all shares
    at once with the level (Bonferroni): it is on the safe side.

    Parameters
    ----------
    shares, images : (c,) arrays
        Each share, and of how many images it is one.
    level
        In (0, 1).

    Examples
    --------
    >>> low, high = least_share_interval([0.5], [100])
    >>> round(low, 4), round(high, 4)
    (0.4038, 0.5962)
    >>> low, high = least_share_interval([0.5, 0.9], [100, 100])  # at 97.5 % each
    >>> round(low, 4), round(high, 4)
    (0.3906, 0.6094)
    """
    p = np.asarray(shares, dtype=np.float64)
    low, high = sampling_interval(p, images, 1 - (1 - level) / len(p))
    return float(low.min()), float(high.min())


def difference_interval(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float]:
    r"""Return the interval of the difference of two independent estimates.

    .. math:: d - \sqrt{(x - l_x)^2 + (u_y - y)^2} \quad\text{to}\quad
        d + \sqrt{(u_x - x)^2 + (y - l_y)^2}, \qquad d = x - y

    Parameters
    ----------
    first, second
        Value, lower and upper end of each; the level of the result is theirs.

    Notes
    -----
    Of two estimates that rise and fall together, such as of two networks on the same
    images, it is too wide.

    References
    ----------
    Zou and Donner, "Construction of confidence limits about effect measures: a general
    approach", Statistics in Medicine 27, 2008. Of shares with Wilson's intervals it is
    Newcombe's method 10, Statistics in Medicine 17, 1998.

    Examples
    --------
    >>> one, other = 56 / 70, 48 / 80  # an example of Newcombe's
    >>> low, high = difference_interval(
    ...     (one, *sampling_interval(one, 70)), (other, *sampling_interval(other, 80))
    ... )
    >>> [round(low, 4), round(high, 4)]
    [0.0524, 0.3339]
    """
    x, low_x, high_x = first
    y, low_y, high_y = second
    below, above = np.hypot(x - low_x, high_y - y), np.hypot(high_x - x, y - low_y)
    return float(x - y - below), float(x - y + above)
