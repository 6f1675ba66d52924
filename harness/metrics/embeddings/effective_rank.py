"""Effective rank: how many directions features use, by the entropy of their shares."""

from harness.arrays import Array
from harness.metrics.numerics.spectra import spectrum, spread
from harness.metrics.spec import Input, Invariant, Metric, Trend


def effective_rank(features: Array) -> float:
    r"""Return the exponential of the entropy of the singular values' shares.

    .. math:: \exp \Bigl( -\sum_i p_i \ln p_i \Bigr), \quad
        p_i = \frac{s_i}{\sum_j s_j}

    with the singular values s of the features as they are, uncentred.

    Parameters
    ----------
    features : (n, d) array
        One row per image.

    Returns
    -------
    float
        In [1, min(n, d)], more for features that use more directions alike: 1 where all
        rows are multiples of one, min(n, d) where no direction is preferred.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix.
    UndefinedMetricError
        If all features are 0.

    Notes
    -----
    Roy and Vetterli's matrix is any; of singular values and not of eigenvalues, which
    are their squares. A constant added to all features lowers it.

    References
    ----------
    Roy and Vetterli, "The effective rank: A measure of effective dimensionality",
    EUSIPCO 2007.

    Examples
    --------
    >>> import numpy as np
    >>> effective_rank(np.eye(4))
    4.0
    >>> effective_rank(np.array([[3.0, 4.0], [6.0, 8.0]]))
    1.0
    >>> round(effective_rank(np.diag([0.75, 0.25])), 12)  # e to the 0.562335...
    1.754765350603
    """
    values = spectrum(features)
    return spread(values / values.sum())


EFFECTIVE_RANK = Metric(
    fn=effective_rank,
    inputs=(Input.FEATURES,),
    bounds=(1.0, float("inf")),
    trend=Trend.RISES,
    source="Roy and Vetterli 2007",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
    depends_on_n=True,
    on_request=True,
)
