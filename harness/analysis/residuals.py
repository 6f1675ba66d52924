"""Surprises: the datasets that a line is most wrong about, by name."""

from dataclasses import dataclass

import numpy as np

from harness.analysis.correlation import Correlation, Point, Undefined

OUTLIER = 2.0  # robust standard deviations from the median residual
_NORMAL_MAD = 0.674489750196082  # median of |z|, z standard normal


@dataclass(frozen=True, slots=True, kw_only=True)
class Surprise:
    """A dataset, what the interior's line says of it, and what is true.

    Attributes
    ----------
    point
        The dataset, its metric and its accuracy.
    predicted
        What the line says; may leave [0, 1].
    residual
        True minus predicted accuracy: positive where the model does better than the
        metric promises.
    deviations
        The residual's distance from the median residual of its domain, in standard
        deviations estimated from the median absolute deviation there; infinite where
        more than half of the residuals are the same and this one is not.
    """

    point: Point
    predicted: float
    residual: float
    deviations: float

    @property
    def outlier(self) -> bool:
        """Whether the residual stands out among those of its domain."""
        return self.deviations > OUTLIER


def surprises(correlation: Correlation, *, count: int = 5) -> tuple[Surprise, ...]:
    """Return the labelled datasets with the largest residuals from the interior's line.

    Parameters
    ----------
    correlation : Correlation
        A row of the report.
    count : int
        At most how many to return.

    Returns
    -------
    tuple of Surprise
        Largest residual first, interior and exterior together; ties in the order of
        names. Empty if the interior has no line.
    """
    line = correlation.interior
    if isinstance(line, Undefined) or not correlation.points:
        return ()
    points = [(p, p.y) for p in correlation.points if p.y is not None]
    predicted = line.predict([p.x for p, _ in points])
    residuals = np.array([y for _, y in points]) - predicted
    domains = np.array([p.domain for p, _ in points])
    deviations = np.empty(len(points))
    for domain in set(domains):
        members = domains == domain
        apart = np.abs(residuals[members] - np.median(residuals[members]))
        spread = float(np.median(apart)) / _NORMAL_MAD
        deviations[members] = (
            apart / spread if spread else np.where(apart > 0, np.inf, 0.0)
        )
    # Residuals that differ by rounding alone must not swap with the order of sums.
    order = sorted(
        range(len(points)),
        key=lambda i: (
            -round(abs(float(residuals[i])), 12),
            points[i][0].model,
            points[i][0].dataset,
        ),
    )
    return tuple(
        Surprise(
            point=points[i][0],
            predicted=float(predicted[i]),
            residual=float(residuals[i]),
            deviations=float(deviations[i]),
        )
        for i in order[:count]
    )
