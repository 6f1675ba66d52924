"""Few labels: what a linear probe reaches that was shown some images of each class."""

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes
from harness.metrics.numerics.checks import check_count
from harness.metrics.numerics.memo import remembered
from harness.metrics.numerics.uncertainty import mean_interval, share_interval
from harness.metrics.representation.bank import (
    check_bank,
    drawn_per_class,
    first_per_class,
    most_common,
)
from harness.metrics.representation.linear_probe import check_penalties, ridge_right
from harness.metrics.spec import Input, Invariant, Metric, Trend

DRAWS = 5
PENALTY = 10.0


def few_labels(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    share: float = 0.01,
    draws: int = DRAWS,
    penalty: float = PENALTY,
    seed: int = 0,
) -> float:
    r"""Return the mean accuracy of linear probes on a small share of the labels.

    .. math:: \frac1D \sum_{t=1}^{D} a(S_t), \quad
        |S_t \cap c| = \max(1, \operatorname{round}(p\, m / K))

    with the accuracy a of a ridge regression on the labelled images S of each draw, as
    many of each of the K classes.

    Parameters
    ----------
    train_features : (m, d) array
        The bank: features of training images.
    train_labels : (m,) integer array
        Their classes.
    features : (n, d) array
        Features of the images.
    labels : (n,) integer array
        Their true classes.
    share
        p, in (0, 1]. A class that has fewer images gives all.
    draws
        D.
    penalty
        λ of the ridge regression: one for all, as nothing is left to choose it by.
    seed
        Of the first draw; the others have those after it.

    Returns
    -------
    float
        In [0, 1]. Its interval is over draws, of two or more: Student's.

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit together or are not finite, or an option is none.
    UndefinedMetricError
        If the bank lacks a class of the images.

    Notes
    -----
    Features are standardised by the drawn images alone. For 1 % and 10 % of ImageNet
    lists are published, for 5 % is none; here images are drawn.

    References
    ----------
    Chen, Kornblith, Norouzi and Hinton, "A Simple Framework for Contrastive Learning of
    Visual Representations", ICML 2020, arXiv:2002.05709 (1 % and 10 %); draws and their
    deviation: Goyal et al., ICCV 2019, arXiv:1905.01235.

    Examples
    --------
    >>> bank, classes = np.array([[-1.0], [-1.2], [1.0], [1.2]]), np.array([0, 0, 1, 1])
    >>> images = np.array([[-3.0], [0.5]])
    >>> few_labels(bank, classes, images, np.array([0, 1]), share=0.5)
    1.0
    """
    rights = _rights(
        train_features,
        train_labels,
        features,
        labels,
        share=share,
        draws=draws,
        penalty=penalty,
        seed=seed,
    )
    return float(rights.mean())


def first_labels(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    per_class: int = 20,
    penalty: float = PENALTY,
) -> float:
    r"""Return the accuracy of a linear probe on the first images of each class.

    .. math:: a(S), \quad S = \{\text{the first } k \text{ images of each class}\}

    with the accuracy a of a ridge regression on S.

    Parameters
    ----------
    train_features : (m, d) array
        The bank: features of training images, in the order of their files.
    train_labels : (m,) integer array
        Their classes.
    features : (n, d) array
        Features of the images.
    labels : (n,) integer array
        Their true classes.
    per_class
        k. A class that has fewer images gives all.
    penalty
        λ of the ridge regression.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n.

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit together or are not finite, or an option is none.
    UndefinedMetricError
        If the bank lacks a class of the images.

    Notes
    -----
    RotNet's: nothing is drawn, so that its k of 20, 100, 400 and 1,000 on CIFAR-10 are
    the same images for everyone. It trains a convolution on them, here it is linear.

    References
    ----------
    Gidaris, Singh and Komodakis, "Unsupervised Representation Learning by Predicting
    Image Rotations", ICLR 2018, arXiv:1803.07728, figure 3.

    Examples
    --------
    >>> bank, classes = np.array([[-1.0], [-1.2], [1.0], [1.2]]), np.array([0, 0, 1, 1])
    >>> images = np.array([[-3.0], [0.5]])
    >>> first_labels(bank, classes, images, np.array([0, 1]), per_class=1)
    1.0
    """
    return float(
        _right_of_first(
            train_features,
            train_labels,
            features,
            labels,
            per_class=per_class,
            penalty=penalty,
        ).mean()
    )


def images_per_class(train_labels: Classes, share: float) -> int:
    """How many images of each class are so much of all, one at least.

    Parameters
    ----------
    train_labels : (m,) integer array
        Classes.
    share
        In (0, 1].

    Examples
    --------
    >>> images_per_class(np.arange(1000) % 10, 0.05)
    5
    """
    if not 0 < share <= 1:
        raise ValueError(f"`share` must be above 0 and at most 1, got {share!r}")
    classes = len(np.unique(train_labels))
    return max(1, round(share * len(train_labels) / classes))


def _rights(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    share: float = 0.01,
    draws: int = DRAWS,
    penalty: float = PENALTY,
    seed: int = 0,
) -> Array:
    """(draws,) accuracies."""
    check_bank(train_features, train_labels, features, labels)
    check_count("draws", draws)
    check_penalties((penalty,), name="penalty")
    each = images_per_class(train_labels, share)
    return _drawn(
        train_features, train_labels, features, labels, each, draws, penalty, seed
    )


@remembered(2)  # the value's and its interval's
def _drawn(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    each: int,
    draws: int,
    penalty: float,
    seed: int,
) -> Array:
    found = []
    for number in range(draws):
        rows = drawn_per_class(train_labels, each, seed + number)
        bank = train_features[rows], train_labels[rows]
        found.append(ridge_right(*bank, features, labels, penalty).mean())
    return np.array(found)


def _right_of_first(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    per_class: int = 20,
    penalty: float = PENALTY,
) -> NDArray[np.bool_]:
    check_bank(train_features, train_labels, features, labels)
    check_penalties((penalty,), name="penalty")
    rows = first_per_class(train_labels, per_class)
    bank = train_features[rows], train_labels[rows]
    return ridge_right(*bank, features, labels, penalty)


def _interval(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    share: float = 0.01,
    draws: int = DRAWS,
    penalty: float = PENALTY,
    seed: int = 0,
) -> tuple[float, float]:
    rights = _rights(
        train_features,
        train_labels,
        features,
        labels,
        share=share,
        draws=draws,
        penalty=penalty,
        seed=seed,
    )
    return mean_interval(rights, bounds=(0, 1))


def _interval_of_first(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    per_class: int = 20,
    penalty: float = PENALTY,
) -> tuple[float, float]:
    return share_interval(
        _right_of_first(
            train_features,
            train_labels,
            features,
            labels,
            per_class=per_class,
            penalty=penalty,
        )
    )


_INPUTS = (
    Input.TRAIN_FEATURES,
    Input.TRAIN_LABELS,
    Input.FEATURES,
    Input.LABELS,
)
_SYMMETRIES = frozenset({Invariant.IMAGE_ORDER, Invariant.DUPLICATION})

FEW_LABELS = Metric(
    fn=few_labels,
    inputs=_INPUTS,
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="Chen et al. 2020, arXiv:2002.05709; ridge on draws of each class",
    invariants=_SYMMETRIES,
    interval=_interval,
    chance=most_common,
)
FIRST_LABELS = Metric(
    fn=first_labels,
    inputs=_INPUTS,
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="after Gidaris et al. 2018, arXiv:1803.07728, figure 3, linear",
    invariants=_SYMMETRIES,
    proportion=True,
    interval=_interval_of_first,
    chance=most_common,
)
