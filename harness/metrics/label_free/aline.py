"""ALine: accuracy of a model from its agreement with others, here and on the source."""

import numpy as np

from harness.arrays import Array, Classes
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.agreement_line import (
    accuracy_of_each,
    agreement_line,
    agreement_matrix,
    aline_d_estimates,
    aline_s_estimates,
)
from harness.metrics.numerics.checks import check_labels, check_peers, check_predicted
from harness.metrics.spec import Input, Invariant, Kind, Metric, Trend


def aline_s(
    predicted: Classes,
    peer_predicted: Classes,
    source_predicted: Classes,
    source_peer_predicted: Classes,
    source_labels: Classes,
) -> float:
    r"""Return the source accuracy, carried along the line of the models' agreement.

    .. math:: \Phi(a \, \Phi^{-1}(\mathrm{acc}^S) + b)

    with the least-squares line :math:`\Phi^{-1}(\mathrm{agr}) = a \, \Phi^{-1}(
    \mathrm{agr}^S) + b` over all pairs of the model and its peers.

    Parameters
    ----------
    predicted : (n,) integer array
        The model's classes on the target.
    peer_predicted : (m, n) integer array
        Those of m >= 2 other models.
    source_predicted : (s,) integer array
        The model's classes on the source.
    source_peer_predicted : (m, s) integer array
        Those of the same other models in the same order.
    source_labels : (s,) integer array
        True classes of the source.

    Returns
    -------
    float
        In [0, 1], higher is better; an estimate of accuracy.

    Raises
    ------
    ValueError
        If the arrays do not fit together.
    UndefinedMetricError
        If fewer than two pairs of models have an agreement in 0.05..0.98 on both sets
        and differ on the source.

    Notes
    -----
    Right where accuracy is on the line over the same models; the R² of the agreement
    line (`numerics.agreement_line`) says without labels whether to believe it.
    Source accuracies of 0 or 1 count as half an image away from it. For all models at
    once use `aline_s_estimates`, which forms the pairs only once. The released notebook
    compares estimates with accuracies before it leaves the probit scale.

    References
    ----------
    Baek, Jiang, Raghunathan, Kolter, "Agreement-on-the-Line: Predicting the Performance
    of Neural Networks under Distribution Shift", NeurIPS 2022, arXiv:2206.13089.

    Examples
    --------
    >>> labels = np.arange(10) % 2
    >>> a, b, c = (np.where(np.isin(np.arange(10), wrong), 1 - labels, labels)
    ...            for wrong in ([0], [1, 2], [0, 2, 3]))
    >>> peers = np.array([b, c])
    >>> round(aline_s(a, peers, a, peers, labels), 6)  # no shift: its source accuracy
    0.9
    """
    return float(
        aline_s_estimates(
            *_shares(
                predicted,
                peer_predicted,
                source_predicted,
                source_peer_predicted,
                source_labels,
            ),
            source_images=len(source_labels),
        )[0]
    )


def aline_d(
    predicted: Classes,
    peer_predicted: Classes,
    source_predicted: Classes,
    source_peer_predicted: Classes,
    source_labels: Classes,
) -> float:
    r"""Return the accuracy that fits best with the agreement of every pair of models.

    Least squares for the probits w of all models' accuracies over their pairs, with the
    slope a of the agreement line of `aline_s`:

    .. math:: \tfrac12 (w_i + w_j) = \Phi^{-1}(\mathrm{agr}_{ij}) + a \left(
        \tfrac12 \Phi^{-1}(\mathrm{acc}^S_i) + \tfrac12 \Phi^{-1}(\mathrm{acc}^S_j)
        - \Phi^{-1}(\mathrm{agr}^S_{ij}) \right)

    Parameters
    ----------
    predicted : (n,) integer array
        The model's classes on the target.
    peer_predicted : (m, n) integer array
        Those of m >= 2 other models.
    source_predicted : (s,) integer array
        The model's classes on the source.
    source_peer_predicted : (m, s) integer array
        Those of the same other models in the same order.
    source_labels : (s,) integer array
        True classes of the source.

    Returns
    -------
    float
        In [0, 1], higher is better; an estimate of accuracy.

    Raises
    ------
    ValueError
        If the arrays do not fit together.
    UndefinedMetricError
        If there is no agreement line, or the pairs with an agreement in 0.05..0.98 on
        both sets do not determine this model (it is in no odd cycle of them).

    Notes
    -----
    Uses how this model agrees with each other one, where `aline_s` uses the line alone.
    For all models at once use `aline_d_estimates`.

    References
    ----------
    Baek, Jiang, Raghunathan, Kolter, "Agreement-on-the-Line: Predicting the Performance
    of Neural Networks under Distribution Shift", NeurIPS 2022, arXiv:2206.13089.

    Examples
    --------
    >>> labels = np.arange(10) % 2
    >>> a, b, c = (np.where(np.isin(np.arange(10), wrong), 1 - labels, labels)
    ...            for wrong in ([0], [1, 2], [0, 2, 3]))
    >>> peers = np.array([b, c])
    >>> round(aline_d(a, peers, a, peers, labels), 6)  # no shift: its source accuracy
    0.9
    """
    estimate = aline_d_estimates(
        *_shares(
            predicted,
            peer_predicted,
            source_predicted,
            source_peer_predicted,
            source_labels,
        ),
        source_images=len(source_labels),
    )[0]
    if np.isnan(estimate):
        raise UndefinedMetricError(
            "the agreement of the pairs does not determine this model's accuracy; "
            "add models that agree with it on 5 to 98 percent of the images"
        )
    return float(estimate)


def agreement_r2(
    predicted: Classes,
    peer_predicted: Classes,
    source_predicted: Classes,
    source_peer_predicted: Classes,
    source_labels: Classes,
) -> float:
    """Return the R² of the agreement line of a model and its peers, in [0, 1].

    Arguments and errors are those of `aline_s`.

    Examples
    --------
    >>> labels = np.arange(10) % 2
    >>> a, b, c = (np.where(np.isin(np.arange(10), wrong), 1 - labels, labels)
    ...            for wrong in ([0], [1, 2], [0, 2, 3]))
    >>> peers = np.array([b, c])
    >>> round(agreement_r2(a, peers, a, peers, labels), 6)  # no shift
    1.0
    """
    _, source_agreement, agreement = _shares(
        predicted,
        peer_predicted,
        source_predicted,
        source_peer_predicted,
        source_labels,
    )
    return agreement_line(source_agreement, agreement).r_squared


def _shares(
    predicted: Classes,
    peer_predicted: Classes,
    source_predicted: Classes,
    source_peer_predicted: Classes,
    source_labels: Classes,
) -> tuple[Array, Array, Array]:
    """Source accuracies, source agreement and agreement, the model itself first."""
    check_predicted(predicted)
    check_peers(peer_predicted, len(predicted))
    check_predicted(source_predicted, name="source_predicted")
    s, m = len(source_predicted), len(peer_predicted)
    check_peers(source_peer_predicted, s, m, name="source_peer_predicted")
    check_labels(source_labels, s, np.iinfo(np.int64).max, name="source_labels")
    source = np.vstack([source_predicted, source_peer_predicted])
    return (
        accuracy_of_each(source, source_labels),
        agreement_matrix(source),
        agreement_matrix(np.vstack([predicted, peer_predicted])),
    )


_INPUTS = (
    Input.PREDICTED,
    Input.PEER_PREDICTED,
    Input.SOURCE_PREDICTED,
    Input.SOURCE_PEER_PREDICTED,
    Input.SOURCE_LABELS,
)
_INVARIANTS = frozenset(
    {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
)

ALINE_S = Metric(
    fn=aline_s,
    inputs=_INPUTS,
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Baek et al. 2022, arXiv:2206.13089",
    kind=Kind.ESTIMATE,
    line_r2=agreement_r2,
    invariants=_INVARIANTS,
)

ALINE_D = Metric(
    fn=aline_d,
    inputs=_INPUTS,
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Baek et al. 2022, arXiv:2206.13089",
    kind=Kind.ESTIMATE,
    line_r2=agreement_r2,
    invariants=_INVARIANTS,
)
