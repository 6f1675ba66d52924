"""NESum: the variance of features in parts of that of their first component."""

from harness.arrays import Array
from harness.metrics.numerics.spectra import centred_spectrum
from harness.metrics.spec import Input, Invariant, Metric, Trend


def nesum(features: Array) -> float:
    r"""Return the sum of the covariance's eigenvalues over the largest.

    .. math:: \sum_i \frac{\lambda_i}{\lambda_1}

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
    Centred; `stable_rank` is the same of features as they are.

    References
    ----------
    He and Ozay, "Exploring the Gap between Collapsed & Whitened Features in
    Self-Supervised Learning", ICML 2022, definition 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> round(nesum(np.eye(4)), 12)  # three equal eigenvalues, and 0
    3.0
    >>> nesum(np.array([[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]]))
    1.0
    """
    return float((centred_spectrum(features) ** 2).sum())


NESUM = Metric(
    fn=nesum,
    inputs=(Input.FEATURES,),
    bounds=(1.0, float("inf")),
    trend=Trend.RISES,
    source="He and Ozay 2022, definition 4.1",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
    depends_on_n=True,
    on_request=True,
)
