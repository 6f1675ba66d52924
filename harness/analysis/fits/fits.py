"""Lines of accuracy on a metric: fitted on some datasets, judged on others.

`x` is the metric and `y` the accuracy in [0, 1], in every fit.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.fits.lines import (
    Line,
    Unfit,
    centred,
    constant,
    deviation,
    least_squares,
)
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.arrays import Array, floats
from harness.display import facts_html
from harness.metrics.numerics.ranks import spearman

MINIMUM = 3  # two points lie on a line whatever they measure
LARGEST = 1e150  # squares of anything larger overflow
SMALLEST = 1e-150  # squares of anything smaller vanish

__all__ = ["Fit", "Judgement", "LineFit", "Unfit", "fit_line", "judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFit:
    """A least-squares line, accuracy = intercept + slope metric, and how it fits.

    Attributes
    ----------
    slope, intercept
        Of the line; accuracy per unit of the metric, and accuracy at metric 0.
    r2
        Share of the accuracies' variance that the line explains, in [0, 1]; for a
        fit judged on its own data it equals the squared Pearson correlation.
    rmse, mae
        Root of the mean squared, and mean absolute, residual, as fractions of 1.
        ``rmse**2 == (1 - r2) * y_sd**2``.
    spearman
        Rank correlation of metric and accuracy, with its sign.
    n
        Number of datasets.
    x_range, y_range
        Smallest and largest metric and accuracy of the fit.
    x_mean, y_mean
        The centre, which the line passes through.
    x_sd, y_sd
        Standard deviations with divisor n.
    """

    slope: float
    intercept: float
    r2: float
    rmse: float
    mae: float
    spearman: float
    n: int
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_mean: float
    y_mean: float
    x_sd: float
    y_sd: float

    @property
    def pearson(self) -> float:
        """Correlation of metric and accuracy, in [-1, 1]."""
        return float(np.copysign(np.sqrt(self.r2), self.slope))

    @property
    def adjusted_r2(self) -> float:
        """R² corrected for the two numbers that were fitted; may be negative."""
        return 1 - (1 - self.r2) * (self.n - 1) / (self.n - 2)

    def predict(self, x: ArrayLike) -> Array:
        """Return the line's accuracies at `x`; nothing keeps them inside [0, 1]."""
        line = Line(slope=self.slope, x_mean=self.x_mean, y_mean=self.y_mean)
        return line.at(floats(x, "x"))

    def covers(self, x: float) -> bool:
        """Whether `x` lies inside the range that the line was fitted on."""
        return self.x_range[0] <= x <= self.x_range[1]

    def _repr_html_(self) -> str:
        """As a notebook shows it."""
        low, high = self.x_range
        facts = {
            "line": f"{self.intercept:.4g} {self.slope:+.4g} × metric",
            "R²": f"{self.r2:.3f}",
            "RMSE": f"{self.rmse:.4g}",
            "MAE": f"{self.mae:.4g}",
            "Spearman's ρ": f"{self.spearman:+.3f}",
            "datasets": f"{self.n}",
            "metric from, to": f"{low:.4g}, {high:.4g}",
        }
        return facts_html("least-squares line", facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How well a line that was fitted elsewhere predicts these datasets.

    Attributes
    ----------
    r2
        R² of prediction, ``1 - SSE / SST``, at most 1: 0 is as good as knowing the
        mean accuracy of these datasets, and it is negative where the line is worse.
    rmse, mae
        Root of the mean squared, and mean absolute, error, as fractions of 1.
    bias
        Mean of predicted minus true accuracy: positive where the line flatters.
    spearman
        Rank correlation of metric and accuracy on these datasets, with its sign;
        None if the metric is constant on them.
    n
        Number of datasets.
    outside
        How many of them lie outside the metric's range in the fit.
    """

    r2: float
    rmse: float
    mae: float
    bias: float
    spearman: float | None
    n: int
    outside: int


def fit_line(
    x: ArrayLike,
    y: ArrayLike,
    *,
    unit: str = "datasets",
    outcome: FittedOutcome = TOP_1,
) -> LineFit:
    """Return the ordinary least-squares line of accuracy on a metric.

    Parameters
    ----------
    x : (n,) array
        The metric, one value per dataset.
    y : (n,) array
        The accuracy in [0, 1] on the same datasets, or another outcome.
    unit : str
        What the pairs are, for messages: lines over models have models.
    outcome : FittedOutcome
        What `y` is.

    Returns
    -------
    LineFit
        The line and its statistics. It is the same, up to rounding, in whatever
        order the datasets are given.

    Raises
    ------
    Unfit
        If there are fewer than 3 datasets, a value is not finite, an accuracy is
        outside [0, 1], or the metric or the accuracy is the same on all datasets, or
        differs by too little to square.
    ValueError
        If `x` and `y` are not vectors of one length.

    Examples
    --------
    >>> fit = fit_line([0.0, 1.0, 2.0], [0.1, 0.3, 0.5])
    >>> round(fit.slope, 12), round(fit.intercept, 12), round(fit.r2, 12)
    (0.2, 0.1, 1.0)
    >>> fit = fit_line([1.0, 2.0, 3.0], [0.5, 0.2, 0.5])  # no linear relation
    >>> fit.slope, fit.r2, round(fit.rmse, 6) == round(fit.y_sd, 6)
    (0.0, 0.0, True)
    >>> fit = fit_line([1.0, 2.0, 3.0, 4.0], [0.4, 0.3, 0.2, 0.3])
    >>> round(fit.slope, 4), round(fit.r2, 4), round(fit.spearman, 4)
    (-0.04, 0.4, -0.6325)
    >>> fit_line([0.5], [0.9])
    Traceback (most recent call last):
    ...
    harness.analysis.fits.lines.Unfit: a fit needs at least 3 datasets, got 1
    """
    x, y = _checked(x, y, "fit", unit, outcome)
    if constant(x):
        raise Unfit(f"the metric is {x[0]:.6g} on all {len(x)} {unit}")
    line, residuals = least_squares(x, y)
    _, dy = centred(y)
    sse, sst = float(residuals @ residuals), float(dy @ dy)
    rho = spearman(x, y)
    assert rho is not None  # neither is constant
    return LineFit(
        slope=line.slope,
        intercept=line.intercept,
        # Rounding alone could carry it below 0.
        r2=max(0.0, 1 - sse / sst),
        rmse=float(np.sqrt(min(sse, sst) / len(y))),
        mae=float(np.abs(residuals).mean()),
        spearman=rho,
        n=len(x),
        x_range=(float(x.min()), float(x.max())),
        y_range=(float(y.min()), float(y.max())),
        x_mean=line.x_mean,
        y_mean=line.y_mean,
        x_sd=deviation(x),
        y_sd=float(np.sqrt(sst / len(y))),
    )


class Fit(Protocol):
    """What can be judged: anything that predicts accuracy, and knows its range."""

    @property
    def x_range(self) -> tuple[float, float]:
        """Smallest and largest metric of the fit."""

    def predict(self, x: ArrayLike) -> Array:
        """Accuracies at `x`."""


def judge(
    fit: Fit, x: ArrayLike, y: ArrayLike, *, outcome: FittedOutcome = TOP_1
) -> Judgement:
    """Return how well a line fitted elsewhere predicts the accuracy on these datasets.

    Parameters
    ----------
    fit : Fit
        Fitted on other datasets: a line, or any other curve.
    x, y : (n,) arrays
        Metric and accuracy, or another outcome, of the datasets to judge it on.
    outcome : FittedOutcome
        What `y` is.

    Returns
    -------
    Judgement
        R² of prediction (not a squared correlation: it may be negative) and errors.
        On the line's own data they are those of the fit.

    Raises
    ------
    Unfit
        If there are fewer than 3 datasets, a value is not finite, an accuracy is
        outside [0, 1], or the accuracy is the same on all datasets. A constant
        metric can be judged: the line predicts one accuracy for all.
    ValueError
        If `x` and `y` are not vectors of one length.

    Examples
    --------
    >>> fit = fit_line([0.0, 1.0, 2.0], [0.1, 0.3, 0.5])
    >>> judged = judge(fit, [0.0, 1.0, 2.0], [0.0, 0.2, 0.4])  # 10 points too high
    >>> round(judged.r2, 4), round(judged.rmse, 4), round(judged.bias, 4)
    (0.625, 0.1, 0.1)
    >>> judged = judge(fit, [0.0, 1.0, 2.0], [0.5, 0.3, 0.1])  # the wrong way round
    >>> round(judged.r2, 4), judged.spearman, judged.outside
    (-3.0, -1.0, 0)
    >>> judge(fit, [3.0, 3.0, 3.0], [0.6, 0.7, 0.8]).spearman is None
    True
    """
    x, y = _checked(x, y, "judgement", "datasets", outcome)
    errors = fit.predict(x) - y
    _, dy = centred(y)
    sse, sst = float(errors @ errors), float(dy @ dy)
    low, high = fit.x_range
    return Judgement(
        r2=1 - sse / sst,
        rmse=float(np.sqrt(sse / len(y))),
        mae=float(np.abs(errors).mean()),
        bias=float(errors.mean()),
        spearman=None if constant(x) else spearman(x, y),
        n=len(x),
        outside=int(((x < low) | (x > high)).sum()),
    )


def _checked(
    x: ArrayLike, y: ArrayLike, what: str, unit: str, outcome: FittedOutcome
) -> tuple[Array, Array]:
    """Both as float64 vectors that something can be said about."""
    x, y = floats(x, "x"), floats(y, "y")
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(
            f"`x` and `y` must be vectors of one length, got {x.shape} and {y.shape}"
        )
    if len(x) < MINIMUM:
        raise Unfit(f"a {what} needs at least {MINIMUM} {unit}, got {len(x)}")
    for values, name in (x, "metric"), (y, outcome.words):
        if not np.isfinite(values).all():
            bad = values[~np.isfinite(values)]
            raise Unfit(f"the {name} is {bad[0]} on {len(bad)} of {len(x)} {unit}")
    if (size := float(np.abs(x).max())) > LARGEST:
        raise Unfit(f"the metric is {size:.3g} in size, too large to square")
    check_outcomes(y, outcome, unit)
    return x, y


def check_outcomes(
    y: Array, outcome: FittedOutcome = TOP_1, unit: str = "datasets"
) -> None:
    """Refuse finite outcomes outside their bounds, or without a spread.

    Raises
    ------
    Unfit
        With what is wrong.
    """
    low, high, name = outcome.low, outcome.high, outcome.words
    if y.min() < low or y.max() > high:
        bad = y[(y < low) | (y > high)]
        raise Unfit(
            f"{name} must be in [{low:g}, {high:g}], got {bad[0]:g}"
            + ("; divide percentages by 100" if outcome.is_share else "")
        )
    if (size := float(np.abs(y).max())) > LARGEST:
        raise Unfit(f"the {name} is {size:.3g} in size, too large to square")
    if constant(y):
        raise Unfit(f"the {name} is {y[0]:.6g} on all {len(y)} {unit}")
    if (spread := float(np.ptp(y))) < SMALLEST:
        raise Unfit(f"the {name}'s spread of {spread:.3g} is too small to square")
