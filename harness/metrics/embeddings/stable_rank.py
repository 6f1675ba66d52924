"""Stable rank: the energy of features in parts of that along their main direction."""

from harness.arrays import Array
from harness.metrics.numerics.spectra import spectrum
from harness.metrics.spec import Input, Invariant, Metric, Trend


def stable_rank(features: Array) -> float:
    r"""Return the squared Frobenius norm over the squared spectral norm.

    .. math:: \frac{\|Z\|_F^2}{s_1^2} = \sum_i \frac{s_i^2}{s_1^2}

    Parameters
    ----------
    features : (n, d) array
        One row per image; Z is all of them, as they are.

    Returns
    -------
    float
        In [1, min(n, d)], more for features that use more directions; never more than
        the rank.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix.
    UndefinedMetricError
        If all features are 0.

    Notes
    -----
    Uncentred: a mean far from 0, as after ReLU, brings it down to nearly 1.

    References
    ----------
    Rudelson and Vershynin, "Sampling from large matrices: An approach through geometric
    functional analysis", Journal of the ACM 54, 2007; as a measure of embeddings
    Tsitsulin, Munkhoeva, Perozzi, "Unsupervised Embedding Quality Evaluation", 2023,
    arXiv:2305.16562.

    Examples
    --------
    >>> import numpy as np
    >>> stable_rank(np.eye(4))
    4.0
    >>> stable_rank(np.diag([2.0, 1.0]))
    1.25
    """
    return float((spectrum(features) ** 2).sum())


STABLE_RANK = Metric(
    fn=stable_rank,
    inputs=(Input.FEATURES,),
    bounds=(1.0, float("inf")),
    trend=Trend.RISES,
    source="Rudelson and Vershynin 2007; Tsitsulin et al. 2023, arXiv:2305.16562",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
    depends_on_n=True,
    on_request=True,
)
