"""Sureness: how sure a network is of its answers, and of which wrong ones most.

Both travel as facts of a measurement, so that a report made elsewhere, or of what the
store has, needs no network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .answers import mean_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10  # of confidence, of equal width; the last one holds 1
MOST = 8  # of the surest wrong answers
_COUNTS, _SUREST = "confidences", "surest_mistakes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A wrong answer.

    Attributes
    ----------
    image
        Its number among the measured ones.
    said
        The answer's number.
    confidence
        In it.
    """

    image: int
    said: int
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """How sure a network is on a set, as `record` takes it.

    Attributes
    ----------
    value, low, high
        Mean confidence less accuracy with its 95 % interval; above 0 too sure.
    counts
        Images by confidence, `BINS` of them.
    surest
        Its surest wrong answers, the surest first.
    """

    value: float
    low: float
    high: float
    counts: tuple[int, ...]
    surest: tuple[Mistake, ...]

    @classmethod
    def of(
        cls,
        confidences: NDArray[np.float64],
        said: NDArray[np.int64],
        right: NDArray[np.bool_],
        counted: NDArray[np.bool_],
    ) -> Sureness:
        """From (n,) confidences, answers, whether they are right, and whether any is.

        Examples
        --------
        >>> found = Sureness.of(
        ...     np.array([0.5, 1.0, 0.5, 0.99]),
        ...     np.array([2, 0, 1, 1]),
        ...     np.array([False, True, False, False]),
        ...     np.ones(4, dtype=bool),
        ... )
        >>> found.value  # 0.7475 - 0.25
        0.4975
        >>> found.counts
        (0, 0, 0, 0, 0, 2, 0, 0, 0, 2)
        >>> [(one.image, one.said) for one in found.surest]  # of equal ones the first
        [(3, 1), (0, 2), (2, 1)]
        """
        counts, _ = np.histogram(confidences, bins=BINS, range=(0.0, 1.0))
        over = mean_of(confidences[counted] - right[counted], bounds=(-1, 1))
        wrong = np.flatnonzero(counted & ~right)
        order = wrong[np.argsort(-confidences[wrong], kind="stable")][:MOST]
        return cls(
            value=over.value,
            low=over.low,
            high=over.high,
            counts=tuple(map(int, counts)),
            surest=tuple(
                Mistake(
                    image=int(i), said=int(said[i]), confidence=float(confidences[i])
                )
                for i in order
            ),
        )

    @property
    def facts(self) -> dict[str, str]:
        """What is kept beside the value."""
        mistakes = [(one.image, one.said, one.confidence) for one in self.surest]
        return {_COUNTS: json.dumps(self.counts), _SUREST: json.dumps(mistakes)}


def read_facts(
    facts: Mapping[str, str],
) -> tuple[tuple[int, ...], tuple[Mistake, ...]]:
    """The counts and the surest wrong answers that `Sureness.facts` are of."""
    return tuple(map(int, json.loads(facts[_COUNTS]))), tuple(
        Mistake(image=int(image), said=int(said), confidence=float(confidence))
        for image, said, confidence in json.loads(facts[_SUREST])
    )
