"""Logistic probe: a linear classifier on frozen features, by scikit-learn's solver."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.memo import remembered
from harness.metrics.numerics.uncertainty import share_interval
from harness.metrics.representation.bank import (
    check_bank,
    held_out_rows,
    most_common,
)
from harness.metrics.representation.linear_probe import HELD_OUT, check_penalties
from harness.metrics.representation.standardised import Scale
from harness.metrics.spec import Input, Invariant, Metric, Trend

#: Among them one is chosen.
STRENGTHS = (0.001, 0.01, 0.1, 1.0)
#: Training numbers up to which the solver serves: 400 MB of float64, some seconds.
LARGEST = 50_000_000
STEPS = 2000


def logistic_probe(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    strengths: Sequence[float] = STRENGTHS,
    standardise: bool = True,
    held_out: float = HELD_OUT,
    seed: int = 0,
) -> float:
    r"""Return the accuracy of a logistic regression that was trained on a bank.

    .. math:: \frac1n \sum_i \mathbb 1\Big[y_i = \arg\max_c (W^\top x_i)_c + b_c\Big],
        \quad \min_{W, b} \tfrac12 \|W\|_F^2 - C \sum_j
        \log \mathrm{softmax}(W^\top x_j + b)_{y_j}

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
    strengths
        C: the one that is right most often on held-out training images, of ties the
        least. Of a single one nothing is held out.
    standardise
        Whether features are brought to mean 0 and deviation 1 by those that are learnt
        from.
    held_out
        Share of each class's training images that choose C. With the chosen one all are
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
        If arrays do not fit together or are not finite, or an option is none; or if the
        bank has more than 50 million numbers, where `harness.tasks.minibatch` serves.
    UndefinedMetricError
        If the bank lacks a class of the images or has one alone, has too few images to
        hold some out, or the solver does not end.

    Notes
    -----
    scikit-learn's L-BFGS, which finds the one minimum. There is no best epoch that
    could be chosen by the images that are judged.

    References
    ----------
    Zhang, Isola and Efros, "Colorful Image Colorization", ECCV 2016, arXiv:1603.08511;
    Pedregosa et al., "Scikit-learn", JMLR 12, 2011.

    Examples
    --------
    >>> bank, classes = np.array([[-1.0], [-1.2], [1.0], [1.2]]), np.array([0, 0, 1, 1])
    >>> images = np.array([[-3.0], [0.5]])
    >>> logistic_probe(bank, classes, images, np.array([0, 1]), strengths=(1.0,))
    1.0
    """
    return float(
        _right(
            train_features,
            train_labels,
            features,
            labels,
            strengths=strengths,
            standardise=standardise,
            held_out=held_out,
            seed=seed,
        ).mean()
    )


def chosen_strength(
    train_features: Array,
    train_labels: Classes,
    *,
    strengths: Sequence[float] = STRENGTHS,
    standardise: bool = True,
    held_out: float = HELD_OUT,
    seed: int = 0,
) -> float:
    """The C that is right most often on training images that it did not see.

    Parameters
    ----------
    train_features, train_labels, strengths, standardise, held_out, seed
        As of `logistic_probe`.

    Raises
    ------
    ValueError, UndefinedMetricError
        As of `logistic_probe`.

    Examples
    --------
    >>> chosen_strength(np.eye(2), np.array([0, 1]), strengths=(3.0,))
    3.0
    """
    check_penalties(strengths, name="strengths")
    if len(strengths) == 1:
        return float(strengths[0])
    learnt, held = held_out_rows(train_labels, held_out, seed)
    bank = train_features[learnt], train_labels[learnt]
    trial, truth = train_features[held], train_labels[held]

    def right(strength: float) -> float:
        found = solved(*bank, trial, strength=strength, standardise=standardise)
        return float((found == truth).mean())

    return float(max(strengths, key=lambda strength: (right(strength), -strength)))


def solved(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    *,
    strength: float,
    standardise: bool,
) -> Classes:
    """(n,) classes by scikit-learn's solver.

    Raises
    ------
    UndefinedMetricError
        As of `regression`.
    """
    scale = Scale.of(train_features, standardise=standardise)
    learnt = regression(scale.whole(train_features), train_labels, strength=strength)
    return np.asarray(learnt(scale.whole(features)), dtype=np.int64)


def regression(
    features: Array, labels: Classes, *, strength: float
) -> Callable[[Array], Classes]:
    """From features to classes: a logistic regression by scikit-learn's solver.

    Parameters
    ----------
    features, labels : (m, d), (m,) arrays
        What is learnt from, as it is.
    strength
        C.

    Raises
    ------
    UndefinedMetricError
        If there is one class alone, or the solver does not end.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) == 1:
        raise UndefinedMetricError("the bank has one class alone")
    solver = LogisticRegression(C=strength, max_iter=STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            solver.fit(features, labels)
        except ConvergenceWarning:
            raise UndefinedMetricError(
                f"the solver has found no minimum in {STEPS} steps at C {strength:g}; "
                "choose less"
            ) from None
    return solver.predict  # type: ignore[no-any-return]


def _right(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    strengths: Sequence[float] = STRENGTHS,
    standardise: bool = True,
    held_out: float = HELD_OUT,
    seed: int = 0,
) -> NDArray[np.bool_]:
    check_bank(train_features, train_labels, features, labels)
    check_penalties(strengths, name="strengths")
    if train_features.size > LARGEST:
        raise ValueError(
            f"`train_features` must have at most {LARGEST:,} numbers for this solver, "
            f"got {train_features.size:,}; use harness.tasks.minibatch, or a ridge "
            "regression (linear_probe)"
        )
    return _probed(
        *(train_features, train_labels, features, labels),
        *(np.array(strengths, dtype=np.float64), standardise, held_out, seed),
    )


@remembered(2)  # the value's and its interval's
def _probed(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    strengths: Array,
    standardise: bool,
    held_out: float,
    seed: int,
) -> NDArray[np.bool_]:
    strength = chosen_strength(
        train_features,
        train_labels,
        strengths=strengths.tolist(),
        standardise=standardise,
        held_out=held_out,
        seed=seed,
    )
    found = solved(
        train_features,
        train_labels,
        features,
        strength=strength,
        standardise=standardise,
    )
    return np.asarray(found == labels)


def _interval(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    strengths: Sequence[float] = STRENGTHS,
    standardise: bool = True,
    held_out: float = HELD_OUT,
    seed: int = 0,
) -> tuple[float, float]:
    return share_interval(
        _right(
            train_features,
            train_labels,
            features,
            labels,
            strengths=strengths,
            standardise=standardise,
            held_out=held_out,
            seed=seed,
        )
    )


LOGISTIC_PROBE = Metric(
    fn=logistic_probe,
    inputs=(
        Input.TRAIN_FEATURES,
        Input.TRAIN_LABELS,
        Input.FEATURES,
        Input.LABELS,
    ),
    bounds=(0.0, 1.0),
    trend=Trend.RISES,
    source="multinomial logistic regression; layers after Zhang et al. 2016",
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.DUPLICATION}),
    proportion=True,
    costly=True,
    interval=_interval,
    chance=most_common,
)
