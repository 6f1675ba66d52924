"""Sequences of frames: how often the prediction flips, how far the first five move.

Frames of a noise sequence are the first frame with new noise each, so they are compared
with the first; those of any other perturbation with the one before.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes, Logits
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_is_array, check_real

Rule = Literal["previous", "first"]


def rule_of(perturbation: str) -> Rule:
    """What frames of a perturbation are compared with, by the published convention.

    References
    ----------
    hendrycks/robustness, ``ImageNet-P/test.py``: "noise" in its name.

    Examples
    --------
    >>> rule_of("gaussian_noise"), rule_of("gaussian_noise_2"), rule_of("snow")
    ('first', 'first', 'previous')
    """
    return "first" if "noise" in perturbation else "previous"


def flips(predicted: Classes, *, rule: Rule, stride: int = 1) -> Array:
    r"""(s,) share of the comparisons of each sequence that find another prediction.

    .. math:: \frac1{t-d} \sum_{j=d+1}^{t} \mathbb 1[\hat y_j \ne \hat y_{j-d}],
        \qquad \frac1{t-1} \sum_{j=2}^{t} \mathbb 1[\hat y_j \ne \hat y_1]

    by the rules ``previous`` and ``first``. Their mean over sequences is the flip
    probability.

    Parameters
    ----------
    predicted : (s, t) integer array
        Classes of s sequences of t >= 2 frames.
    rule
        ``previous`` or ``first``; see `rule_of`.
    stride
        d: how many frames lie between two that are compared, from every start
        (difficulty). Of noise that is harder there are sequences of its own.

    Raises
    ------
    TypeError, ValueError
        If it is no such array, the rule is unknown, or the stride is below 1, not
        below t, or above 1 by the rule ``first``.

    References
    ----------
    Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common
    Corruptions and Perturbations", ICLR 2019, arXiv:1903.12261, section 3.2;
    hendrycks/robustness, ``ImageNet-P/test.py``.

    Examples
    --------
    >>> once, often = np.array([[0, 1, 1, 1, 1, 1]]), np.array([[0, 1, 0, 1, 0, 1]])
    >>> flips(once, rule="previous").tolist(), flips(once, rule="first").tolist()
    ([0.2], [1.0])
    >>> flips(often, rule="previous").tolist(), flips(often, rule="first").tolist()
    ([1.0], [0.6])
    >>> flips(often, rule="previous", stride=2).tolist()
    [0.0]
    """
    _check(predicted, "predicted", 2)
    before, after = _pairs(predicted, rule, stride)
    return np.asarray((after != before).mean(axis=1))


def first_five(logits: Logits) -> NDArray[np.intp]:
    """(..., 5) classes of the five largest logits, the largest first.

    Of tied logits those of lower index come first, as in ordinal ranks. It is all that
    `top_5_distances` needs of a frame.

    Parameters
    ----------
    logits : (..., k) array
        Of frames, k >= 5.

    Raises
    ------
    TypeError, ValueError
        If they are not finite, or no array.
    UndefinedMetricError
        If there are fewer than five classes.

    Examples
    --------
    >>> first_five(np.array([[0.0, 5.0, 5.0, 4.0, 1.0, 2.0]])).tolist()
    [[1, 2, 3, 5, 4]]
    """
    check_is_array(logits, "logits")
    check_real(logits, "logits")
    if logits.ndim < 1 or logits.size == 0 or not np.isfinite(logits).all():
        raise ValueError(
            f"`logits` must be finite and not empty, got shape {logits.shape}"
        )
    if logits.shape[-1] < 5:
        raise UndefinedMetricError(
            f"the first five need at least 5 classes, got {logits.shape[-1]}"
        )
    return np.argsort(-logits, axis=-1, kind="stable")[..., :5]


def top_5_distances(
    first: NDArray[np.integer], *, rule: Rule, stride: int = 1
) -> Array:
    r"""(s,) mean distance over which the first five of each sequence move.

    .. math:: d = \sum_{i=1}^5 \big| (i - 1) - \min(\sigma(i) - 1, 5) \big|

    where the class that was at rank i is at rank :math:`\sigma(i)` now. Their mean over
    sequences is the top-5 distance.

    Parameters
    ----------
    first : (s, t, 5) integer array
        The first five classes of s sequences of t >= 2 frames; see `first_five`.
    rule, stride
        As of `flips`.

    Returns
    -------
    (s,) array
        In [0, 18]: 15 where none of the five is among the next, 18 where the first
        three are not and the last two lead. It is no metric: from rank 6 to the first
        is 5, back is 9.

    Raises
    ------
    TypeError, ValueError
        As `flips`; also where a class is twice among five.

    References
    ----------
    Hendrycks and Dietterich, ICLR 2019, section 3.2: their sum over ranks between, of
    weights 1 in the first five, in closed form.

    Examples
    --------
    >>> five = [[0, 1, 2, 3, 4], [1, 0, 2, 3, 4]]  # the first two swap places
    >>> top_5_distances(np.array([five]), rule="previous").tolist()
    [2.0]
    >>> five, up = [0, 1, 2, 3, 4], [5, 0, 1, 2, 3]
    >>> top_5_distances(np.array([[five, up], [up, five]]), rule="previous").tolist()
    [5.0, 9.0]
    """
    _check(first, "first", 3)
    if first.shape[2] != 5:
        raise ValueError(
            f"`first` must have the 5 first classes of each frame, got {first.shape[2]}"
        )
    ordered = np.sort(first, axis=2)
    if (ordered[..., 1:] == ordered[..., :-1]).any():
        raise ValueError("`first` must have 5 different classes a frame, got one twice")
    before, after = _pairs(first, rule, stride)
    same = before[..., :, None] == after[..., None, :]
    place = np.where(same.any(axis=-1), same.argmax(axis=-1), 5)
    return np.asarray(np.abs(np.arange(5) - place).sum(axis=-1).mean(axis=1))


def _check(frames: NDArray[np.integer], name: str, ndim: int) -> None:
    check_is_array(frames, name)
    if not np.issubdtype(frames.dtype, np.integer):
        raise TypeError(f"`{name}` must be whole numbers, got dtype {frames.dtype}")
    if frames.ndim != ndim or frames.size == 0 or frames.shape[1] < 2:
        shape = "(s, t)" if ndim == 2 else "(s, t, 5)"
        raise ValueError(
            f"`{name}` must have shape {shape} with at least 2 frames, got "
            f"{frames.shape}"
        )


def _pairs(
    frames: NDArray[np.integer], rule: Rule, stride: int
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """(s, c, ...) what is compared with what, c comparisons a sequence."""
    t = frames.shape[1]
    if rule not in ("previous", "first"):
        raise ValueError(f"`rule` must be 'previous' or 'first', got {rule!r}")
    if not 1 <= stride < t:
        raise ValueError(f"`stride` must be in 1..{t - 1}, got {stride}")
    if rule == "first" and stride != 1:
        raise ValueError(
            f"`stride` must be 1 by the rule 'first', got {stride}; noise that is "
            "harder has sequences of its own"
        )
    after = frames[:, stride:]
    if rule == "first":
        return np.broadcast_to(frames[:, :1], after.shape), after
    return frames[:, :-stride], after
