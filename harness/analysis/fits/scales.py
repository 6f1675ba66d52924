"""Scales of accuracy: linear, probit, logit; and the noise of a measured accuracy."""

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.fits.lines import Unfit
from harness.arrays import Array


class Scale(StrEnum):
    """What accuracy is mapped by before a line is fitted to it."""

    LINEAR = "linear"  # as it is
    PROBIT = "probit"  # quantile of the standard normal distribution
    LOGIT = "logit"  # log of the odds


def to_scale(y: ArrayLike, scale: Scale, images: ArrayLike | None = None) -> Array:
    """Return accuracies on a scale.

    Parameters
    ----------
    y : (n,) array
        Accuracies in [0, 1].
    scale : Scale
        Where to.
    images : (n,) array or number, optional
        How many images each was measured on. Probit and logit of 0 and 1 are
        infinite; they are taken to be half an image away from the end.

    Returns
    -------
    (n,) array
        Finite; unbounded on the probit and logit scales, where 0.5 is at 0.

    Raises
    ------
    Unfit
        If an accuracy is 0 or 1, the scale needs it inside, and `images` is not
        given.
    ValueError
        If an accuracy is outside [0, 1] or a number of images is below 1.

    Examples
    --------
    >>> to_scale([0.25, 0.5], Scale.LINEAR).tolist()
    [0.25, 0.5]
    >>> to_scale([0.5, 0.975], Scale.PROBIT).round(4).tolist()
    [0.0, 1.96]
    >>> to_scale([0.5, 0.75], Scale.LOGIT).round(4).tolist()  # log 3
    [0.0, 1.0986]
    >>> to_scale([0.0, 1.0], Scale.LOGIT, images=50).round(4).tolist()  # 0.01 and 0.99
    [-4.5951, 4.5951]
    """
    y = np.asarray(y, dtype=np.float64)
    if not ((y >= 0) & (y <= 1)).all():
        bad = y[~((y >= 0) & (y <= 1))][0]
        raise ValueError(f"accuracies must be in [0, 1], got {bad:g}")
    if scale is Scale.LINEAR:
        return y
    from scipy.special import logit, ndtri

    if images is not None:
        counts = np.asarray(images, dtype=np.float64)
        if not (counts >= 1).all():
            raise ValueError(f"`images` must be at least 1, got {counts.min():g}")
        y = np.clip(y, 1 / (2 * counts), 1 - 1 / (2 * counts))
    elif ((y == 0) | (y == 1)).any():
        raise Unfit(
            f"an accuracy of {y[(y == 0) | (y == 1)][0]:g} has no {scale}; "
            "give the number of images to clip by"
        )
    return np.asarray(ndtri(y) if scale is Scale.PROBIT else logit(y))


def from_scale(t: ArrayLike, scale: Scale) -> Array:
    """Return the accuracies that `to_scale` maps to `t`; the inverse, up to clipping.

    Examples
    --------
    >>> from_scale([1.959964, 0.0], Scale.PROBIT).round(4).tolist()
    [0.975, 0.5]
    >>> from_scale([1.0986123, 0.0], Scale.LOGIT).round(4).tolist()
    [0.75, 0.5]
    >>> from_scale([0.25], Scale.LINEAR).tolist()
    [0.25]
    """
    t = np.asarray(t, dtype=np.float64)
    if scale is Scale.LINEAR:
        return t
    from scipy.special import expit, ndtr

    return np.asarray(ndtr(t) if scale is Scale.PROBIT else expit(t))


def noise_floor(y: ArrayLike, images: ArrayLike) -> float:
    r"""Return the RMSE that the sampling of images alone would cause.

    .. math:: \sqrt{\frac1n \sum_i \frac{a_i (1 - a_i)}{m_i}}

    Parameters
    ----------
    y, images : (n,) arrays
        Accuracies in [0, 1], and how many images each was measured on.

    Returns
    -------
    float
        In [0, 0.5], a fraction of 1. A line with an RMSE near it cannot be improved
        upon, and methods whose RMSE differ by less cannot be ranked. 0 where every
        accuracy is 0 or 1.

    Raises
    ------
    ValueError
        If there are no accuracies, or a value is out of its range.

    Notes
    -----
    The standard errors of binomial proportions, averaged as squares. Datasets made of
    the same images share much of this error, which a line then absorbs: for them it
    is an upper limit.

    Examples
    --------
    >>> noise_floor([0.5], [100])
    0.05
    >>> round(noise_floor([0.85], [2000]), 4)
    0.008
    >>> noise_floor([0.0, 1.0], [10, 10])
    0.0
    """
    y, images = np.asarray(y, dtype=np.float64), np.asarray(images, dtype=np.float64)
    if y.size == 0 or y.shape != images.shape:
        raise ValueError(
            f"`y` and `images` must be alike and not empty, got {y.shape} and "
            f"{images.shape}"
        )
    if not ((y >= 0) & (y <= 1)).all() or not (images >= 1).all():
        raise ValueError("accuracies must be in [0, 1] and images at least 1")
    return float(np.sqrt((y * (1 - y) / images).mean()))
