"""Accuracy on the line: how accuracies on one dataset go with those on another.

Over models, not datasets: each point is a model, `x` its accuracy on one dataset (often
the one it was made for) and `y` on the other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.fits import weighted
from harness.analysis.fits.fits import MINIMUM
from harness.analysis.fits.lines import Line, Unfit, constant, least_squares
from harness.analysis.fits.scales import Scale, from_scale, to_scale
from harness.arrays import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyLine:
    """A line over models between accuracies on a scale, and how well it fits.

    Attributes
    ----------
    scale
        Of both accuracies.
    line
        On that scale.
    n
        Number of models.
    r2
        On the scale; the squared Pearson correlation there.
    pearson
        On the scale.
    spearman, kendall, weighted_tau
        Of the accuracies; the same on every scale.
    mae, rmse
        Of predicting each model's accuracy from the line of the others, in accuracy
        as fractions of 1.
    x_range
        Smallest and largest accuracy on the first dataset.
    """

    scale: Scale
    line: Line
    n: int
    r2: float
    pearson: float
    spearman: float
    kendall: float
    weighted_tau: float
    mae: float
    rmse: float
    x_range: tuple[float, float]

    def predict(self, x: ArrayLike, images: ArrayLike | None = None) -> Array:
        """Return the line's accuracies on the second dataset."""
        return from_scale(self.line.at(to_scale(x, self.scale, images)), self.scale)

    def effective_robustness(
        self, x: ArrayLike, y: ArrayLike, images: ArrayLike | None = None
    ) -> Array:
        """Return how much better models do on the second dataset than the line says.

        References
        ----------
        Taori et al., "Measuring Robustness to Natural Distribution Shifts in Image
        Classification", NeurIPS 2020, arXiv:2007.00644.
        """
        return np.asarray(y, dtype=np.float64) - self.predict(x, images)


def accuracy_line(
    x: ArrayLike,
    y: ArrayLike,
    *,
    scale: Scale = Scale.PROBIT,
    x_images: ArrayLike | None = None,
    y_images: ArrayLike | None = None,
) -> AccuracyLine:
    """Return the least-squares line over models between two datasets' accuracies.

    Parameters
    ----------
    x, y : (n,) arrays
        Accuracies of the same models on either dataset, in [0, 1].
    scale : Scale
        What both are mapped by; accuracies are far straighter on the probit scale.
    x_images, y_images : (n,) arrays or numbers, optional
        Images of either dataset: accuracies of 0 and 1 are taken to be half an image
        from the end.

    Returns
    -------
    AccuracyLine
        Errors are of left-out models, after the inverse transform, so that scales can
        be compared.

    Raises
    ------
    Unfit
        If there are fewer than 3 models, the accuracies on a dataset are all the same,
        or one of them is 0 or 1 and its number of images is not given.
    ValueError
        If the shapes differ or an accuracy is outside [0, 1].

    References
    ----------
    Miller et al., "Accuracy on the Line: on the Strong Correlation Between
    Out-of-Distribution and In-Distribution Generalization", ICML 2021,
    arXiv:2107.04649. Recht et al., ICML 2019, arXiv:1902.10811.

    Examples
    --------
    >>> x = np.array([0.5, 0.6, 0.7, 0.8])
    >>> line = accuracy_line(x, x - 0.1, scale=Scale.LINEAR)
    >>> round(line.line.slope, 6), round(line.r2, 6), round(line.mae, 6)
    (1.0, 1.0, 0.0)
    >>> shifted = from_scale(to_scale(x, Scale.PROBIT) - 0.5, Scale.PROBIT)
    >>> line = accuracy_line(x, shifted)
    >>> round(line.line.slope, 6), round(line.line.intercept, 6)
    (1.0, -0.5)
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(
            f"`x` and `y` must be vectors of one length, got {x.shape} and {y.shape}"
        )
    if len(x) < MINIMUM:
        raise Unfit(f"a fit needs at least {MINIMUM} models, got {len(x)}")
    s, t = to_scale(x, scale, x_images), to_scale(y, scale, y_images)
    for values, which in (s, "first"), (t, "second"):
        if constant(values):
            raise Unfit(f"all {len(x)} models have one accuracy on the {which} dataset")
    line, residuals = least_squares(s, t)
    errors = from_scale(t - residuals / (1 - _leverage(s)), scale) - y
    once = np.ones((1, len(x)))
    r2 = float(weighted.r2(s, t, once)[0])
    return AccuracyLine(
        scale=scale,
        line=line,
        n=len(x),
        r2=r2,
        pearson=float(weighted.pearson(s, t, once)[0]),
        spearman=float(weighted.spearman(x, y, once)[0]),
        kendall=float(weighted.kendall(x, y, once)[0]),
        weighted_tau=float(weighted.weighted_tau(x, y, once)[0]),
        mae=float(np.abs(errors).mean()),
        rmse=float(np.sqrt((errors**2).mean())),
        x_range=(float(x.min()), float(x.max())),
    )


def _leverage(s: Array) -> Array:
    """How much each model decides its own place on the line; below 1."""
    offsets = s - s.mean()
    leverage = 1 / len(s) + offsets**2 / (offsets @ offsets)
    if leverage.max() >= 1 - 1e-12:
        raise Unfit("all models but one have the same accuracy on the first dataset")
    return np.asarray(leverage)
