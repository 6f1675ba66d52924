"""Participation ratio: how many principal components take part in the variance."""

from harness.arrays import Array
from harness.metrics.numerics.spectra import centred_spectrum
from harness.metrics.spec import Input, Invariant, Metric, Trend


def participation_ratio(features: Array) -> float:
    r"""Return the participation ratio of the covariance's eigenvalues.

    .. math:: \frac{(\sum_i \lambda_i)^2}{\sum_i \lambda_i^2}

    Parameters
    ----------
    features : (n, d) array
        One row per image.

    Returns
    -------
    float
        In [1, min(n - 1, d)], more for variance that is spread over more components.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix.
    UndefinedMetricError
        If all rows are equal, up to rounding: it is 0/0 of a collapse.

    Notes
    -----
    Centred, so that a constant added to all features changes nothing.

    References
    ----------
    Gao, Trautmann, Yu, Santhanam, Ryu, Shenoy, Ganguli, "A theory of multineuronal
    dimensionality, dynamics and measurement", 2017, bioRxiv:214262. As in `ngc-learn`.

    Examples
    --------
    >>> import numpy as np
    >>> round(participation_ratio(np.eye(4)), 12)  # three equal eigenvalues, and 0
    3.0
    >>> participation_ratio(np.array([[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]]))
    1.0
    """
    eigenvalues = centred_spectrum(features) ** 2
    ratio = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    return max(1.0, float(ratio))  # rounding


PARTICIPATION_RATIO = Metric(
    fn=participation_ratio,
    inputs=(Input.FEATURES,),
    bounds=(1.0, float("inf")),
    trend=Trend.RISES,
    source="Gao et al. 2017, as in ngc-learn",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
    depends_on_n=True,
    on_request=True,
)
