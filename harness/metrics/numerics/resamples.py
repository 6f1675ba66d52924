"""Resamples: what a metric would say of healthy sets of few images. No metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import UndefinedMetricError

DRAWS = 40
#: Images of a draw at most. Errors of more images follow, since they fall with the root
#: of the number, and a metric may take a second for a thousand images.
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """A metric on sets of so many images that are like the labelled source's.

    Attributes
    ----------
    mean
        What it says of them.
    error
        Standard deviation of one set around it. The source's own images are no more
        than a sample, which is in it.
    """

    mean: float
    error: float


def resampled(
    measure: Callable[[NDArray[np.intp]], float],
    images: int,
    size: int,
    *,
    draws: int = DRAWS,
    most: int = MOST,
) -> Resampled:
    r"""Return what a metric says of healthy sets, from answers that are there already.

    Parameters
    ----------
    measure
        The metric on these rows of the source's answers.
    images
        How many the source has, s.
    size
        How many the sets have that are asked about, n.
    draws
        Sets drawn, with replacement, always the same.
    most
        Images of a draw at most, m.

    Returns
    -------
    Resampled
        With :math:`v_i` of draws of :math:`c = \min(n, m)` images and :math:`v` of all,
        the mean is :math:`v + (\bar v - v) c / n`, and the error is the standard
        deviation of the :math:`v_i` times :math:`\sqrt{c / n} \sqrt{1 + n / s}`.

    Raises
    ------
    UndefinedMetricError
        If the metric has no value on the source, or on fewer than two draws.
    ValueError
        If there is no image on either side, or fewer than two draws.

    References
    ----------
    Bootstrap of a set: Efron and Tibshirani, "An introduction to the bootstrap", 1993.
    Draws of another size than the sample, brought to it by the root of the number:
    Politis, Romano and Wolf, "Subsampling", 1999. A mean of n new images is as far from
    that of s others as :math:`\sigma \sqrt{1/n + 1/s}`, which is the last root.

    Examples
    --------
    Of right and wrong answers, half of each, the share that is right:

    >>> right = np.tile([0.0, 1.0], 5000)
    >>> found = resampled(
    ...     lambda rows: right[rows].mean(), 10_000, 100, draws=2000)
    >>> bool(abs(found.mean - 0.5) < 0.005), bool(abs(found.error - 0.05) < 0.003)
    (True, True)
    """
    if images < 1 or size < 1:
        raise ValueError(f"`images` and `size` must be positive, got {images}, {size}")
    if draws < 2:
        raise ValueError(f"`draws` must be at least 2, got {draws}")
    whole = measure(np.arange(images))
    drawn = min(size, most)
    rng = np.random.default_rng(0)
    values = []
    for _ in range(draws):
        rows = rng.integers(images, size=drawn)
        try:
            values.append(measure(rows))
        except UndefinedMetricError:  # of a draw that lacks a class, perhaps
            continue
    if len(values) < 2:
        raise UndefinedMetricError(
            f"a metric without a value on {draws - len(values)} of {draws} resamples "
            "has no sampling error"
        )
    scale = np.sqrt(drawn / size) * np.sqrt(1 + size / images)
    return Resampled(
        mean=float(whole + (np.mean(values) - whole) * drawn / size),
        error=float(np.std(values, ddof=1) * scale),
    )
