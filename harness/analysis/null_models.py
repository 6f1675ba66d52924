"""Controls: what a fit would show if the metric knew nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.fits.fits import Judgement, fit_line, judge
from harness.analysis.fits.lines import centred
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.arrays import Array

PERMUTATIONS = 9999
_CHUNK = 2_000_000  # entries of a (permutations, datasets) matrix in memory at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A predictor that ignores the metric; what every line has to beat.

    Attributes
    ----------
    accuracy
        What it says of every dataset.
    """

    accuracy: float

    @property
    def x_range(self) -> tuple[float, float]:
        """No metric is out of its range."""
        return -np.inf, np.inf

    def predict(self, x: ArrayLike) -> Array:
        """The same accuracy everywhere."""
        return np.full(np.shape(x), self.accuracy)


def constant_control(
    fitted_on: ArrayLike, y: ArrayLike, *, outcome: FittedOutcome = TOP_1
) -> Judgement:
    """Return how well the mean accuracy of some datasets predicts that of others.

    Parameters
    ----------
    fitted_on : (m,) array
        Accuracies whose mean is predicted.
    y : (n,) array
        Accuracies to judge it on.
    outcome : FittedOutcome
        What they are, if not accuracies.

    Returns
    -------
    Judgement
        R² is 0 where both are the same datasets, and not above 0 on any: RMSE is then
        at least the spread of the accuracies. No rank correlation exists.

    Raises
    ------
    Unfit
        As `harness.analysis.fits.fits.judge` does.

    Examples
    --------
    >>> control = constant_control([0.2, 0.4, 0.6], [0.2, 0.4, 0.6])
    >>> control.r2, round(control.rmse, 4), control.spearman is None
    (0.0, 0.1633, True)
    >>> constant_control([0.2, 0.4, 0.6], [0.7, 0.8, 0.9]).r2 < 0
    True
    """
    y = np.asarray(y, dtype=np.float64)
    mean = centred(np.asarray(fitted_on, dtype=np.float64))[0]
    return judge(Constant(accuracy=mean), np.zeros(y.shape), y, outcome=outcome)


def permutation_p(
    x: ArrayLike,
    y: ArrayLike,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    outcome: FittedOutcome = TOP_1,
) -> float:
    """Return how often shuffled accuracies are fitted as well as the real ones.

    Parameters
    ----------
    x, y : (n,) arrays
        Metric and accuracy per dataset.
    permutations, seed
        Number of shuffles, and key of their generator.
    outcome : FittedOutcome
        What `y` is.

    Returns
    -------
    float
        In [1 / (permutations + 1), 1]: the share of fits, the real one included,
        whose R² reaches the real one. It tests that metric and accuracy are
        unrelated, on the assumption that datasets could be exchanged; datasets that
        come in families make it too small.

    Raises
    ------
    Unfit
        As `harness.analysis.fits.fits.fit_line` does.

    References
    ----------
    Phipson and Smyth, "Permutation p-values should never be zero", Statistical
    Applications in Genetics and Molecular Biology 9, 2010, arXiv:1603.05766.

    Examples
    --------
    >>> permutation_p(range(20), [i / 20 for i in range(20)], permutations=999)
    0.001
    >>> permutation_p([1, 2, 3], [0.1, 0.2, 0.3], permutations=999) > 0.3  # 2 of 6
    True
    """
    fit_line(x, y, outcome=outcome)  # refuses what has no line
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    order = np.lexsort((y, x))  # the result must not depend on the order given
    u, v = centred(x[order])[1], centred(y[order])[1]
    u, v = u / np.abs(u).max(), v / np.abs(v).max()
    reached = abs(float(u @ v)) * (1 - 1e-12)  # rounding must not lose a tie
    rng = np.random.default_rng(seed)
    count = 0
    step = max(1, _CHUNK // len(v))
    for start in range(0, permutations, step):
        rows = min(step, permutations - start)
        shuffled = rng.permuted(np.tile(v, (rows, 1)), axis=1)
        count += int((np.abs(shuffled @ u) >= reached).sum())
    return (1 + count) / (1 + permutations)
