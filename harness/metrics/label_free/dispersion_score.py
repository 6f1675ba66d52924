"""Dispersion score: how far apart the predicted classes lie in feature space."""

import numpy as np

from harness.arrays import Array, Classes
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_features, check_predicted
from harness.metrics.spec import Input, Invariant, Metric, Trend


def dispersion_score(features: Array, predicted: Classes) -> float:
    r"""Return the log of the spread between the predicted classes' mean features.

    .. math:: \log \frac{\sum_j n_j \|\mu_j - \mu\|^2}{k' - 1}

    over the k' classes that are predicted at all, with the size and the mean of each.

    Parameters
    ----------
    features : (n, d) array
        What enters the head, one row per image.
    predicted : (n,) integer array
        Predicted classes.

    Returns
    -------
    float
        Any real number, higher is better.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix or `predicted` are not n classes.
    UndefinedMetricError
        If only one class is predicted, or all classes have the same mean.

    Notes
    -----
    The sum is not divided by n, so sets of unequal size cannot be compared; twice the
    images add log 2. Needs features of one network: widths and scales differ.

    References
    ----------
    Xie, Wei, Cao, Feng, An, "On the Importance of Feature Separability in Predicting
    Out-Of-Distribution Error", NeurIPS 2023, arXiv:2303.15488.

    Examples
    --------
    >>> features = np.array([[0.0], [2.0], [10.0]])
    >>> round(dispersion_score(features, np.array([0, 0, 3])), 6)  # log(18 + 36)
    3.988984
    """
    check_features(features)
    check_predicted(predicted, len(features))
    features = np.asarray(features, dtype=np.float64)
    _, groups, sizes = np.unique(predicted, return_inverse=True, return_counts=True)
    if len(sizes) == 1:
        raise UndefinedMetricError(
            f"dispersion needs two predicted classes, got only class {predicted[0]}"
        )
    centred = features - features.mean(axis=0)
    sums = np.zeros((len(sizes), features.shape[1]))
    np.add.at(sums, groups, centred)
    between = float(((sums**2).sum(axis=1) / sizes).sum())
    # Rounding of the means, where they should be equal.
    if between <= 1e-24 * len(features) * float((features**2).max()):
        raise UndefinedMetricError(
            "dispersion needs predicted classes with different mean features, "
            f"got {len(sizes)} classes with equal means"
        )
    return float(np.log(between / (len(sizes) - 1)))


DISPERSION_SCORE = Metric(
    fn=dispersion_score,
    inputs=(Input.FEATURES, Input.PREDICTED),
    bounds=(-float("inf"), float("inf")),
    trend=Trend.RISES,
    source="Xie et al. 2023, arXiv:2303.15488",
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER}),
    depends_on_n=True,
)
