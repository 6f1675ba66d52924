"""What metrics are fitted against: top-1 accuracy, or another outcome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.metrics.spec import Metric

ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedOutcome:
    """An outcome as fits know it: its name, and what its numbers can be.

    Attributes
    ----------
    name
        Of the measure.
    low, high
        What its values lie between; infinite where nothing bounds them.
    proportion
        Whether it is the share of images that are right, so that so many images have
        binomial noise, and a value of 0 or 1 is half an image from the end.
    """

    name: str = ACCURACY
    low: float = 0.0
    high: float = 1.0
    proportion: bool = True

    @classmethod
    def of(cls, metric: Metric) -> Self:
        """What is known of a measure that was chosen to be fitted against."""
        low, high = metric.bounds
        return cls(name=metric.name, low=low, high=high, proportion=metric.proportion)

    @property
    def is_accuracy(self) -> bool:
        """Whether it is top-1 accuracy, which estimates are estimates of."""
        return self.name == ACCURACY

    @property
    def is_share(self) -> bool:
        """Whether it goes from 0 to 1, and is shown in percent."""
        return (self.low, self.high) == (0.0, 1.0)

    @property
    def scale(self) -> float:
        """What errors are multiplied by before they are shown: shares are in points."""
        return 100.0 if self.is_share else 1.0

    @property
    def words(self) -> str:
        """Its name for people."""
        return self.name.replace("_", " ")

    @property
    def axis(self) -> str:
        """Beside an axis of a plot: with percent where it is a share."""
        return f"{self.words} (%)" if self.is_share else self.words

    def said(self, value: float, digits: int, sign: str = "") -> str:
        """A value, an error or a difference of two, as people read it.

        Shares in percent; what is none with a digit more.

        Examples
        --------
        >>> FittedOutcome().said(0.1234, 1), FittedOutcome().said(0.5, 0, "+")
        ('12.3', '+50')
        >>> FittedOutcome(name="nll", high=inf, proportion=False).said(0.1234, 1)
        '0.12'
        """
        return format(self.scale * value, f"{sign}.{digits + (not self.is_share)}f")

    def form(self, digits: int) -> str:
        """How `said` writes numbers, for columns that are scaled by `scale`."""
        return f".{digits + (not self.is_share)}f"

    @property
    def points(self) -> str:
        """What its errors are in, without its name."""
        return "points" if self.is_share else "units"

    @property
    def percent(self) -> str:
        """Behind its numbers where it is a share."""
        return " %" if self.is_share else ""

    @property
    def unit(self) -> str:
        """What its errors are in.

        Examples
        --------
        >>> FittedOutcome().unit
        'points of accuracy'
        >>> FittedOutcome(name="brier_score", high=2.0, proportion=False).unit
        'units of brier score'
        """
        return f"{self.points} of {self.words}"

    def value_of(self, row: Measurement) -> float | None:
        """A row's outcome; None where it has none."""
        return row.accuracy if self.is_accuracy else row.outcome


TOP_1 = FittedOutcome()


def fitted_outcome(rows: Iterable[Measurement]) -> FittedOutcome:
    """What rows were made to be fitted against, by what they say of themselves.

    Accuracy unless all of them have one other outcome; of one that the harness does not
    know nothing but its name is known.

    Examples
    --------
    >>> fitted_outcome([]) == TOP_1
    True
    """
    names = {row.facts.get("outcome", ACCURACY) for row in rows}
    if len(names) != 1 or names == {ACCURACY}:
        return TOP_1
    from harness.metrics import OUTCOMES

    (name,) = names
    for metric in OUTCOMES:
        if metric.name == name:
            return FittedOutcome.of(metric)
    return FittedOutcome(name=name, low=-inf, high=inf, proportion=False)
