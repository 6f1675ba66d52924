"""Difference of confidences: accuracy falls by as much as confidence does."""

import numpy as np

from harness.activation import Activation
from harness.arrays import Classes, Logits
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.numerics.checks import check_logits, check_source
from harness.metrics.spec import Input, Invariant, Kind, Metric, Trend


def difference_of_confidences(
    logits: Logits,
    source_logits: Logits,
    source_labels: Classes,
    *,
    temperature: float = 1.0,
    activation: str = Activation.SOFTMAX,
) -> float:
    r"""Return the source accuracy less the fall in average confidence.

    .. math:: \mathrm{acc}^S - (\mathrm{AC}^S - \mathrm{AC})

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    source_logits : (s, k) array
        One row per labelled source image.
    source_labels : (s,) integer array
        Their true classes.
    temperature
        Divides both logits.
    activation
        "softmax", or "sigmoid": which confidence, as of `average_confidence`.

    Returns
    -------
    float
        In (-1, 2), higher is better; an estimate of accuracy, which is not clipped to
        [0, 1]: it is above 1 where confidence rises by more than the source lacks, as
        it may on a few images. On the source itself the source accuracy.

    Raises
    ------
    ValueError
        If the arrays are not finite or do not fit together, or `temperature` is not
        positive.

    Notes
    -----
    The paper also regresses accuracy on the difference over known shifts; that is what
    the report's fit does with this number.

    References
    ----------
    Guillory, Shankar, Ebrahimi, Darrell, Schmidt, "Predicting with Confidence on Unseen
    Distributions", ICCV 2021, arXiv:2107.03315.

    Examples
    --------
    >>> source = np.log([[0.75, 0.25], [0.75, 0.25]])  # confidence 0.75, accuracy 0.5
    >>> target = np.log([[0.5, 0.5]])
    >>> round(difference_of_confidences(target, source, np.array([0, 1])), 6)
    0.25
    >>> round(
    ...     difference_of_confidences(  # 3/7, and 1/3
    ...         target, source, np.array([0, 1]), activation="sigmoid"
    ...     ),
    ...     6,
    ... )
    0.404762
    """
    check_logits(logits)
    check_source(source_logits, source_labels, logits.shape[1])
    accuracy = float(np.mean(source_logits.argmax(axis=1) == source_labels))
    before, now = (
        average_confidence(some, temperature=temperature, activation=activation)
        for some in (source_logits, logits)
    )
    return accuracy - (before - now)


DIFFERENCE_OF_CONFIDENCES = Metric(
    fn=difference_of_confidences,
    inputs=(Input.LOGITS, Input.SOURCE_LOGITS, Input.SOURCE_LABELS),
    bounds=(-1.0, 2.0),
    trend=Trend.RISES,
    source="Guillory et al. 2021, arXiv:2107.03315",
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
