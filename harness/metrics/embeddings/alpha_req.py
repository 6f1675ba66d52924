"""alpha-ReQ: the exponent by which the variance of features decays."""

import numpy as np

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.spectra import ROUNDING, centred_spectrum
from harness.metrics.spec import Input, Metric, Trend

FEWEST = 2  # ranks that a slope is taken of


def alpha_req(
    features: Array, *, first: int = 11, last: int = 100, weighted: bool = True
) -> float:
    r"""Return the exponent of the power law that the covariance's eigenvalues follow.

    .. math:: \lambda_i \propto i^{-\alpha}

    by least squares of ln λ on -ln i over ranks `first` to `last`, rank i with weight
    1/i.

    Parameters
    ----------
    features : (n, d) array
        One row per image.
    first, last
        Ranks that are fitted, from 1; they end where there are no more eigenvalues but
        of rounding.
    weighted
        False: every rank has weight 1.

    Returns
    -------
    float
        At least 0. Near 1 is held to be good; below, noise takes as much as what
        counts, above, few components have it all. Not monotone, so neither is better.

    Raises
    ------
    ValueError
        If `features` is not a finite matrix, or `first` and `last` are no ranks in
        order.
    UndefinedMetricError
        If all rows are equal, up to rounding, or fewer than 2 of the ranks are there.

    Notes
    -----
    Ranks and weights as in the authors' code; its weights are of float32, which moves
    the tenth digit. Of 64 features the ranks are 11 to 64: the range is part of the
    number.

    References
    ----------
    Agrawal, Mondal, Ghosh, Richards, "α-ReQ: Assessing Representation Quality in
    Self-Supervised Learning by measuring eigenspectrum decay", NeurIPS 2022.

    Examples
    --------
    >>> i = np.arange(1, 9)
    >>> law = np.diag(i**-0.65)
    >>> pairs = np.concatenate([law, -law])  # centred, with λ proportional to i^-1.3
    >>> round(alpha_req(pairs, first=1), 12)
    1.3
    >>> round(alpha_req(pairs, first=3, last=6, weighted=False), 12)
    1.3
    """
    if not 1 <= first < last:
        raise ValueError(
            f"`first` and `last` must be ranks in order, from 1, got {first} and {last}"
        )
    values = centred_spectrum(features)
    values = values[values > ROUNDING]
    ranks = np.arange(first, min(last, len(values)) + 1)
    if len(ranks) < FEWEST:
        raise UndefinedMetricError(
            f"the slope from rank {first} on needs {FEWEST} ranks, and there are "
            f"{len(values)} eigenvalues beyond rounding"
        )
    x, y = -np.log(ranks), 2 * np.log(values[ranks - 1])
    weights = 1 / ranks if weighted else np.ones(len(ranks))
    x = x - np.average(x, weights=weights)
    slope = (weights * x * y).sum() / (weights * x * x).sum()
    return max(0.0, float(slope))  # rounding


ALPHA_REQ = Metric(
    fn=alpha_req,
    inputs=(Input.FEATURES,),
    bounds=(0.0, float("inf")),
    trend=Trend.NONE,
    source="Agrawal et al. 2022; fit as in BARL-SSL/reptrix",
    depends_on_n=True,
    on_request=True,
)
