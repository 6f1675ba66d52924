"""Agreement: two models trained alike disagree about as often as each is wrong."""

import numpy as np

from harness.arrays import Classes
from harness.metrics.numerics.checks import check_peers, check_predicted
from harness.metrics.spec import Input, Invariant, Kind, Metric, Trend


def agreement(predicted: Classes, peer_predicted: Classes) -> float:
    r"""Return the share of images on which a model agrees with others, on average.

    .. math:: \frac1{mn} \sum_l \sum_i \mathbb 1[\hat y_i = \hat y^{(l)}_i]

    Parameters
    ----------
    predicted : (n,) integer array
        The model's classes.
    peer_predicted : (m, n) integer array
        Those of m >= 1 other models.

    Returns
    -------
    float
        In [0, 1], higher is better; an estimate of accuracy.

    Raises
    ------
    ValueError
        If `predicted` are not classes or `peer_predicted` are not of the same images.

    Notes
    -----
    The paper's estimate takes one peer of the same architecture trained from another
    seed, and holds where the ensemble of such models is class-wise calibrated. With
    peers of other architectures, or of other strength, it is the naive baseline that
    `aline_s` and `aline_d` improve on.

    References
    ----------
    Jiang, Nagarajan, Baek, Kolter, "Assessing Generalization of SGD via Disagreement",
    ICLR 2022, arXiv:2106.13799.

    Examples
    --------
    >>> agreement(np.array([0, 1, 2, 3]), np.array([[0, 1, 2, 0]]))
    0.75
    >>> agreement(np.array([0, 1]), np.array([[0, 1], [0, 0], [1, 0], [1, 0]]))
    0.375
    """
    check_predicted(predicted)
    check_peers(peer_predicted, len(predicted))
    return float(np.mean(peer_predicted == predicted))


AGREEMENT = Metric(
    fn=agreement,
    inputs=(Input.PREDICTED, Input.PEER_PREDICTED),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Jiang et al. 2022, arXiv:2106.13799",
    kind=Kind.ESTIMATE,
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
)
