"""Linear probe: a ridge regression from frozen features to classes, in closed form."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes
from harness.metrics.numerics.memo import remembered
from harness.metrics.numerics.uncertainty import share_interval
from harness.metrics.representation.bank import (
    check_bank,
    held_out_rows,
    most_common,
)
from harness.metrics.representation.standardised import Scale
from harness.metrics.spec import Input, Invariant, Metric, Trend

#: Among them one is chosen; those of the oracle on digits.
PENALTIES = (1.0, 10.0, 100.0, 1000.0)
HELD_OUT = 0.2
#: Scores that are equal to so many decimals are tied.
DECIMALS = 9


def linear_probe(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    penalties: Sequence[float] = PENALTIES,
    held_out: float = HELD_OUT,
    seed: int = 0,
) -> float:
    r"""Return the accuracy of a ridge regression on classes, trained on a bank.

    .. math:: \frac1n \sum_i \mathbb 1\Big[y_i = \arg\max_c (W^\top x_i)_c + b_c\Big],
        \quad W = \arg\min_W \|Y - \bar Y - X W\|_F^2 + \lambda \|W\|_F^2

    for standardised features X and one-hot classes Y of the bank.

    Parameters
    ----------
    train_features : (m, d) array
        The bank: features of training images.
    train_labels : (m,) integer array
        Their classes.
    features : (n, d) array
        Features of the images.
    labels : (n,) integer array
        Their true classes, which choose nothing.
    penalties
        λ: the one that is right most often on held-out training images, of ties the
        largest. Of a single one nothing is held out.
    held_out
        Share of each class's training images that choose λ. With the chosen one all are
        learnt from.
    seed
        Of the choice of these.

    Returns
    -------
    float
        In [0, 1]: a multiple of 1/n.

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit together or are not finite, or an option is none.
    UndefinedMetricError
        If the bank lacks a class of the images, or has too few to hold some out.

    Notes
    -----
    Features are standardised by those that are learnt from, classes centred, so that
    nothing is penalised for their means. Of classes with equal scores, to nine
    decimals, the lowest wins. How maps became vectors is part of the number, and of
    the layer's name.

    References
    ----------
    Hoerl and Kennard, "Ridge Regression", Technometrics 12, 1970. Linear probes of
    every layer: Zhang, Isola and Efros, "Colorful Image Colorization", ECCV 2016,
    arXiv:1603.08511; Alain and Bengio, 2016, arXiv:1610.01644.

    Examples
    --------
    >>> bank, classes = np.array([[-1.0], [-1.2], [1.0], [1.2]]), np.array([0, 0, 1, 1])
    >>> images = np.array([[-3.0], [0.5]])
    >>> linear_probe(bank, classes, images, np.array([0, 1]), penalties=(1.0,))
    1.0
    >>> linear_probe(bank, classes, images, np.array([1, 1]), penalties=(1.0,))
    0.5
    """
    return float(
        _right(
            train_features,
            train_labels,
            features,
            labels,
            penalties=penalties,
            held_out=held_out,
            seed=seed,
        ).mean()
    )


class Ridge:
    """Ridge regression from standardised features to one-hot classes.

    Parameters
    ----------
    features, labels : (m, d), (m,) arrays
        What is learnt from.

    Notes
    -----
    The smaller of the (d, d) and the (m, m) system is solved, whose matrix is made once
    for all penalties and in blocks: features are never copied as a whole.
    """

    def __init__(self, features: Array, labels: Classes) -> None:
        self.classes, numbers = np.unique(labels, return_inverse=True)
        scale = Scale.of(features)
        self._scale, self._features = scale, features
        m, d = features.shape
        self._targets = np.eye(len(self.classes))[numbers]
        self._bias = self._targets.mean(axis=0)
        self._targets -= self._bias
        self._dual = m < d
        self._matrix = np.zeros((min(m, d),) * 2)
        if self._dual:
            for _, block in scale.columns(features):
                self._matrix += block @ block.T
            return
        self._products = np.zeros((d, len(self.classes)))
        for part, block in scale.rows(features):
            self._matrix += block.T @ block
            self._products += block.T @ self._targets[part]

    def weights(self, penalty: float) -> Array:
        """(d, c) of standardised features."""
        system = self._matrix + penalty * np.eye(len(self._matrix))
        if not self._dual:
            return np.asarray(np.linalg.solve(system, self._products))
        spread = np.linalg.solve(system, self._targets)
        found = np.empty((self._features.shape[1], spread.shape[1]))
        for part, block in self._scale.columns(self._features):
            found[part] = block.T @ spread
        return found

    def answers(self, features: Array, weights: Array) -> Classes:
        """(n,) classes with the largest scores, of ties the lowest."""
        found = np.empty(len(features), dtype=np.int64)
        for part, block in self._scale.rows(features):
            scores = np.round(block @ weights + self._bias, DECIMALS)
            found[part] = self.classes[scores.argmax(axis=1)]
        return found


def chosen_penalty(
    train_features: Array,
    train_labels: Classes,
    *,
    penalties: Sequence[float] = PENALTIES,
    held_out: float = HELD_OUT,
    seed: int = 0,
) -> float:
    """The λ that is right most often on training images that it did not see.

    Parameters
    ----------
    train_features, train_labels, penalties, held_out, seed
        As of `linear_probe`.

    Raises
    ------
    ValueError
        If a penalty or a share is none.
    UndefinedMetricError
        If no image can be held out.

    Examples
    --------
    >>> chosen_penalty(np.eye(2), np.array([0, 1]), penalties=(3.0,))
    3.0
    """
    check_penalties(penalties)
    if len(penalties) == 1:
        return float(penalties[0])
    learnt, held = held_out_rows(train_labels, held_out, seed)
    ridge = Ridge(train_features[learnt], train_labels[learnt])
    trial, truth = train_features[held], train_labels[held]

    def right(penalty: float) -> float:
        return float((ridge.answers(trial, ridge.weights(penalty)) == truth).mean())

    return float(max(penalties, key=lambda penalty: (right(penalty), penalty)))


def check_penalties(penalties: Sequence[float], *, name: str = "penalties") -> None:
    """Refuse anything but positive, finite numbers, one at least."""
    if not len(penalties) or not all(0 < one < np.inf for one in penalties):
        raise ValueError(
            f"`{name}` must be positive and finite, one at least, got {penalties!r}"
        )


def _right(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    penalties: Sequence[float] = PENALTIES,
    held_out: float = HELD_OUT,
    seed: int = 0,
) -> NDArray[np.bool_]:
    check_bank(train_features, train_labels, features, labels)
    check_penalties(penalties)
    return _probed(
        *(train_features, train_labels, features, labels),
        *(np.array(penalties, dtype=np.float64), held_out, seed),
    )


@remembered(2)  # the value's and its interval's
def _probed(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    penalties: Array,
    held_out: float,
    seed: int,
) -> NDArray[np.bool_]:
    penalty = chosen_penalty(
        train_features,
        train_labels,
        penalties=penalties.tolist(),
        held_out=held_out,
        seed=seed,
    )
    return ridge_right(train_features, train_labels, features, labels, penalty)


def ridge_right(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    penalty: float,
) -> NDArray[np.bool_]:
    """(n,) which images a ridge regression is right on."""
    ridge = Ridge(train_features, train_labels)
    return np.asarray(ridge.answers(features, ridge.weights(penalty)) == labels)


def _interval(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    penalties: Sequence[float] = PENALTIES,
    held_out: float = HELD_OUT,
    seed: int = 0,
) -> tuple[float, float]:
    return share_interval(
        _right(
            train_features,
            train_labels,
            features,
            labels,
            penalties=penalties,
            held_out=held_out,
            seed=seed,
        )
    )


LINEAR_PROBE = Metric(
    fn=linear_probe,
    inputs=(
        Input.TRAIN_FEATURES,
        Input.TRAIN_LABELS,
        Input.FEATURES,
        Input.LABELS,
    ),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="ridge on one-hot classes; layers after Zhang et al. 2016, arXiv:1603.08511",
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.DUPLICATION}),
    proportion=True,
    interval=_interval,
    chance=most_common,
)
