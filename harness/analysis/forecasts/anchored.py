"""Estimates of accuracy, corrected and combined, and held at the test split.

Estimates such as COTT and ATC already are accuracies; a free line on them throws that
away. Here the fall of the accuracy from the test split, which is known, is a weighted
sum of the falls that the estimates tell of. Nothing fell, nothing is corrected: a
healthy dataset is as good as the test split, whatever the fit found elsewhere. The
weights are shrunk towards those of estimates that are as good as they were on the
interior, and that sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.fits.lines import Unfit
from harness.arrays import Array

FEWEST = 3  # datasets, as for a line
#: Penalty on the squared distance of the weights from where they start, per dataset and
#: in units of the mean squared fall. Chosen with `POWER` on the tuned scenarios of
#: ``python -m benchmarks.predicting``.
RIDGE = 1.0
#: Weights start in proportion to this power of an estimate's mean squared precision.
POWER = 2.0
# Mean squared errors below this are rounding; also an estimate that is always right
# must have a finite weight.
_SMALLEST = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """A weighted sum of estimates, exact at the test split.

    Attributes
    ----------
    source
        Each estimate on the test split.
    source_accuracy
        The accuracy there, in [0, 1].
    start, weights
        Of each estimate: before and after the fit.
    n
        Number of datasets of the fit.
    """

    source: tuple[float, ...]
    source_accuracy: float
    start: tuple[float, ...]
    weights: tuple[float, ...]
    n: int

    def predict(self, estimates: ArrayLike) -> Array:
        """Return the accuracies in [0, 1] at (n, m) estimates."""
        falls = to_angle(self.source) - to_angle(_table(estimates, len(self.source)))
        angles = to_angle(self.source_accuracy) - falls @ np.array(self.weights)
        return from_angle(angles)


def to_angle(share: ArrayLike) -> Array:
    r"""Return ``2 arcsin sqrt(share)`` in [0, pi]; shares are cut to [0, 1].

    On this scale the noise of n images has the standard deviation ``1 / sqrt(n)``
    wherever the share is (Bartlett, "The square root transformation in analysis of
    variance", Supplement to the Journal of the Royal Statistical Society 3, 1936;
    Anscombe, Biometrika 35, 1948), and it knows where shares end.

    Examples
    --------
    >>> (to_angle([0.0, 0.5, 1.0, 1.2]) / np.pi).round(6).tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    share = np.clip(np.asarray(share, dtype=np.float64), 0.0, 1.0)
    return np.asarray(2 * np.arcsin(np.sqrt(share)))


def from_angle(angle: ArrayLike) -> Array:
    """Return the shares in [0, 1] of angles, which are cut to [0, pi].

    Examples
    --------
    >>> from_angle([-1.0, np.pi / 2, 4.0]).round(6).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.asarray(np.sin(np.clip(angle, 0.0, np.pi) / 2) ** 2)


def fit_anchored(
    estimates: ArrayLike,
    accuracy: ArrayLike,
    *,
    source: ArrayLike,
    source_accuracy: float,
    ridge: float = RIDGE,
    power: float = POWER,
) -> Anchored:
    r"""Return the weighted sum of estimates that tells falls of accuracy best.

    With :math:`a` the angle of `to_angle`, s the test split, i a dataset, k an estimate
    :math:`e_k` and y the accuracy, the weights w minimise

    .. math:: \sum_i \Big(f_i - \sum_k w_k f_{ik}\Big)^2
        + \lambda \sum_i f_i^2 \cdot \lVert w - w^0 \rVert^2, \quad
        f_i = a(y_s) - a(y_i), \quad f_{ik} = a(e_{ks}) - a(e_{ki})

    where :math:`w^0_k \propto (\sum_i (f_{ik} - f_i)^2)^{-p}` sums to 1.

    Parameters
    ----------
    estimates : (n, m) array
        One row per dataset, one column per estimate of accuracy; in [0, 1], or cut.
    accuracy : (n,) array
        In [0, 1].
    source : (m,) array
        The estimates on the test split.
    source_accuracy : float
        The accuracy there.
    ridge : float
        Lambda; 0 is least squares.
    power : float
        p; 0 starts at equal weights, 1 at those of inverse variances.

    Raises
    ------
    Unfit
        If there are fewer than 3 datasets, a number is not finite, an accuracy is
        outside [0, 1], or all accuracies are that of the test split.
    ValueError
        If the shapes do not fit each other.

    References
    ----------
    The ridge towards a start that is not 0: Swindel, "Good ridge estimators based on
    prior information", Communications in Statistics A5, 1976. Start by inverse
    variances: Bates and Granger, "The combination of forecasts", Operational Research
    Quarterly 20, 1969. That the test split is exact, the power and the scale are ours;
    docs/predicting.md has what else was tried.

    Examples
    --------
    One estimate that says half of each fall, on the scale of the angles:

    >>> angles = np.array([2.0, 1.6, 1.2])
    >>> fit = fit_anchored(
    ...     from_angle((2.4 + angles) / 2)[:, None], from_angle(angles),
    ...     source=from_angle([2.4]), source_accuracy=float(from_angle(2.4)), ridge=0)
    >>> np.round(fit.start, 6).tolist(), np.round(fit.weights, 6).tolist()
    ([1.0], [2.0])
    >>> to_angle(fit.predict(from_angle([[2.4], [2.1]]))).round(6).tolist()
    [2.4, 1.8]
    """
    source = np.atleast_1d(np.asarray(source, dtype=np.float64))
    table = _table(estimates, len(source))
    accuracy = np.asarray(accuracy, dtype=np.float64)
    _check(table, accuracy, source, source_accuracy)
    falls = to_angle(source) - to_angle(table)
    fall = to_angle(source_accuracy) - to_angle(accuracy)
    size = float(fall @ fall)
    if size <= _SMALLEST * len(fall):
        raise Unfit("the accuracy is that of the test split on all datasets")
    errors = ((falls - fall[:, None]) ** 2).mean(axis=0)
    start = np.maximum(errors, _SMALLEST) ** -power
    start /= start.sum()
    moments = falls.T @ falls + ridge * size * np.eye(len(start))
    rest = falls.T @ (fall - falls @ start)
    # Estimates may say the same; the shortest step is then the answer.
    step = np.linalg.lstsq(moments, rest, rcond=None)[0]
    return Anchored(
        source=tuple(source.tolist()),
        source_accuracy=float(source_accuracy),
        start=tuple(start.tolist()),
        weights=tuple((start + step).tolist()),
        n=len(fall),
    )


def _table(estimates: ArrayLike, columns: int) -> Array:
    table = np.asarray(estimates, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != columns:
        raise ValueError(
            f"`estimates` must have shape (n, {columns}), got {table.shape}"
        )
    return table


def _check(table: Array, accuracy: Array, source: Array, known: float) -> None:
    if accuracy.shape != table.shape[:1]:
        raise ValueError(
            f"`accuracy` must have shape ({len(table)},), got {accuracy.shape}"
        )
    if len(accuracy) < FEWEST:
        raise Unfit(f"a forecast needs at least {FEWEST} datasets, got {len(accuracy)}")
    if not all(np.isfinite(one).all() for one in (table, accuracy, source)):
        raise Unfit("an estimate or an accuracy is not finite")
    if not (0 <= known <= 1 and ((accuracy >= 0) & (accuracy <= 1)).all()):
        raise Unfit("accuracies must be in [0, 1]; divide percentages by 100")
