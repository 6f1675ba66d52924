"""Importance reweighting: source accuracy, with confidences as frequent as they are."""

import numpy as np

from harness.activation import Activation
from harness.arrays import Classes, Logits, confidence
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_logits, check_source
from harness.metrics.numerics.temperature import tempered
from harness.metrics.spec import Input, Invariant, Kind, Metric, Trend


def importance_reweighting(
    logits: Logits,
    source_logits: Logits,
    source_labels: Classes,
    *,
    bins: int = 10,
    temperature: float = 1.0,
    activation: str = Activation.SOFTMAX,
) -> float:
    r"""Return the source accuracy, reweighted to the target's confidences.

    .. math:: \sum_b w_b \, \mathrm{acc}^S_b, \quad
        w_b = \frac{\mathrm{share}_b}{\sum_{b'} \mathrm{share}_{b'}}

    over the bins of confidence, of equal width on [0, 1], that hold source images.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    source_logits : (s, k) array
        One row per labelled source image.
    source_labels : (s,) integer array
        Their true classes.
    bins
        How many; a confidence of 1 is in the last.
    temperature
        Divides both logits.
    activation
        "softmax", or "sigmoid": which probability the confidence is.

    Returns
    -------
    float
        In [0, 1], higher is better; an estimate of accuracy. On the source itself the
        source accuracy.

    Raises
    ------
    ValueError
        If the arrays are not finite or do not fit together, or an option is out of
        range.
    UndefinedMetricError
        If no target image has a confidence in a bin with source images.

    Notes
    -----
    Target images in bins without source images say nothing and are left out, so that
    the weights of source images have mean 1. Right if accuracy at equal confidence does
    not change under the shift, which is what shift usually changes.

    References
    ----------
    Chen, Liu, Avci, Wu, Liang, Jha, "Detecting Errors and Estimating Accuracy on
    Unlabeled Data with Self-training Ensembles", NeurIPS 2021, arXiv:2106.15728 (as a
    baseline).

    Examples
    --------
    >>> source = np.log([[0.95, 0.05], [0.95, 0.05], [0.55, 0.45], [0.55, 0.45]])
    >>> labels = np.array([0, 0, 0, 1])  # accuracy 1 in the last bin, 1/2 in the sixth
    >>> target = np.log([[0.95, 0.05], [0.55, 0.45], [0.45, 0.55], [0.42, 0.58]])
    >>> importance_reweighting(target, source, labels)  # (1 + 3/2) / 4
    0.625
    >>> unseen = np.log([[0.75, 0.25], [0.95, 0.05]])  # the first is in no source bin
    >>> importance_reweighting(unseen, source, labels)
    1.0
    >>> target = np.log([[1.25, 0.25]])  # a sigmoid of 5/9, among 19/39 and 11/31
    >>> source = np.log([[1.25, 0.5], [0.55, 0.45]])
    >>> importance_reweighting(
    ...     target, source, np.array([0, 1]), activation="sigmoid"
    ... )
    1.0
    """
    check_logits(logits)
    check_source(source_logits, source_labels, logits.shape[1])
    if bins < 1:
        raise ValueError(f"`bins` must be at least 1, got {bins}")

    def bin_of(rows: Logits) -> Classes:
        sure = confidence(tempered(rows, temperature), activation)
        return np.asarray(np.minimum((sure * bins).astype(np.int64), bins - 1))

    source_bins = bin_of(source_logits)
    right = source_logits.argmax(axis=1) == source_labels
    source_counts = np.bincount(source_bins, minlength=bins)
    right_counts = np.bincount(source_bins, weights=right, minlength=bins)
    counts = np.bincount(bin_of(logits), minlength=bins)
    seen = source_counts > 0
    if not counts[seen].any():
        raise UndefinedMetricError(
            "no target image has a confidence in a bin that holds source images; "
            f"take fewer `bins` than {bins}, or more source images"
        )
    accuracy = right_counts[seen] / source_counts[seen]
    return min(1.0, float(counts[seen] @ accuracy / counts[seen].sum()))  # rounding


IMPORTANCE_REWEIGHTING = Metric(
    fn=importance_reweighting,
    inputs=(Input.LOGITS, Input.SOURCE_LOGITS, Input.SOURCE_LABELS),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Chen et al. 2021, arXiv:2106.15728",
    kind=Kind.ESTIMATE,
    calibratable=True,
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.DUPLICATION}),
)
