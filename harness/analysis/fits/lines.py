"""Least squares on any pair of vectors, careful with their digits."""

from dataclasses import dataclass

import numpy as np

from harness.arrays import Array

# Values that differ by no more than this fraction of their size are one value with
# rounding on it: a line through them would be a line through noise.
ROUNDING = 64 * float(np.finfo(np.float64).eps)


class Unfit(ValueError):  # a finding about data, not a mistake
    """No fit or judgement exists; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through the centre of its data.

    Attributes
    ----------
    slope
        Rise per unit of `x`.
    x_mean, y_mean
        The centre.
    """

    slope: float
    x_mean: float
    y_mean: float

    @property
    def intercept(self) -> float:
        """Height at x = 0."""
        return self.y_mean - self.slope * self.x_mean

    def at(self, x: Array) -> Array:
        """Heights at `x`."""
        # From the centre: with a large offset, ``intercept + slope * x`` loses digits.
        return np.asarray(self.y_mean + self.slope * (x - self.x_mean))


def least_squares(x: Array, y: Array) -> tuple[Line, Array]:
    """Return the line of `y` on `x` with the least squares, and its residuals.

    Parameters
    ----------
    x, y : (n,) arrays
        Finite; `x` not constant.

    Returns
    -------
    Line, (n,) array
        The line, and ``y - line.at(x)``.

    Raises
    ------
    Unfit
        If the spread of `x` is too small for a finite slope.

    Examples
    --------
    >>> line, residuals = least_squares(np.array([0.0, 1, 2]), np.array([0.0, 3, 0]))
    >>> line.slope, line.intercept, residuals.tolist()
    (0.0, 1.0, [-1.0, 2.0, -1.0])
    """
    x_mean, dx = centred(x)
    y_mean, dy = centred(y)
    # Scaled by their largest member, squares neither overflow nor vanish.
    x_scale = float(np.abs(dx).max())
    y_scale = float(np.abs(dy).max()) or 1.0
    u, v = dx / x_scale, dy / y_scale
    steepness = float(u @ v) / float(u @ u)
    slope = steepness * (y_scale / x_scale)
    if not np.isfinite(slope):
        raise Unfit(f"the metric's spread of {x_scale:.3g} is too small for a line")
    line = Line(slope=slope, x_mean=x_mean, y_mean=y_mean)
    return line, (v - steepness * u) * y_scale


def constant(values: Array) -> bool:
    """Whether all values are equal, but for rounding."""
    return float(np.ptp(values)) <= ROUNDING * float(np.abs(values).max())


def centred(values: Array) -> tuple[float, Array]:
    """The mean, and the values minus it."""
    mean = float(values.mean())
    # A second pass takes back what rounding cost the first: with a large offset the
    # differences are much smaller than the mean.
    mean += float((values - mean).mean())
    return mean, values - mean


def deviation(values: Array) -> float:
    """Standard deviation with divisor n; squares of tiny values do not vanish."""
    _, differences = centred(values)
    scale = float(np.abs(differences).max())
    if scale == 0:
        return 0.0
    return scale * float(np.sqrt(((differences / scale) ** 2).mean()))
