"""Gate and verdict: one threshold on one quantity, and what came of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from harness.analysis.gates.subjects import Subject
from harness.analysis.gates.texts import number
from harness.measurement import NO_AXES, Axes, Named

if TYPE_CHECKING:
    from harness.analysis.gates.evidence import Evidence

EVERYTHING = "*"


class Quantity(ABC):
    """What a gate is set on: how it is written, called and judged.

    One frozen dataclass a kind, in a module of its own; `grammar` reads them.
    """

    __slots__ = ()
    of_places: ClassVar[bool] = True  # so that datasets or families can be named

    @abstractmethod
    def written(self, gate: Gate) -> str:
        """The gate as it can be parsed again."""

    @abstractmethod
    def called(self, verdict: Verdict) -> str:
        """A pytest node id."""

    @abstractmethod
    def described(self, verdict: Verdict) -> str:
        """What was judged, for machines: "interior r2"."""

    @abstractmethod
    def judge(self, gate: Gate, evidence: Evidence) -> tuple[Verdict, ...]:
        """At least one verdict. What is not known does not pass."""

    def names(self, gate: Gate) -> dict[str, Any]:
        """What a verdict is of where the gate matched nothing."""
        return subject_of(gate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A threshold on one quantity of everything that its patterns match.

    Attributes
    ----------
    metric
        Pattern of metric names; empty for all metrics combined, of a prediction.
    model
        Pattern of model names; "all" for the fit over all models together.
    axes
        Patterns of values by axis.
    datasets
        Pattern of datasets or families, or a domain.
    quantity
        What is judged.
    operator
        "<", "<=", ">" or ">="; of a change "drops", "rises" or "changes".
    threshold
        In the unit of the quantity.
    text
        As somebody wrote it.
    """

    metric: str = EVERYTHING
    model: str = EVERYTHING
    axes: Axes = NO_AXES
    datasets: str = EVERYTHING
    quantity: Quantity
    operator: str
    threshold: float
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        """The gate as it can be parsed again."""
        return self.quantity.written(self)

    @property
    def subject(self) -> Subject:
        """Metric, model and axes."""
        return Subject(metric=self.metric, model=self.model, axes=self.axes)

    @property
    def on(self) -> str:
        """Where the datasets stand in the text, if they are not all."""
        return "" if self.datasets == EVERYTHING else f" on {self.datasets}"

    @property
    def limit(self) -> str:
        """Operator and threshold."""
        return f"{self.operator} {number(self.threshold)}"

    def unjudged(self, reason: str, **names: Any) -> Verdict:
        """Fail because there is nothing to judge by."""
        own = self.quantity.names(self)
        return Verdict(
            gate=self, value=None, passed=False, reason=reason, **(own | names)
        )

    def not_reached(self, why: str) -> Verdict:
        """Say that the run ended before it could be judged."""
        return self.unjudged(f"{_NOT_JUDGED}{why}")


_NOT_JUDGED = "not judged: "  # how the reason begins, also in a file


def subject_of(gate: Gate) -> dict[str, Any]:
    """The gate's own patterns, as a verdict's subject."""
    return {"metric": gate.metric, "axes": gate.axes, "model": gate.model}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Named):
    """What came of a gate for one subject.

    Attributes
    ----------
    gate
        What was judged.
    metric, axes, model
        Of what was judged; the gate's own patterns where it matched nothing. Model
        "all" is all of them together. Empty for a section's quantity.
    place
        Which of several there are of a subject: the dataset of a prediction, the
        datasets of values, the part of a change, the name of a section's quantity.
    value
        In the gate's unit; None where it does not exist.
    passed
        Whether the gate holds. What cannot be judged does not pass.
    reason
        Why, in words.
    """

    gate: Gate
    metric: str = ""
    axes: Axes = NO_AXES
    model: str = ""
    place: str = ""
    value: float | None
    passed: bool
    reason: str

    @property
    def id(self) -> str:
        """A pytest node id: the brackets at the end hold the model."""
        return self.gate.quantity.called(self)

    @property
    def judged(self) -> bool:
        """Whether the run got so far as to judge it."""
        return not self.reason.startswith(_NOT_JUDGED)

    @property
    def why(self) -> str:
        """The reason, beside the word for what came of it."""
        return self.reason.removeprefix(_NOT_JUDGED)

    @property
    def word(self) -> str:
        """What came of it, in a word: what nobody judged has not been missed."""
        if self.passed:
            return "passed"
        return "FAILED" if self.judged else "not judged"

    @property
    def text(self) -> str:
        """The gate as it can be written again."""
        return str(self.gate)

    @property
    def properties(self) -> list[tuple[str, str]]:
        """What machines want to know: names and values, for JUnit.

        "metric", "axes" where it has any, "model", "statistic" (its domain, the
        dataset or family, before it), "operator" (the verb of a change), "threshold",
        "value" ("" where it does not exist) and "verdict".
        """
        return [
            ("metric", self.metric),
            *([("axes", str(self.axes))] if self.axes else []),
            ("model", self.model),
            ("statistic", self.gate.quantity.described(self)),
            ("operator", self.gate.operator),
            ("threshold", repr(self.gate.threshold)),
            ("value", "" if self.value is None else repr(self.value)),
            ("verdict", self.word.lower()),
        ]
