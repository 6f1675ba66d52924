"""Agreement: how many of the images that any network gets right all of them do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.cubes import Right, check_right
from harness.metrics.numerics.uncertainty import sampling_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Agreement, with all that it means nothing without.

    It falls with the number of networks and rises with their accuracy, so that it is
    never shown alone.

    Attributes
    ----------
    networks, images
        How many.
    intersection, union
        Images that all networks get right, and that one at least does.
    value
        Their ratio, in [0, 1]; 0 where nobody is right.
    low, high
        Wilson's interval of it: of the images in the union, each is one that all get
        right or not. [0, 1] where the union is empty.
    accuracy, spread
        Mean and population standard deviation over networks.
    lower_bound
        Of intersection / images whatever networks have in common (Bonferroni).
    expected
        The value of networks as accurate that err independently.
    corrected
        (value - expected) / (1 - expected): 1 where they are right on the same images,
        0 as by chance, perhaps below. None where it is not defined: all are perfect, or
        it is one network.
    """

    networks: int
    images: int
    intersection: int
    union: int
    value: float
    low: float
    high: float
    accuracy: float
    spread: float
    lower_bound: float
    expected: float
    corrected: float | None


def agreement(right: Right) -> Agreement:
    r"""Return how far networks agree on what they get right.

    .. math:: A = \frac{|\{i : \forall m\, r_{mi}\}|}{|\{i : \exists m\, r_{mi}\}|}

    Parameters
    ----------
    right : (m, n) bool array
        Whether each network is right on each image, at one epoch.

    Returns
    -------
    Agreement
        Its value rises from 0 to 1; one network agrees with itself.

    Raises
    ------
    TypeError, ValueError
        If it is no such array.

    References
    ----------
    Pliushch, Mundt, Lupp and Ramesh, "When Deep Classifiers Agree", ECCV 2022,
    arXiv:2105.08997, ``calc_agreement`` of its code. The level of chance and what is
    corrected by it are ours.

    Examples
    --------
    >>> found = agreement(np.array([[1, 1, 0, 0], [1, 0, 1, 0]], dtype=bool))
    >>> found.intersection, found.union, round(found.value, 4), found.accuracy
    (1, 3, 0.3333, 0.5)
    >>> found.lower_bound, round(found.expected, 4), found.corrected
    (0.0, 0.3333, 0.0)
    >>> agreement(np.zeros((2, 4), dtype=bool)).value
    0.0
    """
    check_right(right, 2)
    m, n = right.shape
    counts = right.sum(axis=1)
    accuracies = counts / n
    inter, union = int(right.all(axis=0).sum()), int(right.any(axis=0).sum())
    value = inter / max(1, union)
    low, high = (0.0, 1.0)
    if union:
        low, high = map(float, sampling_interval(value, union))
    expected = expected_agreement(accuracies)
    return Agreement(
        networks=m,
        images=n,
        intersection=inter,
        union=union,
        value=value,
        low=low,
        high=high,
        accuracy=float(accuracies.mean()),
        spread=float(accuracies.std()),
        # In whole numbers, so that it never exceeds what it bounds.
        lower_bound=max(0, n - int((n - counts).sum())) / n,
        expected=expected,
        corrected=None if expected == 1 else corrected_agreement(value, expected),
    )


def agreements(right: Right) -> tuple[Agreement, ...]:
    """`agreement` after each epoch.

    Parameters
    ----------
    right : (m, e, n) bool array
        As `harness.metrics.numerics.cubes.right_of` makes it of a population's record.

    Examples
    --------
    >>> right = np.array([[[0, 1], [1, 1]], [[0, 0], [1, 1]]], dtype=bool)
    >>> [one.value for one in agreements(right)]
    [0.0, 1.0]
    """
    check_right(right, 3)
    return tuple(agreement(right[:, epoch]) for epoch in range(right.shape[1]))


def agreed(right: Right) -> NDArray[np.bool_]:
    """(n,) or (e, n) which images all networks get right.

    Parameters
    ----------
    right : (m, n) or (m, e, n) bool array
    """
    check_right(right, 2, 3)
    return np.asarray(right.all(axis=0))


def expected_agreement(accuracies: Array) -> float:
    r"""Return the agreement of networks that err independently.

    .. math:: \frac{\prod_m p_m}{1 - \prod_m (1 - p_m)}

    The ratio of expectations; 0 if every accuracy is 0.

    Parameters
    ----------
    accuracies : (m,) array
        In [0, 1].

    Raises
    ------
    ValueError
        If they are no such numbers.

    Examples
    --------
    >>> expected_agreement(np.array([0.5, 0.5]))  # a quarter of three quarters
    0.3333
    >>> expected_agreement(np.zeros(2)), expected_agreement(np.ones(2))
    (0.0, 1.0)
    """
    p = np.asarray(accuracies, dtype=np.float64)
    if p.ndim != 1 or not p.size or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(
            f"`accuracies` must be numbers in [0, 1], one a network, got {accuracies}"
        )
    if not p.any():
        return 0.0
    with np.errstate(divide="ignore"):  # of a perfect one the logarithm is -inf
        somebody = -np.expm1(np.log1p(-p).sum())
    return float(min(1.0, p.prod() / somebody))


def corrected_agreement(value: float, expected: float) -> float:
    """Return agreement beyond chance, in parts of what there is beyond chance.

    Raises
    ------
    UndefinedMetricError
        If chance alone reaches 1, as it does of perfect networks, and of one.

    Examples
    --------
    >>> corrected_agreement(0.75, 0.5)
    0.5
    """
    if expected == 1:
        raise UndefinedMetricError(
            "agreement beyond chance is not defined: chance alone reaches 1, as "
            "it does of perfect networks and of a single one"
        )
    return (value - expected) / (1 - expected)
