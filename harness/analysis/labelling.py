"""How many images to label, which, and what their labels say of all of them.

The images are drawn at random, each as likely as any other, so their share of right
answers is off by chance alone, whatever shift made the folder. Confidences of the
images without labels make it sharper where they tell right from wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.metrics.numerics.uncertainty import LEVEL, sampling_interval

#: Keys the generator: a longer list begins with the shorter one.
SEED = 0
#: Images beside those seen on which confidences are taken to tell nothing.
_DOUBT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """What the labels of some of the images say of all of them.

    Attributes
    ----------
    labelled, right, images
        How many have a label, on how many of these the answer is right, and how many
        images there are.
    accuracy, low, high
        Of all images, in [0, 1].
    level
        How often the interval holds the accuracy when the images are drawn anew.
    drawn
        Whether they are the first of `drawn`; otherwise somebody chose them, and
        nothing is known of how often the interval holds.
    """

    labelled: int
    right: int
    images: int
    accuracy: float
    low: float
    high: float
    level: float
    drawn: bool = True


def drawn(images: int, *, seed: int = SEED) -> NDArray[np.intp]:
    """All numbers of images in an order that depends on how many there are alone.

    The first n are n images drawn without replacement, each as likely as any other: who
    stops early has a random sample all the same.

    Examples
    --------
    >>> sorted(drawn(4).tolist())
    [0, 1, 2, 3]
    """
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, images))))
    return rng.permutation(images)


def expected_interval(
    accuracy: float, labelled: int, images: int, *, level: float = LEVEL
) -> tuple[float, float]:
    """Return the interval to be expected of so many labels, without confidences.

    Parameters
    ----------
    accuracy
        Of all images, as far as it is known: in [0, 1].
    labelled, images
        How many are drawn, and out of how many: at least 1.

    Examples
    --------
    >>> [round(end, 4) for end in expected_interval(0.5, 100, 10**9)]  # Wilson's own
    [0.4038, 0.5962]
    >>> expected_interval(0.5, 100, 100)
    (0.5, 0.5)
    """
    if labelled >= images:
        return accuracy, accuracy
    low, high = sampling_interval(accuracy, _counting(labelled, images), level)
    return float(low), float(high)


def labels_needed(
    accuracy: float, images: int, width: float, *, level: float = LEVEL
) -> int:
    """Return the fewest labels that give an interval of at most this width.

    Parameters
    ----------
    accuracy, images, level
        As in `expected_interval`.
    width
        Of the interval, as a fraction of 1; all images are needed for 0.

    Examples
    --------
    >>> labels_needed(0.5, 10**9, 0.1925), labels_needed(0.5, 100, 0.1925)
    (100, 51)
    >>> labels_needed(0.9, 40, 0.0)
    40
    """
    few, enough = 0, images
    while enough - few > 1:
        middle = (few + enough) // 2
        low, high = expected_interval(accuracy, middle, images, level=level)
        few, enough = (few, middle) if high - low <= width else (middle, enough)
    return enough


def labelled_interval(
    right: ArrayLike,
    confidences: ArrayLike | None,
    all_confidences: ArrayLike | None,
    images: int,
    *,
    level: float = LEVEL,
    at_random: bool = True,
) -> Labelled:
    r"""Return the accuracy on all images, from the labels of some drawn at random.

    With y of the n labelled images 1 where the answer is right, confidences f of them
    and F of all N, it is the prediction-powered estimate

    .. math:: \hat\theta = \bar F + \frac1n \sum_i (y_i - f_i),

    or the plain mean of y where the y - f scatter more than y. The interval is Wilson's
    at that estimate for

    .. math:: n^* = \frac{n (N - 1)}{(N - n)\, d}, \qquad
        d = \frac{m s^2_{y-f} / s^2_y + 1}{m + 1}

    images: n, corrected for the finite number of images and divided by the design
    effect d. The gain is believed as far as it was seen: m is the smaller of the
    numbers of right and of wrong answers. No end leaves what the labels leave possible.

    Parameters
    ----------
    right : (n,) bools
        Whether the answer is right on each labelled image.
    confidences, all_confidences : (n,) and (N,) arrays in [0, 1]
        Of the answers on these and on all images; None where there are none.
    images
        N, at least n.
    level
        How often the interval is to hold the accuracy.
    at_random
        As `Labelled.drawn`.

    References
    ----------
    The estimate, a difference estimator of survey sampling: Angelopoulos, Bates,
    Fannjiang, Jordan and Zrnic, "Prediction-powered inference", Science 382, 2023
    (arXiv:2301.09633), whose normal intervals hold too seldom where few answers are
    wrong. Wilson's interval at an effective number of images: Franco, Little, Louis and
    Slud, "Comparative study of confidence intervals for proportions in complex sample
    surveys", Journal of Survey Statistics and Methodology 7, 2019.

    Examples
    --------
    >>> found = labelled_interval([True] * 50 + [False] * 50, None, None, 10**9)
    >>> round(found.low, 4), round(found.high, 4)
    (0.4038, 0.5962)

    Surer where it is right, 0.6 against 0.1, so that y - f scatters less than y does:

    >>> found = labelled_interval([True, False], [0.6, 0.1], [0.4, 0.4, 0.4, 0.4], 4)
    >>> round(found.accuracy, 4)  # 0.4 + (0.4 - 0.1) / 2
    0.55
    """
    y = np.asarray(right, dtype=np.float64)
    n, hits = len(y), int(y.sum())
    if not 1 <= n <= images:
        raise ValueError(f"`right` must be of 1 to {images} images, got {n}")
    least, most = hits / images, (hits + images - n) / images
    middle, effect = hits / n, 1.0
    if confidences is not None and all_confidences is not None and 0 < hits < n:
        f = np.asarray(confidences, dtype=np.float64)
        seen = min(hits, n - hits)
        gain = float((y - f).var() / y.var())
        found = (seen * gain + _DOUBT) / (seen + _DOUBT)
        if found < 1:
            effect = found
            everywhere = np.asarray(all_confidences, dtype=np.float64)
            middle = float(everywhere.mean() + (y - f).mean())
            middle = min(max(middle, least), most)
    if n == images:
        low = high = middle = hits / n
    else:
        ends = sampling_interval(middle, max(_counting(n, images) / effect, 1), level)
        low, high = (min(max(float(end), least), most) for end in ends)
    return Labelled(
        labelled=n,
        right=hits,
        images=images,
        accuracy=middle,
        low=low,
        high=high,
        level=level,
        drawn=at_random,
    )


def _counting(labelled: int, images: int) -> float:
    """So many draws with replacement tell as much: Cochran, 1977, section 2.5."""
    return labelled * (images - 1) / (images - labelled)
