"""Other fits of accuracy on a metric: robust lines, lines on a scale, steps.

The ordinary line is `harness.analysis.fits.fits.fit_line`. All of these are judged by
the same function, `judge` beside it, and always in accuracy: what was fitted on a scale
is mapped back before its errors are taken.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.fits.fits import fit_line
from harness.analysis.fits.lines import (
    Line,
    Unfit,
    centred,
    deviation,
    least_squares,
)
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.fits.scales import Scale, from_scale, to_scale
from harness.arrays import Array


class Method(StrEnum):
    """How accuracy is fitted on a metric."""

    LINEAR = "linear"  # ordinary least squares
    HUBER = "huber"  # squares near the line, absolute values far from it
    THEIL_SEN = "theil-sen"  # the median of the slopes of all pairs
    PROBIT = "probit"  # least squares on the probit scale
    LOGIT = "logit"  # least squares on the logit scale
    ISOTONIC = "isotonic"  # monotone, in the direction of the rank correlation


# Residuals beyond this many robust standard deviations count linearly: 95 % as
# efficient as least squares on normal residuals (Huber and Ronchetti, 2009).
HUBER_LIMIT = 1.345
ROUNDS = 2000
SETTLED = 1e-10  # of accuracy: far less than one image of any dataset
MOST_FOR_PAIRS = 5000  # some 600 MB
_NORMAL_MAD = 0.674489750196082  # median of |z|, z standard normal


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveFit:
    """A fit of any method, and how well it fits its own data in accuracy.

    Attributes
    ----------
    method, scale
        How it was fitted, and on which scale of accuracy it is a line.
    line
        The line on that scale; None for a monotone fit.
    knots
        (metric, accuracy) pairs of a monotone fit, between which it is linear and
        beyond which it is constant; empty for lines.
    r2, rmse, mae, bias
        Of the fit on its own data, in accuracy. R² is 1 - SSE/SST and can be negative
        for fits that do not minimise squares.
    scale_r2
        R² on the scale that was fitted, where it is a line; the squared Pearson
        correlation there for least squares. Published lines of accuracy report it.
    n, x_range
        Number of datasets, smallest and largest metric.
    """

    method: Method
    scale: Scale
    line: Line | None
    knots: tuple[tuple[float, float], ...]
    r2: float
    rmse: float
    mae: float
    bias: float
    scale_r2: float | None
    n: int
    x_range: tuple[float, float]

    def predict(self, x: ArrayLike) -> Array:
        """Return the fit's accuracies at `x`; a straight line may leave [0, 1]."""
        return _accuracy(self.line, self.knots, self.scale, x)

    def covers(self, x: float) -> bool:
        """Whether `x` lies inside the range that the curve was fitted on."""
        return self.x_range[0] <= x <= self.x_range[1]


def fit_curve(
    x: ArrayLike,
    y: ArrayLike,
    *,
    method: Method = Method.LINEAR,
    images: ArrayLike | None = None,
    outcome: FittedOutcome = TOP_1,
) -> CurveFit:
    """Return a fit of accuracy on a metric by any method.

    Parameters
    ----------
    x, y : (n,) arrays
        Metric, and accuracy in [0, 1], per dataset.
    method : Method
        How to fit.
    images : (n,) array, optional
        Images per dataset: on the probit and logit scales, accuracies of 0 and 1 are
        taken to be half an image from the end. Of no use where `y` is no proportion
        of them.
    outcome : FittedOutcome
        What `y` is; of one that is no share, scales do not exist.

    Returns
    -------
    CurveFit
        The same in whatever order the datasets are given.

    Raises
    ------
    Unfit
        As `harness.analysis.fits.fits.fit_line` does; and if a scale needs `images` and
        they are not given, or if no direction can be told for a monotone fit.

    References
    ----------
    Huber and Ronchetti, "Robust Statistics", 2nd edition, 2009, chapter 7.
    Theil, "A rank-invariant method of linear and polynomial regression analysis",
    1950; Sen, JASA 63, 1968. Barlow et al., "Statistical Inference under Order
    Restrictions", 1972. Probit lines of accuracy: Miller et al., "Accuracy on the
    Line", ICML 2021, arXiv:2107.04649.

    Examples
    --------
    >>> x, y = [0.0, 1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.3, 0.4, 0.9]
    >>> round(fit_curve(x, y).line.slope, 4)  # the last dataset pulls
    0.18
    >>> round(fit_curve(x, y, method=Method.HUBER).line.slope, 4)
    0.1
    >>> round(fit_curve(x, y, method=Method.THEIL_SEN).line.slope, 4)
    0.1
    >>> round(float(fit_curve(x, y, method=Method.PROBIT).predict(0.0)), 4)
    0.0712
    >>> round(float(fit_curve(x, y, method=Method.LOGIT).predict(0.0)), 4)
    0.0771
    >>> fit_curve(x, [0.1, 0.3, 0.2, 0.4, 0.9], method=Method.ISOTONIC).knots[1:3]
    ((1.0, 0.25), (2.0, 0.25))
    """
    # It checks the data, and refuses what has no line.
    ordinary = fit_line(x, y, outcome=outcome)
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    scaled = method in (Method.PROBIT, Method.LOGIT)
    scale = Scale(method.value) if scaled else Scale.LINEAR
    if scaled and not outcome.is_share:
        raise Unfit(f"{outcome.words} is no share, and has no {scale}")
    t = to_scale(y, scale, images) if outcome.is_share else y
    line: Line | None = None
    knots: tuple[tuple[float, float], ...] = ()
    if method is Method.ISOTONIC:
        knots = _steps(x, y, ordinary.spearman)
    elif method is Method.HUBER:
        line = _huber(x, y)
    elif method is Method.THEIL_SEN:
        line = _theil_sen(x, y)
    else:
        line, _ = least_squares(x, t)
    errors = _accuracy(line, knots, scale, x) - y
    mse = float((errors**2).mean())
    return CurveFit(
        method=method,
        scale=scale,
        line=line,
        knots=knots,
        r2=1 - mse / ordinary.y_sd**2,
        rmse=float(np.sqrt(mse)),
        mae=float(np.abs(errors).mean()),
        bias=float(errors.mean()),
        scale_r2=None if line is None else 1 - _share(line.at(x) - t, t),
        n=ordinary.n,
        x_range=ordinary.x_range,
    )


def _accuracy(
    line: Line | None,
    knots: tuple[tuple[float, float], ...],
    scale: Scale,
    x: ArrayLike,
) -> Array:
    x = np.asarray(x, dtype=np.float64)
    if line is not None:
        return from_scale(line.at(x), scale)
    places, heights = zip(*knots, strict=True)
    return np.asarray(np.interp(x, places, heights))


def _share(errors: Array, t: Array) -> float:
    """Squared errors as a share of the squared deviations from the mean."""
    _, dt = centred(t)
    return float(errors @ errors) / float(dt @ dt)


def _huber(x: Array, y: Array) -> Line:
    """Iteratively reweighted least squares towards the smallest Huber loss.

    The scale is that of the residuals about the Theil-Sen line and stays: the loss is
    then convex, and every round comes nearer to its one minimum. (A scale taken anew
    in each round can creep along with the line for ever.)
    """
    line = _theil_sen(x, y)
    spread = float(np.median(np.abs(y - line.at(x)))) / _NORMAL_MAD
    if spread <= SETTLED:
        return line  # half of the datasets lie on it
    limit = HUBER_LIMIT * spread
    x_scale = deviation(x)
    for _ in range(ROUNDS):
        weights = limit / np.maximum(np.abs(y - line.at(x)), limit)
        total = float(weights.sum())
        x_mean, y_mean = float(weights @ x) / total, float(weights @ y) / total
        u = (x - x_mean) / x_scale
        slope = float(weights @ (u * (y - y_mean))) / float(weights @ (u * u)) / x_scale
        before, line = line, Line(slope=slope, x_mean=x_mean, y_mean=y_mean)
        if float(np.abs(line.at(x) - before.at(x)).max()) <= SETTLED:
            return line
    raise Unfit(f"the robust line did not settle within {ROUNDS} rounds")


def _theil_sen(x: Array, y: Array) -> Line:
    """The median slope, at the height that leaves as many datasets above as below."""
    if len(x) > MOST_FOR_PAIRS:
        raise Unfit(
            f"the median slope of all pairs needs at most {MOST_FOR_PAIRS} datasets, "
            f"got {len(x)}"
        )
    i, j = np.triu_indices(len(x), k=1)
    apart = x[i] != x[j]
    i, j = i[apart], j[apart]
    slope = float(np.median((y[j] - y[i]) / (x[j] - x[i])))
    x_mean = float(x.mean())
    height = float(np.median(y - slope * (x - x_mean)))
    return Line(slope=slope, x_mean=x_mean, y_mean=height)


def _steps(x: Array, y: Array, rho: float) -> tuple[tuple[float, float], ...]:
    """The monotone fit with the least squares, at each metric that occurs."""
    if rho == 0:
        raise Unfit("the rank correlation is 0, so a monotone fit has no direction")
    from scipy.optimize import isotonic_regression

    places, member, counts = np.unique(x, return_inverse=True, return_counts=True)
    heights = np.bincount(member, weights=y) / counts
    fitted = isotonic_regression(heights, weights=counts, increasing=rho > 0).x
    return tuple(zip(places.tolist(), fitted.tolist(), strict=True))
