"""COT and COTT: what it costs to make the predictions fit the source's labels."""

import numpy as np

from harness.arrays import Classes, Logits, log_softmax
from harness.metrics.numerics.checks import check_labels, check_logits, check_source
from harness.metrics.numerics.memo import remembered
from harness.metrics.numerics.temperature import tempered
from harness.metrics.numerics.thresholds import share_above_threshold, top_log_odds
from harness.metrics.numerics.transport import Transport, label_transport
from harness.metrics.spec import Input, Invariant, Kind, Metric, Trend


def cot(logits: Logits, source_labels: Classes, *, temperature: float = 1.0) -> float:
    r"""Return one less the cost of moving the predictions to the source's labels.

    .. math:: 1 - \min_\gamma \sum_{ij} \gamma_{ij} (1 - p_{ij}), \quad
        \sum_j \gamma_{ij} = \tfrac1n, \quad \sum_i \gamma_{ij} = \pi_j

    with the shares of the source's labels :math:`\pi`; the cost is half the L1 distance
    between prediction and one-hot label.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    source_labels : (s,) integer array
        True classes of source images; only their shares count.
    temperature
        Divides the logits; the paper uses the one fitted on the source
        (`harness.metrics.numerics.temperature.fitted_temperature`).

    Returns
    -------
    float
        In [0, 1], higher is better; an estimate of accuracy, never above average
        confidence at the same temperature. 1 when the rows are one-hot with the
        source's shares.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix, `source_labels` are not classes of it, or
        `temperature` is not positive.

    Notes
    -----
    Assumes that the target has the source's label shares. All images take part; the
    released code takes batches of 10,000 with replacement and draws the labels.

    References
    ----------
    Lu, Qin, Zhai, Shen, Zhang, Wang, Kulinski, Inouye, Zhang, "Characterizing
    Out-of-Distribution Error via Optimal Transport", NeurIPS 2023, arXiv:2305.15640.

    Examples
    --------
    >>> logits = np.log([[0.9, 0.1], [0.6, 0.4]])
    >>> round(cot(logits, np.array([0, 1])), 6)  # one of each: (0.9 + 0.4) / 2
    0.65
    >>> round(cot(logits, np.array([0, 0])), 6)  # all of class 0: (0.9 + 0.6) / 2
    0.75
    """
    check_logits(logits)
    check_labels(
        source_labels, np.size(source_labels), logits.shape[1], name="source_labels"
    )
    return 1 - _transport(tempered(logits, temperature), source_labels).cost


def cott(
    logits: Logits,
    source_logits: Logits,
    source_labels: Classes,
    *,
    temperature: float = 1.0,
) -> float:
    r"""Return the share of images that are moved as cheaply as the source's right ones.

    .. math:: \frac1n \sum_i \mathbb 1[c_i \le t]

    with the cost of each image in the cheapest transport of the predictions to the
    source's labels, and the smallest t that a share of source images equal to the
    source accuracy keeps to in the same transport of the source.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    source_logits : (s, k) array
        One row per labelled source image.
    source_labels : (s,) integer array
        Their true classes.
    temperature
        Divides both logits; the paper uses the one fitted on the source
        (`harness.metrics.numerics.temperature.fitted_temperature`).

    Returns
    -------
    float
        In [0, 1], higher is better; an estimate of accuracy. On the source itself the
        source accuracy, or more where costs are tied at the threshold.

    Raises
    ------
    ValueError
        If the arrays are not finite or do not fit together, or `temperature` is not
        positive.

    Notes
    -----
    Assumes that the target has the source's label shares. Where several transports are
    the cheapest, the costs of single images depend on which one is found, and so on the
    order of images and classes. An image that is split between labels has its mean
    cost. Released code is off by one in the threshold, and takes the largest cost for
    it where no source image is wrong.

    References
    ----------
    Lu, Qin, Zhai, Shen, Zhang, Wang, Kulinski, Inouye, Zhang, "Characterizing
    Out-of-Distribution Error via Optimal Transport", NeurIPS 2023, arXiv:2305.15640.

    Examples
    --------
    >>> source = np.log([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
    >>> labels = np.array([0, 1, 1, 0])  # two are right; costs 0.1, 0.2, 0.3, 0.4
    >>> cott(np.log([[0.85, 0.15], [0.75, 0.25]]), source, labels)  # 0.15 and 0.75
    0.5
    >>> cott(source, source, labels)
    0.5
    """
    check_logits(logits)
    check_source(source_logits, source_labels, logits.shape[1])
    scaled, scaled_source = (tempered(x, temperature) for x in (logits, source_logits))
    costs = _transport(scaled, source_labels).image_costs
    source = _transport(scaled_source, source_labels).image_costs
    return share_above_threshold(
        -costs,
        -source,
        int((source_logits.argmax(axis=1) == source_labels).sum()),
    )


@remembered(8)  # both metrics ask for the target's, and all targets for the source's
def _transport(logits: Logits, source_labels: Classes) -> Transport:
    n, k = logits.shape
    costs = -np.expm1(log_softmax(logits))
    # Of the predicted class from its odds: not 0 where its probability rounds to 1.
    costs[np.arange(n), logits.argmax(axis=1)] = np.exp(
        -np.logaddexp(0.0, top_log_odds(logits))
    )
    marginal = np.bincount(source_labels, minlength=k) / len(source_labels)
    return label_transport(costs, marginal)


COT = Metric(
    fn=cot,
    inputs=(Input.LOGITS, Input.SOURCE_LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Lu et al. 2023, arXiv:2305.15640",
    kind=Kind.ESTIMATE,
    calibratable=True,
    invariants=frozenset(
        {
            Invariant.IMAGE_ORDER,
            Invariant.CLASS_ORDER,
            Invariant.DUPLICATION,
            Invariant.LOGIT_SHIFT,
        }
    ),
)

COTT = Metric(
    fn=cott,
    inputs=(Input.LOGITS, Input.SOURCE_LOGITS, Input.SOURCE_LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Lu et al. 2023, arXiv:2305.15640",
    kind=Kind.ESTIMATE,
    calibratable=True,
)
