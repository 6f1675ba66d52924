"""RankMe: the effective rank of features, with a constant that every share has."""

import numpy as np

from harness.arrays import Array
from harness.metrics.numerics.spectra import spectrum, spread
from harness.metrics.spec import Input, Invariant, Metric, Trend


def rankme(features: Array, *, epsilon: float = 1e-7) -> float:
    r"""Return RankMe: exponential of the entropy of the shares of singular values.

    .. math:: \exp \Bigl( -\sum_{i=1}^{\min(n, d)} p_i \ln p_i \Bigr), \quad
        p_i = \frac{s_i}{\sum_j s_j} + \epsilon

    with the singular values s of the features as they are, uncentred.

    Parameters
    ----------
    features : (n, d) array
        One row per image. Published for what the loss is of, and for what enters the
        head.
    epsilon
        Added to each share; shares then no longer sum to 1.

    Returns
    -------
    float
        In [1, min(n, d)] but for what ε adds or takes, more is better among runs of one
        recipe. It is highest for noise.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix, or `epsilon` is negative or not finite.
    UndefinedMetricError
        If all features are 0.

    Notes
    -----
    Uncentred and of singular values, as published; libraries have another number under
    this name, of the covariance's eigenvalues. It grows with n: compare at equal n, of
    eight times d or more; published for 25,600 images.

    References
    ----------
    Garrido, Balestriero, Najman, LeCun, "RankMe: Assessing the Downstream Performance
    of Pretrained Self-Supervised Representations by Their Rank", ICML 2023,
    arXiv:2210.02885, equations 1 and 2.

    Examples
    --------
    >>> round(rankme(np.eye(4)), 12)
    4.000000618071
    >>> rankme(np.eye(4), epsilon=0.0)
    4.0
    >>> round(rankme(np.ones((10, 4))), 12)  # all rows equal
    1.00000473544
    """
    if not 0 <= epsilon < np.inf:
        raise ValueError(f"`epsilon` must be finite and at least 0, got {epsilon!r}")
    values = spectrum(features)
    return spread(values / values.sum() + epsilon)


RANKME = Metric(
    fn=rankme,
    inputs=(Input.FEATURES,),
    bounds=(0.0, float("inf")),
    trend=Trend.RISES,
    source="Garrido et al. 2023, arXiv:2210.02885",
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER}),
    depends_on_n=True,
    on_request=True,
)
