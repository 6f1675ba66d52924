"""Cartography: how sure of the true class a network is, and how steadily."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cartography:
    """A data map. Each is (n,), a number an image.

    Attributes
    ----------
    confidence
        Mean probability of the true class, in [0, 1]: the higher the easier.
    variability
        Its population standard deviation over epochs, in [0, 0.5]: the higher the more
        ambiguous.
    closeness
        confidence (1 - confidence), in [0, 0.25].
    """

    confidence: NDArray[np.float64]
    variability: NDArray[np.float64]
    closeness: NDArray[np.float64]


def cartography(gold: Array, *, include_ci: bool = False) -> Cartography:
    r"""Return the data map of images from the probabilities of their true classes.

    .. math:: \bar q = \frac1e \sum_t q_t, \quad s^2 = \frac1e \sum_t (q_t - \bar q)^2

    Parameters
    ----------
    gold : (e, n) array
        Softmax probability of each image's true class at each epoch, in [0, 1]:
        predicted classes do not do.
    include_ci
        Whether variability is :math:`\sqrt{s^2 + s^4 / (e - 1)}` in place of s, as an
        option of the published code has it.

    Raises
    ------
    ValueError
        If they are no such probabilities, or of one epoch where an interval is asked
        for.

    References
    ----------
    Swayamdipta et al., "Dataset Cartography", EMNLP 2020, arXiv:2009.10795;
    allenai/cartography.

    Examples
    --------
    >>> q = np.array([[0.2], [0.5], [0.9], [0.8]])
    >>> found = cartography(q)
    >>> found.confidence, found.variability, found.closeness
    (array([0.6]), array([0.27386128]), array([0.24]))
    >>> cartography(q, include_ci=True).variability
    array([0.27726341])
    """
    q = np.asarray(gold, dtype=np.float64)
    if q.ndim != 2 or not q.size or not ((q >= 0) & (q <= 1)).all():
        raise ValueError(
            "`gold` must be (epochs, n) probabilities of the true class, got shape "
            f"{q.shape}"
            + (f" from {q.min():g} to {q.max():g}; take a softmax" if q.size else "")
        )
    confidence, variance = q.mean(axis=0), q.var(axis=0)
    if include_ci:
        if len(q) < 2:
            raise ValueError("`include_ci` needs 2 epochs at least, got 1")
        variance = variance + variance**2 / (len(q) - 1)
    return Cartography(
        confidence=confidence,
        variability=np.sqrt(variance),
        closeness=confidence * (1 - confidence),
    )
