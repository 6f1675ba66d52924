"""A forecast where there is no interior: one estimate as it is, and a wide interval.

With the test split alone nothing tells how wrong an estimate is under this model's
shifts. What it was wrong by elsewhere has to do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.coverage import LEVEL, Prediction
from harness.analysis.forecasts.widths import unit
from harness.metrics.numerics.uncertainty import student

#: Of errors of COTT in units of `unit`, on transformations, corruptions and writers of
#: the tuned scenarios of ``python -m benchmarks.predicting``: 95 % of them are below
#: 5.6 on the digits, 6.1 on MNIST and 3.3 on CIFAR-10.
QUANTILE = 6.1
MEASURED_AT = LEVEL
#: Estimates in the order in which they are trusted as they are: by their mean error on
#: the same scenarios.
PREFERRED = ("cott", "cot", "atc_ne", "atc_mc", "difference_of_confidences")


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """An estimate that is believed as it is, less than a fit would be.

    Attributes
    ----------
    metric
        Which.
    level, quantile
        The share of datasets that intervals are meant to hold, and the half width in
        units of `harness.analysis.forecasts.widths.unit`: measured on other data, with
        other networks. At other levels than 0.95 it is scaled as a normal quantile is.
    source_accuracy, source_images
        Of the test split.
    """

    metric: str
    level: float
    quantile: float
    source_accuracy: float
    source_images: float

    def predictions(
        self, estimates: ArrayLike, *, images: ArrayLike
    ) -> tuple[Prediction, ...]:
        """Return accuracies with intervals at (n, 1) estimates of so many images."""
        middle = np.clip(np.asarray(estimates, dtype=np.float64)[:, 0], 0, 1)
        half = self.quantile * unit(
            middle, images, self.source_accuracy, self.source_images
        )
        return tuple(
            Prediction(
                accuracy=float(m),
                low=float(max(m - h, 0)),
                high=float(min(m + h, 1)),
                level=self.level,
                inside=True,
            )
            for m, h in zip(middle, half, strict=True)
        )


def direct(
    metric: str, *, source_accuracy: float, source_images: float, level: float = LEVEL
) -> Direct:
    """Return a forecast that takes `metric` as it is.

    Examples
    --------
    >>> made = direct("cott", source_accuracy=0.9, source_images=1000)
    >>> (found,) = made.predictions([[0.9]], images=[1000])  # 6.1 sqrt(2 0.09 / 1000)
    >>> round(found.low, 3), round(found.high, 3)
    (0.818, 0.982)
    >>> (found,) = made.predictions([[0.5]], images=[1000])  # and 0.1 of a fall of 0.4
    >>> round(found.low, 3), round(found.high, 3)
    (0.231, 0.769)
    """
    normal = float(student(np.inf, level) / student(np.inf, MEASURED_AT))
    return Direct(
        metric=metric,
        level=level,
        quantile=QUANTILE * normal,
        source_accuracy=float(source_accuracy),
        source_images=source_images,
    )
