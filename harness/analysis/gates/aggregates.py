"""Gates on aggregates: one number of a subject on a family.

The grammar::

    condition = ( AGGREGATE | "aggregate" ) OPERATOR NUMBER
    AGGREGATE = an aggregate's name
    NUMBER    = a number, or one with %

``aggregate`` is the one that was made of the measure, where there is one alone. After
``on`` stand families. Each model, family and value along an axis is judged by itself;
what an aggregate keeps (its corruption) is an axis.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Self

from harness.analysis.correlation import Undefined
from harness.analysis.gates.gate import Gate, Quantity, Verdict, subject_of
from harness.analysis.gates.places import Placed, could_be_on
from harness.analysis.gates.rows import lacking_models
from harness.analysis.gates.texts import (
    OPERATORS,
    Words,
    apart,
    is_operator_like,
    several,
)

if TYPE_CHECKING:
    from harness.analysis.aggregates import Aggregated
    from harness.analysis.gates.evidence import Evidence

EXAMPLE = "top_5 on cifar10c: mean_over_corruptions >= 60%"
ANY = "aggregate"
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class OfFamily(Quantity):
    """An aggregate of what was measured on the members of a family.

    Attributes
    ----------
    name
        Of the aggregate; "aggregate" where there is one alone.
    """

    name: str

    @staticmethod
    def is_meant(words: Words) -> bool:
        """Whether a condition is one on an aggregate: a word alone."""
        word = words.ahead()
        named = _NAME.fullmatch(word) is not None
        return word == ANY or (named and is_operator_like(words.ahead(1)))

    @classmethod
    def read(cls, words: Words) -> tuple[Self, str, float]:
        """Quantity, operator and threshold that the words after a colon describe."""
        words.example = EXAMPLE
        name = words.take()
        operator = words.one_of("the operator", OPERATORS)
        return cls(name), operator, words.threshold(percent=True)

    def written(self, gate: Gate) -> str:
        return f"{gate.subject}{gate.on}: {self.name} {gate.limit}"

    def called(self, verdict: Verdict) -> str:
        gate = verdict.gate
        on = "" if verdict.place == "*" else f" on {verdict.place}"
        return f"gates::{verdict.label}{on} {self.name} {gate.limit} [{verdict.model}]"

    def described(self, verdict: Verdict) -> str:
        return self.name if verdict.place == "*" else f"{verdict.place} {self.name}"

    def names(self, gate: Gate) -> dict[str, Any]:
        return {**subject_of(gate), "place": gate.datasets}

    def judge(self, gate: Gate, evidence: Evidence) -> tuple[Verdict, ...]:
        """A verdict for every aggregate that the gate selects, or one for none.

        A gate fails, and says why, if it selects nothing, or what has no value: a
        member of the family is missing.
        """
        chosen = [
            one
            for one in evidence.aggregated
            if gate.subject.selects(one)
            and self.name in (one.aggregate, ANY)
            and _is_on(gate.datasets, one.family, evidence)
        ]
        if len(made := sorted({one.aggregate for one in chosen})) > 1:
            which = f"there are several aggregates, {several(made)}: say which"
            return (gate.unjudged(which),)
        verdicts = [_verdict(gate, one) for one in chosen]
        verdicts += [
            gate.unjudged(lack.reason, place=lack.family)
            for lack in evidence.lacks
            if lack.model is None
            and could_be_on(gate.datasets, lack.family, lack.domain)
        ]
        verdicts += lacking_models(gate, evidence.lacks)
        return tuple(verdicts) or (gate.unjudged(self._nothing(gate, evidence)),)

    def _nothing(self, gate: Gate, evidence: Evidence) -> str:
        """Say why a gate selects no aggregate."""
        made = {f"{a.metric} on {a.family}: {a.aggregate}" for a in evidence.aggregated}
        if not made:
            return (
                "nothing to judge: no aggregate was made; a test names those of what "
                "it records with @pytest.mark.harness_aggregate"
            )
        wanted = f"{gate.subject}{gate.on}: {self.name}"
        there = several(sorted(made), most=8)
        return f"no aggregate matches {wanted!r}; there is {there}"


def _is_on(pattern: str, family: str, evidence: Evidence) -> bool:
    """Whether a pattern of families, or a domain's word, means a family."""
    # Of a family that was lost altogether there are expected cells alone.
    places: list[Placed] = [*evidence.measurements, *evidence.expected]
    return fnmatchcase(family, pattern) or any(
        one.family == family and one.domain == pattern for one in places
    )


def _verdict(gate: Gate, one: Aggregated) -> Verdict:
    value, passed = None, False
    if isinstance(one.value, Undefined):
        reason = f"cannot be judged: {one.value.reason}"
    else:
        value = one.value
        passed = OPERATORS[gate.operator](value, gate.threshold)
        reason = f"{one.aggregate} is {apart(value, gate.threshold)}"
        reason += f" ({gate.limit})" if passed else f", wanted {gate.limit}"
    return Verdict(
        gate=gate,
        metric=one.metric,
        axes=one.axes,
        model=one.model,
        place=one.family,
        value=value,
        passed=passed,
        reason=reason,
    )
