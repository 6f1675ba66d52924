"""Gates on rows: what was measured itself, dataset by dataset.

The grammar::

    condition = ( "value" | "outcome" ) OPERATOR NUMBER
    NUMBER    = a number, or one with %

Every row that the subject and ``on DATASETS`` select must hold; each model, and each
value along an axis, is judged by itself, by its worst row. ``value`` is the measure's
own, in its unit, and may be one that labels were used for. ``outcome`` is what the run
fits metrics against: top-1 accuracy, or the outcome that it chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from harness.analysis.correlation import Expected
from harness.analysis.gates.evidence import Evidence, Lack
from harness.analysis.gates.gate import Gate, Quantity, Verdict, subject_of
from harness.analysis.gates.places import Placed, could_be_on, is_on, nowhere
from harness.analysis.gates.subjects import unmatched
from harness.analysis.gates.texts import OPERATORS, Words, apart, several
from harness.measurement import Axes

if TYPE_CHECKING:
    from harness.measurement import Measurement

EXAMPLE = "knn[k=5] on fog*: value >= 60%"
WORDS = ("value", "outcome")
Of: TypeAlias = tuple[tuple[str, Axes], str]  # series and model


@dataclass(frozen=True, slots=True)
class OfRows(Quantity):
    """The value of a row, or its outcome.

    Attributes
    ----------
    name
        "value" or "outcome".
    """

    name: str

    @staticmethod
    def is_meant(words: Words) -> bool:
        """Whether a condition is one on rows."""
        return words.ahead() in WORDS

    @classmethod
    def read(cls, words: Words) -> tuple[Self, str, float]:
        """Quantity, operator and threshold that the words after a colon describe."""
        words.example = EXAMPLE
        name = words.one_of("the quantity", WORDS)
        operator = words.one_of("the operator", OPERATORS)
        return cls(name), operator, words.threshold(percent=True)

    def written(self, gate: Gate) -> str:
        return f"{gate.subject}{gate.on}: {self.name} {gate.limit}"

    def called(self, verdict: Verdict) -> str:
        gate = verdict.gate
        return (
            f"gates::{verdict.label}{gate.on} {self.name} {gate.limit} "
            f"[{verdict.model}]"
        )

    def described(self, verdict: Verdict) -> str:
        return self.name if verdict.place == "*" else f"{verdict.place} {self.name}"

    def names(self, gate: Gate) -> dict[str, Any]:
        return {**subject_of(gate), "place": gate.datasets}

    def judge(self, gate: Gate, evidence: Evidence) -> tuple[Verdict, ...]:
        """A verdict for every series and model that the gate selects, or one for none.

        A gate fails, and says why, if it selects nothing, if a row has no outcome, or
        if an expected cell of its datasets is missing.
        """
        found: dict[Of, list[Measurement]] = {}
        for row in evidence.measurements:
            if gate.subject.selects(row) and is_on(gate.datasets, row):
                found.setdefault((row.series, row.model), []).append(row)
        missing = missing_by_subject(gate, evidence)
        verdicts = [
            self._verdict(gate, of, found.get(of, ()), missing.get(of, ()), evidence)
            for of in sorted(
                found.keys() | missing.keys(),
                key=lambda of: (of[0][0], of[0][1].order, of[1]),
            )
        ]
        verdicts += lacking_models(gate, evidence.lacks)
        return tuple(verdicts) or (gate.unjudged(_nothing(gate, evidence)),)

    def _verdict(
        self,
        gate: Gate,
        of: Of,
        rows: Sequence[Measurement],
        missing: Sequence[Expected],
        evidence: Evidence,
    ) -> Verdict:
        values = [(self._value(row), row.place.on) for row in rows]
        known = [(value, place) for value, place in values if value is not None]
        lost = evidence.why_missing(*of, missing)
        if any(row.family for row in rows) or any(cell.family for cell in missing):
            lost += lacking_families(gate, evidence.lacks)
        if unknown := [place for value, place in values if value is None]:
            on = f" on {several(unknown)}" if any(unknown) else ""
            lost.append(f"there is no {self.name}{on}")
        passed, worst, reason = self._worst(gate, known)
        if lost:
            passed = False
            reason = f"{'; '.join(lost)}; without them {reason}"
        (metric, axes), model = of
        return Verdict(
            gate=gate,
            metric=metric,
            axes=axes,
            model=model,
            place=gate.datasets,
            value=worst,
            passed=passed,
            reason=reason,
        )

    def _worst(
        self, gate: Gate, known: Sequence[tuple[float, str]]
    ) -> tuple[bool, float | None, str]:
        """Whether all values hold, the one that is furthest off, and in words."""
        if not known:
            return False, None, "there is nothing to judge"
        worst, place = (min if gate.operator in (">", ">=") else max)(known)
        holds = OPERATORS[gate.operator]
        missed = sum(not holds(value, gate.threshold) for value, _ in known)
        what = self.name if len(known) == 1 else f"the worst of {len(known)}"
        reason = f"{what} is {apart(worst, gate.threshold)}"
        reason += f" on {place}" if place else ""
        if not missed:
            return True, worst, f"{reason} ({gate.limit})"
        if len(known) > 1:
            reason = f"{missed} of {len(known)} miss it: {reason}"
        return False, worst, f"{reason}, wanted {gate.limit}"

    def _value(self, row: Measurement) -> float | None:
        if self.name == "value":
            return row.value
        return row.outcome if "outcome" in row.facts else row.accuracy


def missing_by_subject(gate: Gate, evidence: Evidence) -> dict[Of, list[Expected]]:
    """Cells that the gate would have judged and that have no row."""
    have = {(row.series, row.model, *_on(row)) for row in evidence.measurements}
    missing: dict[Of, list[Expected]] = {}
    for cell in evidence.expected:
        if (
            gate.subject.selects(cell)
            and is_on(gate.datasets, cell)
            and (cell.series, cell.model, *_on(cell)) not in have
        ):
            missing.setdefault((cell.series, cell.model), []).append(cell)
    return missing


def _on(place: Placed) -> tuple[str, str]:
    """The dataset; or the family, of what belongs to it as a whole."""
    return place.dataset, "" if place.dataset else place.family


def lacking_families(gate: Gate, lacks: Iterable[Lack]) -> list[str]:
    """Why families of the gate's datasets are not here."""
    return [
        lack.reason
        for lack in lacks
        if lack.model is None and could_be_on(gate.datasets, lack.family, lack.domain)
    ]


def lacking_models(gate: Gate, lacks: Iterable[Lack]) -> list[Verdict]:
    """A verdict for each model of which nothing was measured that was asked for."""
    return [
        gate.unjudged(
            lack.reason,
            metric=lack.metric or gate.metric,
            axes=lack.axes or gate.axes,
            model=lack.model,
        )
        for lack in lacks
        if lack.model is not None
        and gate.subject.could_select(lack.metric, lack.axes, lack.model)
    ]


def _nothing(gate: Gate, evidence: Evidence) -> str:
    """Say why a gate selects no row."""
    rows = evidence.measurements
    meant = [row for row in rows if gate.subject.selects(row)]
    return unmatched(gate.subject, rows, evidence.failed) or nowhere(
        gate.datasets, meant
    )
