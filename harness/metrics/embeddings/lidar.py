"""LiDAR: how many directions tell images apart, where views of one are one class."""

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_copy_features, check_count
from harness.metrics.numerics.spectra import ROUNDING, spread
from harness.metrics.spec import Input, Metric, Trend
from harness.sampling import sampled_rows


def lidar(
    copy_features: Array,
    *,
    delta: float = 1e-4,
    epsilon: float = 1e-7,
    images: int | None = None,
) -> float:
    r"""Return the effective rank of linear discriminants between images.

    .. math:: \exp \Bigl( -\sum_i p_i \ln p_i \Bigr), \quad
        p_i = \frac{\lambda_i}{\sum_j \lambda_j} + \epsilon

    with the eigenvalues λ of

    .. math:: \Sigma_w^{-1/2} \Sigma_b \Sigma_w^{-1/2}, \quad
        \Sigma_b = \overline{(\mu_x - \mu)(\mu_x - \mu)^T}, \quad
        \Sigma_w = \overline{(z - \mu_x)(z - \mu_x)^T} + \delta I

    where μ_x is the mean over the views of an image, and μ that over images.

    Parameters
    ----------
    copy_features : (v, n, d) array
        Features of v >= 2 views of each image.
    delta, epsilon
        Added to the diagonal of the scatter within images; to each share.
    images
        Use a sample of so many images; None for all. Published for 1,000.

    Returns
    -------
    float
        In [1, min(d, n - 1)] but for what ε adds or takes, more is better among runs of
        one recipe. It is highest for noise.

    Raises
    ------
    ValueError
        If `copy_features` is not a finite stack of matrices, `delta` or `epsilon` is
        negative or not finite, or `images` not positive.
    UndefinedMetricError
        If there is one view or one image, all images have equal means, or, with `delta`
        0, the scatter within images has no inverse.

    Notes
    -----
    Of eigenvalues; a library takes those of a further principal component analysis,
    which is another number. `delta` is in the unit of squared features, so it counts
    for more where features are small; without it, scaling changes nothing. Published
    with 10 to 50 views.

    References
    ----------
    Thilak, Huang, Saremi, Dinh, Goh, Nakkiran, Susskind, Littwin, "LiDAR: Sensing
    Linear Probing Performance in Joint Embedding SSL Architectures", ICLR 2024,
    arXiv:2312.04000.

    Examples
    --------
    >>> means = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 3.0], [0.0, -3.0]])
    >>> views = np.stack([means + 1, means - 1, means + [1, -1], means - [1, -1]])
    >>> round(lidar(views, epsilon=0.0), 12)  # two directions alike
    2.0
    >>> round(lidar(views * [1, 0], epsilon=0.0), 12)
    1.0
    """
    from scipy.linalg import LinAlgError, eigh

    check_copy_features(copy_features)
    check_count("images", images)
    for name, value in (("delta", delta), ("epsilon", epsilon)):
        if not 0 <= value < np.inf:
            raise ValueError(f"`{name}` must be finite and at least 0, got {value!r}")
    chosen = copy_features[:, sampled_rows(copy_features.shape[1], images)]
    rows = np.asarray(chosen, dtype=np.float64)
    v, n, d = rows.shape
    if v < 2 or n < 2:
        raise UndefinedMetricError(
            f"LiDAR needs two images and two views of each, got {n} and {v}"
        )
    means = rows.mean(axis=0)
    away = means - means[0]  # so that equal means are 0, however they are rounded
    away -= away.mean(axis=0)
    if np.linalg.norm(away) <= ROUNDING * np.linalg.norm(rows):
        raise UndefinedMetricError(
            f"the features have collapsed: the means of all {n} images are equal, up "
            "to rounding"
        )
    inside = (rows - means).reshape(-1, d)
    between = away.T @ away / n
    within = inside.T @ inside / len(inside) + delta * np.eye(d)
    try:
        eigenvalues = eigh(between, within, eigvals_only=True).clip(0)
    except LinAlgError:
        raise UndefinedMetricError(
            "the scatter within images has no inverse; give a larger `delta`"
        ) from None
    return spread(eigenvalues / eigenvalues.sum() + epsilon)


LIDAR = Metric(
    fn=lidar,
    inputs=(Input.COPY_FEATURES,),
    bounds=(0.0, float("inf")),
    trend=Trend.RISES,
    source="Thilak et al. 2024, arXiv:2312.04000",
    depends_on_n=True,
    on_request=True,
)
