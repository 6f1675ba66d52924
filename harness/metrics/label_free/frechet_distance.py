"""Fréchet distance: how far the features have moved, as if they were Gaussian."""

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_features, check_source_features
from harness.metrics.spec import Input, Invariant, Metric, Trend


def frechet_distance(features: Array, source_features: Array) -> float:
    r"""Return the Fréchet distance between Gaussians fitted to the two sets.

    .. math:: \|\mu - \mu_S\|^2 + \mathrm{tr}\left(
        \Sigma + \Sigma_S - 2 (\Sigma^{1/2} \Sigma_S \Sigma^{1/2})^{1/2} \right)

    with covariances normalised by n - 1 and s - 1.

    Parameters
    ----------
    features : (n, d) array
        What enters the head, one row per target image.
    source_features : (s, d) array
        The same for source images.

    Returns
    -------
    float
        At least 0, lower is better; 0 when mean and covariance are the same. It is a
        squared distance: features twice as large give it four times as large.

    Raises
    ------
    ValueError
        If the features are not finite matrices of equal width.
    UndefinedMetricError
        If either set has a single image.

    Notes
    -----
    Estimated from few images it is too large, so sets of unequal size cannot be
    compared, and neither can distances to different source sets (some publish it to the
    training images, some to the test images). The trace of the root is the sum of the
    singular values of the product of two roots of the covariances, taken from the
    features by QR: squaring them, as a covariance does, would lose half the digits, and
    a root of the product of covariances needs complex numbers and an offset where they
    are singular.

    References
    ----------
    Deng, Zheng, "Are Labels Always Necessary for Classifier Accuracy Evaluation?",
    CVPR 2021, arXiv:2007.02915; Dowson, Landau, "The Fréchet Distance between
    Multivariate Normal Distributions", 1982.

    Examples
    --------
    >>> source = np.array([[-1.0, 0.0], [1.0, 0.0]])
    >>> round(frechet_distance(source + [3.0, 4.0], source), 6)  # moved by 5
    25.0
    >>> round(frechet_distance(3 * source, source), 6)  # deviations 3 sqrt 2, sqrt 2
    8.0
    >>> round(frechet_distance(source[:, ::-1].copy(), source), 6)  # turned: 2 + 2 - 0
    4.0
    """
    check_features(features)
    check_source_features(source_features, features.shape[1])
    for name, rows in (("features", features), ("source_features", source_features)):
        if len(rows) == 1:
            raise UndefinedMetricError(
                f"the covariance of `{name}` needs two images, got 1"
            )
    mean, root = _mean_and_root(features)
    source_mean, source_root = _mean_and_root(source_features)
    shift = ((mean - source_mean) ** 2).sum()
    spread = (root**2).sum() + (source_root**2).sum()
    shared = np.linalg.svd(root @ source_root.T, compute_uv=False).sum()
    return max(0.0, float(shift + spread - 2 * shared))  # rounding


def _mean_and_root(rows: Array) -> tuple[Array, Array]:
    """(d,) mean and a (r, d) root R of the covariance, which is R^T R."""
    mean = rows.mean(axis=0, dtype=np.float64)
    return mean, np.linalg.qr(rows - mean, mode="r") / np.sqrt(len(rows) - 1)


FRECHET_DISTANCE = Metric(
    fn=frechet_distance,
    inputs=(Input.FEATURES, Input.SOURCE_FEATURES),
    bounds=(0.0, float("inf")),
    trend=Trend.FALLS,
    source="Deng, Zheng 2021, arXiv:2007.02915",
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER}),
    depends_on_n=True,
)
