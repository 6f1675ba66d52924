"""CBPE: average confidence, after each class was calibrated on the source."""

import numpy as np

from harness.arrays import Classes, Logits, softmax
from harness.metrics.numerics.calibration import helpful_map, nannyml_map
from harness.metrics.numerics.checks import check_logits, check_source
from harness.metrics.numerics.temperature import tempered
from harness.metrics.spec import Input, Invariant, Kind, Metric, Trend

_RULES = {"held-out": helpful_map, "nannyml": nannyml_map}


def cbpe(
    logits: Logits,
    source_logits: Logits,
    source_labels: Classes,
    *,
    temperature: float = 1.0,
    rule: str = "held-out",
) -> float:
    r"""Return the mean calibrated probability of the predicted class.

    .. math:: \frac1n \sum_i \frac{g_{\hat y_i}(p_{i \hat y_i})}{\sum_j g_j(p_{ij})}

    with a rising map g of each class from its probability to its frequency, fitted on
    the source by isotonic regression.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    source_logits : (s, k) array
        One row per labelled source image.
    source_labels : (s,) integer array
        Their true classes.
    temperature
        Divides both logits before the maps.
    rule
        Which classes keep their probabilities: "held-out", those whose map would not
        lower the calibration error on held-out source images; "nannyml", as NannyML has
        it, also those that the probabilities part with an area under the ROC curve
        above 0.999.

    Returns
    -------
    float
        In [0, 1], higher is better; an estimate of accuracy, unbiased where the maps
        hold on the target.

    Raises
    ------
    ValueError
        If the arrays are not finite or do not fit together, `temperature` is not
        positive, or `rule` is neither.

    Notes
    -----
    The rules are `numerics.calibration.helpful_map` and `nannyml_map`. They part
    on sure classifiers: classes that are nearly separated on the source stay as they
    are with NannyML, beside others that were calibrated, and rows are then scaled to
    sum to 1. An image to which every class's map gives 0 keeps its probabilities.

    References
    ----------
    Confidence-based performance estimation, NannyML 0.13.1,
    nannyml.readthedocs.io; Kivimäki et al., JAIR 2025, for its properties.

    Examples
    --------
    >>> source = np.log(np.tile([[0.9, 0.1], [0.2, 0.8]], (30, 1)))
    >>> labels = np.tile([0, 1, 1, 0, 0, 1], 10)  # right 2 times of 3, both ways
    >>> round(cbpe(np.log([[0.9, 0.1], [0.95, 0.05]]), source, labels), 6)
    0.666667
    """
    check_logits(logits)
    check_source(source_logits, source_labels, logits.shape[1])
    if rule not in _RULES:
        raise ValueError(f"`rule` must be one of {', '.join(_RULES)}, got {rule!r}")
    probs = softmax(tempered(logits, temperature))
    source_probs = softmax(tempered(source_logits, temperature))
    calibrated = probs.copy()
    for j in range(probs.shape[1]):
        found = _RULES[rule](source_probs[:, j], source_labels == j)
        if found is not None:
            calibrated[:, j] = found(probs[:, j])
    sums = calibrated.sum(axis=1)
    calibrated = np.where(sums[:, None] > 0, calibrated, probs)
    predicted = logits.argmax(axis=1)
    top = calibrated[np.arange(len(probs)), predicted]
    return float((top / calibrated.sum(axis=1)).mean())


CBPE = Metric(
    fn=cbpe,
    inputs=(Input.LOGITS, Input.SOURCE_LOGITS, Input.SOURCE_LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="NannyML 0.13.1, confidence-based performance estimation",
    kind=Kind.ESTIMATE,
    calibratable=True,
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.DUPLICATION}),
)
