"""How wide the interval of a forecast must be under shifts that nobody has seen.

Errors of forecasts have two parts: the noise of counting images, which is known, and
what the kind of shift does, which grows with the fall. How large the second is tell
forecasts of whole kinds that the fit had never seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.fits.lines import Unfit
from harness.arrays import Array
from harness.metrics.numerics.uncertainty import student

#: Share of the fall of the accuracy that is taken for one unit of error beside the
#: noise of the images. It decides where intervals are wide and where narrow; how wide
#: they are does the quantile. Chosen on the tuned scenarios of
#: ``python -m benchmarks.predicting``.
SHIFT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """What the half width of an interval is made of.

    Attributes
    ----------
    level
        The share of datasets that intervals are meant to hold.
    quantile
        Of the errors on left-out kinds, in units of `unit`; never below the normal
        one, since the noise of the images is there whatever the kind.
    source_accuracy, source_images
        Of the test split, which the forecast starts from.
    images
        Of a dataset of the interior.
    kinds, n
        How many kinds were left out, and how many errors that gave.
    """

    level: float
    quantile: float
    source_accuracy: float
    source_images: float
    images: int
    kinds: int
    n: int

    def half(self, accuracy: Array, images: ArrayLike) -> Array:
        r"""Half widths at forecast accuracies of datasets of so many images.

        What errors were on the interior, and what fewer images add to it:

        .. math:: \sqrt{q^2 u(a, \max(n, m))^2 + 2 z^2 (v(a, n) - v(a, m))_+}

        with u and v of `unit`, m the images of a dataset of the interior, q the
        quantile there and z the normal one. The noise of an accuracy is twice in it:
        the truth has it, and what the estimates say of the same images.
        """
        images = np.asarray(images, dtype=np.float64)
        known = self.quantile * unit(
            accuracy,
            np.maximum(images, self.images),
            self.source_accuracy,
            self.source_images,
        )
        share = np.minimum(accuracy, self.source_accuracy)
        fewer = _noise(share, images) - _noise(share, self.images)
        added = 2 * student(np.inf, self.level) ** 2 * np.maximum(fewer, 0)
        return np.asarray(np.sqrt(known**2 + added))


def unit(
    accuracy: ArrayLike, images: ArrayLike, source: float, source_images: float
) -> Array:
    r"""Return the standard error that a forecast would have, up to a factor.

    .. math:: \sqrt{v(\min(a, s), n) + v(s, m) + (0.1 (s - a))^2}, \quad
        v(a, n) = \tilde a (1 - \tilde a) / n, \quad \tilde a = (a n + 1) / (n + 2)

    What is forecast above the test split is healthy and a little lucky: its noise is
    that of the test split's accuracy, not the smaller one of where it came out.

    Parameters
    ----------
    accuracy, images : (n,) arrays or numbers
        Forecast, and of how many images.
    source, source_images
        Accuracy of the test split, and its number of images.

    References
    ----------
    The share that is drawn to the middle is Laplace's rule of succession: at an
    accuracy of 0 or 1 images have noise too.

    Examples
    --------
    >>> float(unit(0.5, 98, 0.5, 98).round(6))  # twice 0.25 / 98
    0.071429
    >>> float(unit(0.5, 10**9, 0.9, 10**9).round(4))
    0.04
    >>> bool(unit(1.0, 150, 0.98, 10**9) > unit(0.98, 150, 0.98, 10**9) - 1e-9)
    True
    """
    accuracy = np.asarray(accuracy, dtype=np.float64)
    shift = SHIFT * (source - accuracy)
    healthy = np.minimum(accuracy, source)
    noise = _noise(healthy, images) + _noise(source, source_images)
    return np.asarray(np.sqrt(noise + shift**2))


def _noise(share: ArrayLike, images: ArrayLike) -> Array:
    n = np.asarray(images, dtype=np.float64)
    drawn = (np.asarray(share) * n + 1) / (n + 2)
    return np.asarray(drawn * (1 - drawn) / n)


def width_of(
    errors: Sequence[Array],
    *,
    level: float,
    source_accuracy: float,
    source_images: int,
    images: int,
) -> Width:
    """Return what half widths are made of, from errors on kinds that were left out.

    Parameters
    ----------
    errors : sequence of arrays
        For each kind the errors of the forecasts made without it, in units of `unit`.
    level, source_accuracy, source_images, images
        As in `Width`.

    Raises
    ------
    Unfit
        If there is no kind.

    Notes
    -----
    A level above n / (n + 1) asks for more than the largest of n errors: that is then
    as much larger as normal errors would be at the level.

    References
    ----------
    Quantile ``ceil((n + 1) level) / n``: Lei, G'Sell, Rinaldo, Tibshirani and
    Wasserman, "Distribution-free predictive inference for regression", JASA 113, 2018.
    Groups are left out as in Dunn, Wasserman and Ramdas, "Distribution-free prediction
    sets for two-layer hierarchical models", JASA 118, 2023, by pooling the errors of
    all groups: which is approximate, since errors of one kind are alike and a set that
    was made by three transformations is counted with each.

    Examples
    --------
    >>> errors = [np.array([1.0, -8.0]), np.array([3.0])]
    >>> of = {"source_accuracy": 0.9, "source_images": 100, "images": 100}
    >>> width_of(errors, level=0.5, **of).quantile
    3.0
    >>> [round(width_of(errors, level=p, **of).quantile, 2) for p in (0.75, 0.95, 0.99)]
    [8.0, 13.63, 17.91]
    """
    pooled = np.sort(np.abs(np.concatenate([*errors, np.empty(0)])))
    if not len(pooled):
        raise Unfit("no kind of dataset could be left out")
    rank = min(int(np.ceil((len(pooled) + 1) * level)), len(pooled))
    normal = float(student(np.inf, level))
    # The largest of n errors stands for the share n / (n + 1) of them; beyond that
    # there is nothing but the normal law to say how much larger they come.
    most = len(pooled) / (len(pooled) + 1)
    further = max(1.0, normal / float(student(np.inf, most)))
    return Width(
        level=level,
        quantile=max(float(pooled[rank - 1]) * further, normal),
        source_accuracy=source_accuracy,
        source_images=source_images,
        images=images,
        kinds=len(errors),
        n=len(pooled),
    )
