"""Agreement lines: how models agree on two sets, and the accuracies that follow.

Over many models, accuracy on a shifted set is often a line in accuracy on the source,
both in probits; where it is, the agreement of pairs, which needs no labels, lies on the
same line. Functions of all models at once, so that pairs are formed once;
`harness.metrics.label_free.aline` measures one model with them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_labels, check_peers

# Pairs outside are dropped, on either set: their probits are mostly noise.
AGREEMENT_RANGE = (0.05, 0.98)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbitLine:
    """A least-squares line between two columns of shares, on the probit scale.

    Attributes
    ----------
    slope, intercept
        probit(y) = slope * probit(x) + intercept.
    r_squared
        Squared correlation of the probits; 1 for a perfect line. Near 1 for the
        agreement of models is the label-free sign that the line can be trusted.
    points
        How many points it was fitted to.
    """

    slope: float
    intercept: float
    r_squared: float
    points: int

    def __call__(self, shares: Array) -> Array:
        """Carry shares from the x axis to the y axis."""
        from scipy.special import ndtr, ndtri

        return np.asarray(ndtr(self.slope * ndtri(shares) + self.intercept))


def accuracy_of_each(predicted: Classes, labels: Classes) -> Array:
    """(m,) share of images that each of m models gets right.

    Examples
    --------
    >>> accuracy_of_each(np.array([[0, 1], [1, 1]]), np.array([0, 1])).tolist()
    [1.0, 0.5]
    """
    check_peers(predicted, name="predicted")
    check_labels(labels, predicted.shape[1], np.iinfo(np.int64).max)
    return np.asarray((predicted == labels).mean(axis=1))


def agreement_matrix(predicted: Classes) -> Array:
    """(m, m) share of images on which each pair of models predicts the same class.

    Examples
    --------
    >>> agreement_matrix(np.array([[0, 1, 2, 3], [0, 1, 2, 0]])).tolist()
    [[1.0, 0.75], [0.75, 1.0]]
    """
    check_peers(predicted, name="predicted")
    return np.array([(predicted == row).mean(axis=1) for row in predicted])


def accuracy_line(source_accuracy: Array, accuracy: Array, images: int) -> ProbitLine:
    """Fit accuracy on a set on accuracy on the source set, over models.

    The phenomenon that the agreement estimates rest on; it needs the set's labels.

    Parameters
    ----------
    source_accuracy, accuracy : (m,) arrays
        In [0, 1].
    images
        Size of the smaller set; shares are kept half an image away from 0 and 1.

    Raises
    ------
    UndefinedMetricError
        If fewer than two models differ on the source set.

    References
    ----------
    Miller et al., "Accuracy on the Line", ICML 2021, arXiv:2107.04649.

    Examples
    --------
    >>> from scipy.special import ndtr
    >>> x = np.array([-1.0, 0.0, 1.0])
    >>> line = accuracy_line(ndtr(x), ndtr(0.5 * x - 1), images=1000)
    >>> round(line.slope, 6), round(line.intercept, 6), round(line.r_squared, 6)
    (0.5, -1.0, 1.0)
    """
    return _fit(_probit(source_accuracy, images), _probit(accuracy, images))


def agreement_line(source_agreement: Array, agreement: Array) -> ProbitLine:
    """Fit agreement on a set on agreement on the source set, over pairs of models.

    Parameters
    ----------
    source_agreement, agreement : (m, m) arrays
        From `agreement_matrix`, the same models in the same order. Pairs with an
        agreement outside 0.05..0.98 on either set are dropped.

    Raises
    ------
    UndefinedMetricError
        If fewer than two of the pairs that are left differ on the source set.

    References
    ----------
    Baek, Jiang, Raghunathan, Kolter, "Agreement-on-the-Line: Predicting the Performance
    of Neural Networks under Distribution Shift", NeurIPS 2022, arXiv:2206.13089.

    Examples
    --------
    >>> source = np.array([[1.0, 0.9, 0.8], [0.9, 1.0, 0.7], [0.8, 0.7, 1.0]])
    >>> line = agreement_line(source, source)
    >>> round(line.slope, 6), abs(round(line.intercept, 6)), line.points
    (1.0, 0.0, 3)
    """
    i, j = _kept_pairs(source_agreement, agreement)
    return _fit(_probit(source_agreement[i, j]), _probit(agreement[i, j]))


def aline_s_estimates(
    source_accuracy: Array,
    source_agreement: Array,
    agreement: Array,
    *,
    source_images: int,
) -> Array:
    """Carry every model's source accuracy along the agreement line.

    Parameters
    ----------
    source_accuracy : (m,) array
        Accuracy on the labelled source set.
    source_agreement, agreement : (m, m) arrays
        From `agreement_matrix`, the same models in the same order.
    source_images
        s, to keep accuracies half an image away from 0 and 1.

    Returns
    -------
    (m,) array
        Estimates of accuracy, in (0, 1).

    Raises
    ------
    UndefinedMetricError
        If there is no agreement line.

    References
    ----------
    Baek et al., NeurIPS 2022, arXiv:2206.13089, ALine-S.

    Examples
    --------
    >>> source = np.array([[1.0, 0.9, 0.8], [0.9, 1.0, 0.7], [0.8, 0.7, 1.0]])
    >>> accuracy = np.array([0.95, 0.85, 0.75])
    >>> same = aline_s_estimates(accuracy, source, source, source_images=100)
    >>> same.round(6).tolist()  # no shift
    [0.95, 0.85, 0.75]
    """
    from scipy.special import ndtr

    line = agreement_line(source_agreement, agreement)
    x = _probit(source_accuracy, source_images)
    return np.asarray(ndtr(line.slope * x + line.intercept))


def aline_d_estimates(
    source_accuracy: Array,
    source_agreement: Array,
    agreement: Array,
    *,
    source_images: int,
) -> Array:
    r"""Solve for all accuracies at once from the agreement of every pair.

    Least squares for the probits w over the pairs kept by `agreement_line`, with its
    slope a:

    .. math:: \tfrac12 (w_i + w_j) = \Phi^{-1}(\mathrm{agr}_{ij}) + a \left(
        \tfrac12 \Phi^{-1}(\mathrm{acc}^S_i) + \tfrac12 \Phi^{-1}(\mathrm{acc}^S_j)
        - \Phi^{-1}(\mathrm{agr}^S_{ij}) \right)

    Parameters
    ----------
    source_accuracy : (m,) array
        Accuracy on the labelled source set.
    source_agreement, agreement : (m, m) arrays
        From `agreement_matrix`, the same models in the same order.
    source_images
        s, to keep accuracies half an image away from 0 and 1.

    Returns
    -------
    (m,) array
        Estimates of accuracy, in (0, 1); nan for a model that the kept pairs do not
        determine (it is in none of them, or in no odd cycle of them).

    Raises
    ------
    UndefinedMetricError
        If there is no agreement line.

    References
    ----------
    Baek et al., NeurIPS 2022, arXiv:2206.13089, ALine-D.

    Examples
    --------
    >>> source = np.array([[1.0, 0.9, 0.8], [0.9, 1.0, 0.7], [0.8, 0.7, 1.0]])
    >>> accuracy = np.array([0.95, 0.85, 0.75])
    >>> same = aline_d_estimates(accuracy, source, source, source_images=100)
    >>> same.round(6).tolist()  # no shift
    [0.95, 0.85, 0.75]
    """
    from scipy.special import ndtr

    slope = agreement_line(source_agreement, agreement).slope
    i, j = _kept_pairs(source_agreement, agreement)
    x = _probit(source_accuracy, source_images)
    pairs = np.zeros((len(i), len(x)))
    pairs[np.arange(len(i)), i] = pairs[np.arange(len(i)), j] = 0.5
    gap = (x[i] + x[j]) / 2 - _probit(source_agreement[i, j])
    u, singular, v = np.linalg.svd(pairs, full_matrices=True)
    rank = int((singular > 1e-10 * singular[0]).sum())
    target = _probit(agreement[i, j]) + slope * gap
    probits = v[:rank].T @ (u[:, :rank].T @ target / singular[:rank])
    free = np.abs(v[rank:]).max(axis=0, initial=0.0) > 1e-8
    return np.where(free, np.nan, ndtr(probits))


def _kept_pairs(
    source_agreement: Array, agreement: Array
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column indices of the pairs (i < j) whose agreement tells something."""
    if source_agreement.shape != agreement.shape:
        raise ValueError(
            "`agreement` must be of the same models as `source_agreement`, "
            f"got shapes {agreement.shape} and {source_agreement.shape}"
        )
    i, j = np.triu_indices(len(agreement), k=1)
    low, high = AGREEMENT_RANGE
    kept = np.ones(len(i), dtype=bool)
    for matrix in (source_agreement, agreement):
        kept &= (low <= matrix[i, j]) & (matrix[i, j] <= high)
    return i[kept], j[kept]


def _probit(shares: Array, images: int | None = None) -> Array:
    """Normal quantiles of shares, kept half an image away from 0 and 1."""
    from scipy.special import ndtri

    if images is not None:
        shares = np.clip(shares, 0.5 / images, 1 - 0.5 / images)
    return np.asarray(ndtri(shares))


def _fit(x: Array, y: Array) -> ProbitLine:
    """Least squares of y on x."""
    if len(x) < 2 or np.ptp(x) < 1e-12:
        raise UndefinedMetricError(
            "a line over models needs two points that differ on the source set, "
            f"got {len(x)} point{'s' * (len(x) != 1)}; add models that differ more"
        )
    dx, dy = x - x.mean(), y - y.mean()
    slope = float(dx @ dy / (dx @ dx))
    spread = float(dy @ dy)
    # Equal y lie on a flat line exactly.
    r_squared = slope**2 * float(dx @ dx) / spread if spread > 1e-24 else 1.0
    return ProbitLine(
        slope=slope,
        intercept=float(y.mean() - slope * x.mean()),
        r_squared=min(1.0, r_squared),
        points=len(x),
    )
