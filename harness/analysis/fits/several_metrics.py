"""Accuracy fitted on several metrics at once, with honest intervals.

Everything that leaves one dataset out is exact and takes no refits: the hat matrix H
of the fit, of which only the diagonal and two products are needed, gives what each
dataset would have been told by all the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.coverage import (
    LEVEL,
    Coverage,
    Prediction,
    coverage,
    interval_ends,
    student,
)
from harness.analysis.fits.fits import MINIMUM, check_outcomes
from harness.analysis.fits.lines import Unfit, centred, constant, deviation
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.arrays import Array

RIDGES = tuple(float(r) for r in np.logspace(-6, 1, 29))
# Standardised metrics whose smallest direction is below this share of the largest are
# taken to be collinear: their coefficients would be rounding.
_COLLINEAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A linear fit of accuracy on one or more metrics.

    Attributes
    ----------
    means, scales
        Of each metric; coefficients are per standard deviation.
    coefficients
        Accuracy per standard deviation of each metric.
    y_mean
        Accuracy at the means.
    ridge
        Penalty on the squared coefficients, per dataset; 0 for least squares.
    sd, freedom
        Standard deviation of residuals, and its degrees of freedom: n minus the trace
        of the hat matrix.
    inverse
        (m, m) inverse of the penalised moment matrix, for leverages.
    r2, rmse
        On its own data, as of `harness.analysis.fits.fits.LineFit`.
    n, x_ranges
        Number of datasets, and each metric's smallest and largest value.
    leave_one_out
        What came of predicting each dataset from the others.
    """

    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    y_mean: float
    ridge: float
    sd: float
    freedom: float
    inverse: tuple[tuple[float, ...], ...]
    r2: float
    rmse: float
    n: int
    x_ranges: tuple[tuple[float, float], ...]
    leave_one_out: Coverage

    def predict(self, metrics: ArrayLike) -> Array:
        """Return the plane's accuracies at (n, m) metrics; they may leave [0, 1]."""
        z = self._standardised(metrics)
        return np.asarray(self.y_mean + z @ np.array(self.coefficients))

    def predictions(
        self,
        metrics: ArrayLike,
        *,
        images: ArrayLike | None = None,
        level: float = LEVEL,
        outcome: FittedOutcome = TOP_1,
    ) -> tuple[Prediction, ...]:
        """Return accuracies with intervals at (n, m) metrics of so many images each.

        The half width is ``t s sqrt(1 + h)``: Student's t at `level` for the plane's
        degrees of freedom, the residuals' standard deviation, and the leverage of the
        place. It assumes residuals that are normal, alike everywhere and independent;
        a coverage says how far that holds. With `images` no interval is narrower than
        their sampling noise at the predicted accuracy, as of
        `harness.analysis.coverage.sampling_interval`; give none for an `outcome` that
        is no proportion of them. What leaves the outcome's bounds is cut to them.
        """
        metrics = np.asarray(metrics, dtype=np.float64)
        middle = self.predict(metrics)
        ends = self._ends(metrics, images, level)
        lows, highs = np.array(self.x_ranges).T
        inside = ((metrics >= lows) & (metrics <= highs)).all(axis=1)
        cut = [np.clip(a, outcome.low, outcome.high) for a in (middle, *ends)]
        return tuple(
            Prediction(
                accuracy=float(accuracy),
                low=float(low),
                high=float(high),
                level=level,
                inside=bool(within),
            )
            for accuracy, low, high, within in zip(*cut, inside, strict=True)
        )

    def coverage(
        self,
        metrics: ArrayLike,
        y: ArrayLike,
        *,
        images: ArrayLike | None = None,
        level: float = LEVEL,
    ) -> Coverage:
        """Return what came of predicting other datasets, whose accuracy is known."""
        y = np.asarray(y, dtype=np.float64)
        if y.size == 0:
            raise Unfit("a coverage needs at least 1 dataset, got 0")
        ends = self._ends(metrics, images, level)
        return coverage(y, self.predict(metrics), *ends, level)

    def _standardised(self, metrics: ArrayLike) -> Array:
        metrics = np.asarray(metrics, dtype=np.float64)
        if metrics.ndim != 2 or metrics.shape[1] != len(self.means):
            raise ValueError(
                f"`metrics` must have shape (n, {len(self.means)}), got {metrics.shape}"
            )
        return np.asarray((metrics - np.array(self.means)) / np.array(self.scales))

    def _ends(
        self, metrics: ArrayLike, images: ArrayLike | None, level: float
    ) -> tuple[Array, Array]:
        """Of intervals around what is predicted."""
        z = self._standardised(metrics)
        leverage = 1 / self.n + np.einsum("ij,jk,ik->i", z, np.array(self.inverse), z)
        half = student(self.freedom, level) * self.sd * np.sqrt(1 + leverage)
        return interval_ends(self.predict(metrics), half, images, level)


def fit_plane(
    metrics: ArrayLike,
    y: ArrayLike,
    *,
    images: ArrayLike | None = None,
    ridge: float | None = 0.0,
    level: float = LEVEL,
    outcome: FittedOutcome = TOP_1,
) -> Plane:
    """Return the linear fit of accuracy on the columns of `metrics`.

    Parameters
    ----------
    metrics : (n, m) array
        One row per dataset, one column per metric.
    y : (n,) array
        Accuracy in [0, 1], or another outcome.
    images : (n,) array, optional
        Per dataset; what intervals are at least as wide as the noise of.
    ridge : float or None
        Penalty on the squared standardised coefficients, per dataset: 0 is least
        squares. None takes the one of a fixed grid that predicts left-out datasets
        best; it copes with metrics that say nearly the same.
    level : float
        Of the intervals whose leave-one-out coverage is recorded.
    outcome : FittedOutcome
        What `y` is.

    Returns
    -------
    Plane
        With one metric and no ridge, the line of `harness.analysis.fits.fits.fit_line`.

    Raises
    ------
    Unfit
        If there are too few datasets for the number of metrics (fewer than m + 3), a
        value is not finite, an accuracy is outside [0, 1], a metric or the accuracy
        is constant, or metrics are collinear and there is no ridge.
    ValueError
        If the shapes do not fit each other, or the ridge is negative.

    Notes
    -----
    The leave-one-out results hold the penalty and the metrics' scales fixed and are
    otherwise exact refits. With ``ridge=None`` the penalty has seen the left-out
    dataset, which flatters them a little.

    References
    ----------
    Cook and Weisberg, "Residuals and Influence in Regression", 1982, chapter 2;
    Hoerl and Kennard, "Ridge regression", Technometrics 12, 1970.

    Examples
    --------
    >>> metrics = [[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [4.0, 1.0]]
    >>> y = [0.3, 0.2, 0.3, 0.6, 0.7]  # 0.1 + 0.1 first + 0.2 second
    >>> plane = fit_plane(metrics, y)
    >>> round(float(plane.predict([[2.0, 1.0]])[0]), 4), round(plane.r2, 4)
    (0.5, 1.0)
    >>> shrunk = fit_plane(metrics, y, ridge=1.0)
    >>> round(float(shrunk.predict([[2.0, 1.0]])[0]), 4)
    0.4677
    """
    metrics, y = _checked(metrics, y, outcome)
    n = len(y)
    means, scales = _units(metrics)
    z = (metrics - means) / scales
    y_mean, dy = centred(y)
    moments, directions = np.linalg.eigh(z.T @ z)
    moments = np.maximum(moments, 0)
    turned = z @ directions
    if ridge is None:
        ridge = min(RIDGES, key=lambda r: _left_out_mse(turned, moments, dy, n * r))
    if ridge < 0:
        raise ValueError(f"`ridge` must not be negative, got {ridge:g}")
    if ridge == 0 and moments.min() <= _COLLINEAR * moments.max():
        raise Unfit("the metrics are collinear; use a ridge, or fewer of them")
    damped = 1 / (moments + n * ridge)
    coefficients = directions @ (damped * (turned.T @ dy))
    residuals = dy - z @ coefficients
    sse, sst = float(residuals @ residuals), float(dy @ dy)
    freedom = n - 1 - float((moments * damped).sum())
    return Plane(
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        coefficients=tuple(coefficients.tolist()),
        y_mean=y_mean,
        ridge=float(ridge),
        sd=float(np.sqrt(sse / freedom)),
        freedom=freedom,
        inverse=tuple(map(tuple, ((directions * damped) @ directions.T).tolist())),
        r2=1 - sse / sst,
        rmse=float(np.sqrt(sse / n)),
        n=n,
        x_ranges=tuple(
            zip(metrics.min(0).tolist(), metrics.max(0).tolist(), strict=True)
        ),
        leave_one_out=_left_out(turned, moments, damped, residuals, y, images, level),
    )


def _checked(
    metrics: ArrayLike, y: ArrayLike, outcome: FittedOutcome
) -> tuple[Array, Array]:
    metrics = np.asarray(metrics, dtype=np.float64)
    y = np.asarray(y, dtype=np.float64)
    if metrics.ndim != 2 or y.shape != metrics.shape[:1] or not metrics.shape[1]:
        raise ValueError(
            "`metrics` must be (n, m) and `y` (n,) with m >= 1, "
            f"got {metrics.shape} and {y.shape}"
        )
    n, m = metrics.shape
    if n < m + MINIMUM:
        # One more than a line needs per metric: each left-out fit has a residual too.
        raise Unfit(
            f"a prediction from {m} metric{'s' * (m > 1)} needs at least "
            f"{m + MINIMUM} datasets, got {n}"
        )
    if not np.isfinite(metrics).all() or not np.isfinite(y).all():
        raise Unfit(f"a metric or an {outcome.words} is not finite")
    check_outcomes(y, outcome)
    flat = [i for i in range(m) if constant(metrics[:, i])]
    if flat:
        raise Unfit(f"metric {flat[0] + 1} of {m} is the same on all {n} datasets")
    return metrics, y


def _units(metrics: Array) -> tuple[Array, Array]:
    columns: Sequence[Array] = list(metrics.T)
    means = np.array([centred(column)[0] for column in columns])
    return means, np.array([deviation(column) for column in columns])


def _left_out_mse(turned: Array, moments: Array, dy: Array, penalty: float) -> float:
    """Mean squared error of predicting each dataset from the others."""
    damped = 1 / (moments + penalty)
    residuals = dy - turned @ (damped * (turned.T @ dy))
    leverage = 1 / len(dy) + turned**2 @ damped
    return float(((residuals / (1 - leverage)) ** 2).mean())


def _left_out(
    turned: Array,
    moments: Array,
    damped: Array,
    residuals: Array,
    y: Array,
    images: ArrayLike | None,
    level: float,
) -> Coverage:
    """What the fit without each dataset says about it.

    With H the hat matrix, leaving out i adds ``H_ij e_i / (1 - H_ii)`` to the residual
    of j; sums of its squares need only He and the diagonal of HH.
    """
    n = len(residuals)
    leverage = 1 / n + turned**2 @ damped
    rest = 1 - leverage
    if rest.min() <= _COLLINEAR:
        raise Unfit("one dataset alone decides a coefficient; use a ridge")
    squared = 1 / n + turned**2 @ (damped**2 * moments)
    echo = residuals.mean() + turned @ (damped * (turned.T @ residuals))
    push = residuals / rest
    sse = float(residuals @ residuals) + 2 * push * echo + push**2 * squared
    sse -= (residuals + push * leverage) ** 2
    trace = leverage.sum() - leverage + (squared - leverage**2) / rest
    freedom = n - 1 - trace
    sd = np.sqrt(np.maximum(sse, 0) / freedom)
    half = student(freedom, level) * sd / np.sqrt(rest)
    middle = y - push
    ends = interval_ends(middle, half, images, level)
    return coverage(y, middle, *ends, level)
