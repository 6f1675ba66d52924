"""Answers in doubt: those that somebody should look at first.

They travel as a fact of the measurements of a target, so that a report made elsewhere,
or of what the store has, needs no network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST = 12  # a row of pictures, and few bytes in every row of the target
_FACT = "least_sure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """An answer that a model is not sure of.

    Attributes
    ----------
    image
        Its number among the measured ones.
    answer
        The answer's number.
    confidence
        In it, in [0, 1].
    """

    image: int
    answer: int
    confidence: float


def doubts(
    confidences: NDArray[np.float64], answers: NDArray[np.int64]
) -> tuple[Doubt, ...]:
    """The answers that a model is least sure of, the least sure first, at most `MOST`.

    Parameters
    ----------
    confidences : (n,) array
        The probability of each answer.
    answers : (n,) integer array

    Examples
    --------
    >>> found = doubts(np.array([0.9, 0.4, 0.7, 0.4]), np.array([3, 5, 3, 0]))
    >>> [(one.image, one.answer) for one in found]  # of equally sure ones the first
    [(1, 5), (3, 0), (2, 3), (0, 3)]
    """
    return tuple(
        Doubt(image=int(i), answer=int(answers[i]), confidence=float(confidences[i]))
        for i in np.argsort(confidences, kind="stable")[:MOST]
    )


def fact_of(found: tuple[Doubt, ...]) -> dict[str, str]:
    """The fact that `doubts_in` reads."""
    told = [(one.image, one.answer, round(one.confidence, 4)) for one in found]
    return {_FACT: json.dumps(told)}


def doubts_in(facts: Mapping[str, str]) -> tuple[Doubt, ...]:
    """What the facts of a measurement tell; nothing where they do not tell.

    Examples
    --------
    >>> found = doubts(np.array([0.5]), np.array([7]))
    >>> doubts_in(fact_of(found)) == found, doubts_in({})
    (True, ())
    """
    return tuple(
        Doubt(image=int(image), answer=int(answer), confidence=float(confidence))
        for image, answer, confidence in json.loads(facts.get(_FACT, "[]"))
    )
