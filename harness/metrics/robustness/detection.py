"""Out-of-distribution detection: how well a score tells images of no known class.

What is to be found, the images outside, are the positives: ImageNet-O has it so, and
OpenOOD. Every name says its convention, since two of each are published.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Logits, log_sum_exp
from harness.metrics.numerics.checks import check_is_array, check_logits, check_real

RECALL = 0.95
TIED = 0.01  # of more tied scores a reader should know
_DRAWS, _CHUNK = 500, 50


class Score(StrEnum):
    """How far outside the known classes an image seems."""

    SOFTMAX = "softmax"  # by the largest probability of a softmax
    MAX_LOGIT = "max_logit"  # by the largest logit
    SIGMOID = "sigmoid"  # by the largest probability of a sigmoid a class
    ENERGY = "energy"  # by the free energy


def outside_scores(
    logits: Logits, score: Score | str, *, classes: Sequence[int] | None = None
) -> Array:
    r"""(n,) how far outside each image seems: the larger, the further.

    .. math:: -\log \max_j p_j, \quad -\max_j f_j, \quad
        -\log \max_j \frac1{1 + e^{-f_j}}, \quad -\log \sum_j e^{f_j}

    for ``softmax``, ``max_logit``, ``sigmoid`` and ``energy``.

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    score
        Which.
    classes
        The mask: numbers of the classes that count, chosen before the softmax, the
        largest or the sum; all of them unless given. ImageNet-O is scored on its 200.

    Returns
    -------
    (n,) array
        In float64. Of probabilities the negative logarithm in place of the negative
        value, so that the order is the same and none is tied where a probability
        rounds to 1: a float32 sigmoid does from a logit of 17 on, a half-precision one
        from 8.4.

    Raises
    ------
    TypeError, ValueError
        If `logits` are not finite or are probabilities, the score is unknown, or
        `classes` are not at least two of theirs, each once.

    Notes
    -----
    ``sigmoid`` ranks as ``max_logit`` does; it is there for networks trained with one
    binary question a class. A mask raises softmax's confidences and leaves the other
    classes' sigmoids as they are.

    References
    ----------
    Hendrycks and Gimpel, ICLR 2017, arXiv:1610.02136 (softmax); Hendrycks et al., ICML
    2022, arXiv:1911.11132 (largest logit); Liu et al., NeurIPS 2020, arXiv:2010.03759
    (energy); Hendrycks et al., CVPR 2021, arXiv:1907.07174 (the mask).

    Examples
    --------
    >>> logits = np.log([[8.0, 1.0, 1.0], [1.0, 1.0, 2.0]])
    >>> outside_scores(logits, "softmax").round(4).tolist()  # -log 0.8, -log 0.5
    [0.2231, 0.6931]
    >>> outside_scores(logits, "softmax", classes=[1, 2]).round(4).tolist()
    [0.6931, 0.4055]
    >>> outside_scores(logits, "max_logit").round(4).tolist()
    [-2.0794, -0.6931]
    >>> outside_scores(logits, "sigmoid").round(4).tolist()  # -log 8/9, -log 2/3
    [0.1178, 0.4055]
    >>> outside_scores(logits, "energy").round(4).tolist()  # -log 10, -log 4
    [-2.3026, -1.3863]
    """
    check_logits(logits)
    if score not in list(Score):
        raise ValueError(f"`score` must be one of {', '.join(Score)}, got {score!r}")
    z = np.asarray(logits, dtype=np.float64)
    if classes is not None:
        z = z[:, _mask(classes, z.shape[1])]
    top = z.max(axis=1)
    if score == Score.MAX_LOGIT:
        return np.asarray(-top)
    if score == Score.ENERGY:
        return np.asarray(-log_sum_exp(z))
    if score == Score.SIGMOID:
        return np.asarray(np.logaddexp(0.0, -top))
    others = np.exp(z - top[:, None])
    others[np.arange(len(z)), z.argmax(axis=1)] = 0.0
    return np.asarray(np.log1p(others.sum(axis=1)))


def _mask(classes: Sequence[int], k: int) -> NDArray[np.intp]:
    chosen = np.asarray(classes)
    if chosen.ndim != 1 or not np.issubdtype(chosen.dtype, np.integer):
        raise TypeError(f"`classes` must be numbers of classes, got {classes!r:.80}")
    if len(chosen) < 2 or len(np.unique(chosen)) < len(chosen):
        raise ValueError(
            f"`classes` must be at least two, each once, got {classes!r:.80}"
        )
    if chosen.min() < 0 or chosen.max() >= k:
        raise ValueError(
            f"`classes` must be in 0..{k - 1}, got {chosen.min()}..{chosen.max()}"
        )
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """One number of a detection.

    Attributes
    ----------
    name
        With its convention.
    value, low, high
        In [0, 1], and its 95 % interval: how far it would move with other images,
        inside and outside drawn apart.
    chance
        Of scores that know nothing, for so many images inside and outside.
    """

    name: str
    value: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """All numbers of one score.

    Attributes
    ----------
    numbers
        By name: ``aupr_average_precision``, ``aupr_trapezoid``, ``auroc``,
        ``fpr95_closest``, ``fpr95_first``.
    outside, inside
        How many images.
    tied
        Share of the scores that another image has, too.
    """

    numbers: dict[str, Detected]
    outside: int
    inside: int
    tied: float

    @property
    def note(self) -> str:
        """What a reader should know of ties; empty where there are few."""
        if self.tied <= TIED:
            return ""
        return (
            f"{100 * self.tied:.1f} % of the scores are tied; keep logits in full "
            "precision and score them, not rounded probabilities"
        )


def detection(outside: Array, inside: Array) -> Detection:
    """Return how well scores tell the images outside from those inside.

    Parameters
    ----------
    outside, inside : (m,) and (n,) arrays
        Scores, larger for what seems outside; see `outside_scores`. Of ImageNet-O: its
        2,000 images, and ImageNet's 10,000 validation images of the same 200 classes.

    Returns
    -------
    Detection
        aupr_average_precision
            Area under precision over recall as a step function: scikit-learn's
            ``average_precision_score``, the published number of ImageNet-O.
        aupr_trapezoid
            The same area by trapezoids from recall 0 at precision 1: OpenOOD's.
        auroc
            Share of pairs of one outside and one inside that are in order, ties half.
        fpr95_closest
            Share of the images inside that are taken for outside at the threshold whose
            recall of the outside is closest to 95 %: the published number of
            ImageNet-O. Of thresholds as close, the lowest; of full recall, the first.
        fpr95_first
            At the highest threshold with at least 95 % recall: OpenOOD's.

        Chance of either AUPR is the share of images that are outside, 16.67 % for
        ImageNet-O: a number of other proportions is another number.

    Raises
    ------
    TypeError, ValueError
        If they are no finite vectors of at least one image.

    Notes
    -----
    Images of one score pass a threshold together. Intervals are percentiles of 500
    bootstrap draws with one seed.

    References
    ----------
    Hendrycks et al., "Natural Adversarial Examples", CVPR 2021, arXiv:1907.07174;
    hendrycks/natural-adv-examples (its ImageNet-O evaluator stops at a name that it
    does not define; ``fpr_and_fdr_at_recall`` is read as in hendrycks/imagenet-r);
    Yang et al., "OpenOOD", NeurIPS 2022, arXiv:2210.07242, ``metrics.py``.

    Examples
    --------
    >>> found = detection(np.array([0.9, 0.8, 0.3]), np.array([0.7, 0.2, 0.1]))
    >>> [round(one.value, 4) for one in found.numbers.values()]  # in that order
    [0.9167, 0.9028, 0.8889, 0.3333, 0.3333]
    >>> round(found.numbers["aupr_trapezoid"].chance, 4), found.tied
    (0.5, 0.0)
    """
    for scores, name in ((outside, "outside"), (inside, "inside")):
        _check_scores(scores, name)
    scores = np.concatenate([outside, inside]).astype(np.float64)
    # From the highest threshold down: how many of either have each score.
    _, place, images = np.unique(-scores, return_inverse=True, return_counts=True)
    m, n = len(outside), len(inside)
    hits, alarms = (
        np.bincount(part, minlength=len(images)) for part in (place[:m], place[m:])
    )
    values = _all(hits[None], alarms[None])
    drawn = _drawn(hits, alarms)
    chance = dict.fromkeys(_NUMBERS, m / (m + n)) | {"auroc": 0.5}
    chance |= {"fpr95_closest": RECALL, "fpr95_first": RECALL}
    numbers = {}
    for name in _NUMBERS:
        low, high = np.percentile(drawn[name], [2.5, 97.5])
        value = float(values[name][0])
        numbers[name] = Detected(
            name=name,
            value=value,
            low=min(value, float(low)),
            high=max(value, float(high)),
            chance=chance[name],
        )
    tied = float(images[images > 1].sum() / len(scores))
    return Detection(numbers=numbers, outside=m, inside=n, tied=tied)


def _check_scores(scores: Array, name: str) -> None:
    check_is_array(scores, name)
    check_real(scores, name)
    if scores.ndim != 1 or scores.size == 0 or not np.isfinite(scores).all():
        raise ValueError(
            f"`{name}` must be finite scores of at least one image, got shape "
            f"{scores.shape}"
        )


def _all(hits: NDArray[np.int64], alarms: NDArray[np.int64]) -> dict[str, Array]:
    """(b,) of each number, from (b, u) images that have each score, highest first."""
    found, false = hits.cumsum(axis=1), alarms.cumsum(axis=1)
    recall = found / found[:, -1:]
    rate = false / false[:, -1:]
    precision = np.ones(recall.shape)
    np.divide(found, found + false, out=precision, where=found + false > 0)
    return {name: fn(recall, precision, rate) for name, fn in _NUMBERS.items()}


def _steps(recall: Array, precision: Array, rate: Array) -> Array:
    return np.asarray((np.diff(recall, axis=1, prepend=0) * precision).sum(axis=1))


def _trapezoids(recall: Array, precision: Array, rate: Array) -> Array:
    before = np.concatenate([np.ones((len(recall), 1)), precision[:, :-1]], axis=1)
    widths = np.diff(recall, axis=1, prepend=0)
    return np.asarray((widths * (before + precision) / 2).sum(axis=1))


def _roc(recall: Array, precision: Array, rate: Array) -> Array:
    before = np.concatenate([np.zeros((len(recall), 1)), recall[:, :-1]], axis=1)
    widths = np.diff(rate, axis=1, prepend=0)
    return np.asarray((widths * (before + recall) / 2).sum(axis=1))


def _at_closest(recall: Array, precision: Array, rate: Array) -> Array:
    full = (recall == 1).argmax(axis=1)[:, None]
    apart = np.abs(recall - RECALL)
    apart[np.arange(recall.shape[1]) > full] = np.inf
    lowest = recall.shape[1] - 1 - apart[:, ::-1].argmin(axis=1)
    return np.asarray(rate[np.arange(len(rate)), lowest])


def _at_first(recall: Array, precision: Array, rate: Array) -> Array:
    return np.asarray(rate[np.arange(len(rate)), (recall >= RECALL).argmax(axis=1)])


_NUMBERS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "aupr_average_precision": _steps,
    "aupr_trapezoid": _trapezoids,
    "auroc": _roc,
    "fpr95_closest": _at_closest,
    "fpr95_first": _at_first,
}


def _drawn(hits: NDArray[np.int64], alarms: NDArray[np.int64]) -> dict[str, Array]:
    """(draws,) of each number, of images drawn anew on either side."""
    rng = np.random.default_rng(0)
    parts = []
    for _ in range(_DRAWS // _CHUNK):
        some = [
            rng.multinomial(side.sum(), side / side.sum(), size=_CHUNK)
            for side in (hits, alarms)
        ]
        parts.append(_all(*some))
    return {name: np.concatenate([part[name] for part in parts]) for name in _NUMBERS}
