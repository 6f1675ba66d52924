"""Thresholds: the share of target images that score as source images that are right."""

import numpy as np

from harness.arrays import Array, Logits, log_sum_exp


def share_above_threshold(
    scores: Array, source_scores: Array, source_correct: int
) -> float:
    """Share of scores at or above a threshold that as many source scores reach.

    Parameters
    ----------
    scores : (n,) array
        Of the target images; high for what is likely right.
    source_scores : (s,) array
        Of the source images.
    source_correct
        How many of those are right, c. The threshold is the c-th largest source score:
        the largest value that at least c of them reach. With c = 0 nothing reaches it.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> source = np.array([1.0, 2.0, 3.0, 4.0])
    >>> share_above_threshold(np.array([2.5, 3.0, 5.0]), source, 2)  # threshold 3
    0.6666666666666666
    >>> share_above_threshold(np.array([2.5, 3.0, 5.0]), source, 0)
    0.0
    >>> share_above_threshold(source, source, 3)  # on the source: its accuracy
    0.75
    """
    if source_correct == 0:
        return 0.0
    threshold = np.sort(source_scores)[len(source_scores) - source_correct]
    return float(np.mean(scores >= threshold))


def top_log_odds(logits: Logits) -> Array:
    r"""(n,) log odds of each predicted class, :math:`\log \hat p / (1 - \hat p)`.

    Orders images as confidence does, and goes on where confidence rounds to 1.

    Examples
    --------
    >>> top_log_odds(np.log([[0.75, 0.25], [0.1, 0.9]])).round(6).tolist()
    [1.098612, 2.197225]
    >>> top_log_odds(np.array([[100.0, 0.0], [101.0, 0.0]])).tolist()
    [100.0, 101.0]
    """
    gaps = _sorted_gaps(logits)
    return -log_sum_exp(gaps[:, :-1])


def log_entropy(logits: Logits) -> Array:
    """(n,) log of each prediction's entropy in nats, right where that underflows.

    Examples
    --------
    >>> log_entropy(np.zeros((1, 4))).round(6).tolist()  # log log 4
    [0.326634]
    >>> log_entropy(np.array([[1e4, 0.0]])).round(3).tolist()  # log(1 + 1e4) - 1e4
    [-9990.79]
    """
    gaps = _sorted_gaps(logits)[:, :-1]
    # With r the odds against the top class, the entropy is
    # log(1 + r) + sum over the others of exp(gap) (-gap) / (1 + r).
    log_r = log_sum_exp(gaps)
    log_1_r = np.logaddexp(0.0, log_r)
    with np.errstate(divide="ignore"):  # an exact tie contributes nothing
        others = log_sum_exp(gaps + np.log(-gaps))
        # log(1 + r) is r itself before it is lost to rounding.
        top = np.where(log_r < -30, log_r, np.log(log_1_r))
    return np.asarray(np.logaddexp(top, others - log_1_r))


def _sorted_gaps(logits: Logits) -> Array:
    """(n, k) logits less the row's largest, ascending.

    Sorted, so that a score is the same to the last bit whatever the order of the
    classes: a threshold tells equal scores from unequal ones.
    """
    ordered = np.sort(np.asarray(logits, dtype=np.float64), axis=1)
    return ordered - ordered[:, -1:]
