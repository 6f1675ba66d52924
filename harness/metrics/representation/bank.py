"""A bank: labelled training features that images are judged by, and what it must be."""

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_features, check_predicted
from harness.metrics.outcomes.chance import prevalence


def check_bank(
    train_features: Array, train_labels: Classes, features: Array, labels: Classes
) -> None:
    """Refuse features and labels that do not belong together.

    Parameters
    ----------
    train_features, train_labels : (m, d), (m,) arrays
        The bank.
    features, labels : (n, d), (n,) arrays
        The images that are judged.

    Raises
    ------
    TypeError, ValueError
        If one is no finite matrix, or no whole numbers from 0, or lengths differ.
    UndefinedMetricError
        If an image is of a class that the bank has not: nothing can say it.
    """
    check_features(train_features, name="train_features")
    check_predicted(train_labels, len(train_features), name="train_labels")
    check_own(features, labels)
    if features.shape[1] != train_features.shape[1]:
        raise ValueError(
            f"`features` must have the {train_features.shape[1]} columns of "
            f"`train_features`, got {features.shape[1]}; take both from one layer"
        )
    check_classes(train_labels, labels)


def check_classes(train_labels: Classes, labels: Classes) -> None:
    """Refuse images of classes that are not among those learnt from.

    Raises
    ------
    UndefinedMetricError
        Naming some of them.
    """
    absent = np.setdiff1d(labels, train_labels)
    if len(absent):
        named = ", ".join(map(str, absent[:5])) + (", ..." if len(absent) > 5 else "")
        raise UndefinedMetricError(
            f"the bank must have every class of the images, but {named} "
            f"{'is' if len(absent) == 1 else 'are'} absent from it; give it more "
            "training images"
        )


def check_own(features: Array, labels: Classes) -> None:
    """Refuse anything but a finite (n, d) matrix with n whole numbers from 0."""
    check_features(features)
    check_predicted(labels, len(features), name="labels")


def most_common(
    train_features: Array, train_labels: Classes, features: Array, labels: Classes
) -> float:
    """The accuracy of always naming the most common class of the images."""
    return prevalence(labels)


def first_per_class(labels: Classes, per_class: int) -> NDArray[np.intp]:
    """Rows of the first so many images of each class, in order.

    RotNet's few labels: no draw, so that everyone has the same.

    Parameters
    ----------
    labels : (n,) integer array
        Classes.
    per_class
        At least 1. A class that has fewer images gives all.

    Examples
    --------
    >>> first_per_class(np.array([1, 1, 0, 1, 0]), 1).tolist()
    [0, 2]
    """
    return _first_of(labels, np.arange(len(labels)), per_class)


def drawn_per_class(labels: Classes, per_class: int, seed: int) -> NDArray[np.intp]:
    """Rows of so many images of each class, drawn without replacement, in order.

    Parameters
    ----------
    labels : (n,) integer array
        Classes.
    per_class
        At least 1. A class that has fewer images gives all.
    seed
        Of the draw.

    Examples
    --------
    >>> rows = drawn_per_class(np.array([0, 0, 0, 1, 1, 1]), 2, seed=0)
    >>> len(rows), int((rows < 3).sum())
    (4, 2)
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.sort(_first_of(labels, order, per_class))


def held_out_rows(
    labels: Classes, share: float, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to learn from and rows to choose by: so much of each class is held out.

    Parameters
    ----------
    labels : (n,) integer array
        Classes.
    share
        In (0, 1). A class of one image is learnt from.
    seed
        Of the draw.

    Raises
    ------
    ValueError
        If `share` is none.
    UndefinedMetricError
        If every class has one image alone.

    Examples
    --------
    >>> learnt, held = held_out_rows(np.array([0, 0, 0, 0, 1]), 0.25, seed=0)
    >>> len(learnt), len(held), 4 in learnt
    (4, 1, True)
    """
    if not 0 < share < 1:
        raise ValueError(f"`held_out` must be between 0 and 1, got {share!r}")
    order = np.random.default_rng(seed).permutation(len(labels))
    held = []
    for number in np.unique(labels):
        own = order[labels[order] == number]
        some = max(1, round(share * len(own))) if len(own) > 1 else 0
        held.append(own[: min(some, len(own) - 1)])
    found = np.sort(np.concatenate(held))
    if not len(found):
        raise UndefinedMetricError(
            "no training image can be held out to choose by: each class has one alone"
        )
    return np.setdiff1d(np.arange(len(labels)), found), found


def _first_of(
    labels: Classes, order: NDArray[np.intp], per_class: int
) -> NDArray[np.intp]:
    if per_class < 1:
        raise ValueError(f"`per_class` must be at least 1, got {per_class!r}")
    chosen = [
        order[labels[order] == number][:per_class] for number in np.unique(labels)
    ]
    return np.sort(np.concatenate(chosen))
