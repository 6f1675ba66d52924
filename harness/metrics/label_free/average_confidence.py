"""Average confidence: how sure the model is, taken at its word."""

from harness.activation import Activation
from harness.arrays import Logits, confidence
from harness.metrics.numerics.checks import check_logits
from harness.metrics.numerics.temperature import tempered
from harness.metrics.spec import Input, Invariant, Kind, Metric, Trend


def average_confidence(
    logits: Logits,
    *,
    temperature: float = 1.0,
    activation: str = Activation.SOFTMAX,
) -> float:
    r"""Return the mean probability of the predicted class.

    .. math:: \frac1n \sum_i \max_j \mathrm{softmax}(f_i / T)_j

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    temperature
        T; the one fitted on labelled source images (see
        `numerics.temperature.fitted_temperature`) makes the estimate right
        there.
    activation
        "softmax" as above, or "sigmoid" of a network trained with one binary question
        a class: the probability of the largest logit by itself.

    Returns
    -------
    float
        In [1/k, 1], higher is better. 1 when every row is one-hot, 1/k when every row
        is uniform. Of a sigmoid in [0, 1]. An estimate of accuracy, unbiased where the
        model is calibrated.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix, `temperature` is not positive, or there is
        no such activation.

    Notes
    -----
    Under shift most networks stay sure while they fail, so it estimates too high. It is
    a mean over images: it may be averaged over batches, weighted by their sizes.

    References
    ----------
    Hendrycks, Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution
    Examples in Neural Networks", ICLR 2017, arXiv:1610.02136 (the score); Guillory et
    al., "Predicting with Confidence on Unseen Distributions", ICCV 2021,
    arXiv:2107.03315 (its mean as an estimate of accuracy).

    Examples
    --------
    >>> import numpy as np
    >>> average_confidence(np.log([[0.75, 0.25], [0.5, 0.5]]))
    0.625
    >>> average_confidence(np.log([[9.0, 1.0]]), temperature=2.0)  # odds 9:1 to 3:1
    0.75
    >>> average_confidence(np.array([[1e4, 0.0]]))  # no overflow
    1.0
    >>> logits = np.log([[3.0, 3.0], [1.0, 0.5]])  # 3/4, and 1/2
    >>> round(average_confidence(logits, activation="sigmoid"), 6)
    0.625
    """
    check_logits(logits)
    return float(confidence(tempered(logits, temperature), activation).mean())


AVERAGE_CONFIDENCE = Metric(
    fn=average_confidence,
    inputs=(Input.LOGITS,),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Guillory et al. 2021, arXiv:2107.03315; Hendrycks, Gimpel 2017",
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
