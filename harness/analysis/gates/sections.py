"""Gates on sections: numbers that a part of the report publishes.

The grammar::

    gate     = SECTION "." QUANTITY OPERATOR NUMBER
    SECTION  = the name of a section of the report
    QUANTITY = the name of one of its quantities, in one word or several, or a pattern
               with * and ?
    NUMBER   = a number, or one with %
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Undefined
from harness.analysis.gates.gate import Gate, Quantity, Verdict
from harness.analysis.gates.texts import (
    NAMES,
    OPERATORS,
    Words,
    apart,
    hint,
    is_operator_like,
    several,
)
from harness.measurement import NO_AXES

if TYPE_CHECKING:
    from harness.analysis.gates.evidence import Evidence

EXAMPLE = "scorecard.best >= 60%"
_NAME = re.compile(r"(?P<section>[^\W\d][\w-]*)\.(?P<name>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class OfSection(Quantity):
    """A quantity of a section.

    Attributes
    ----------
    section, name
        Its names; the second may be a pattern.
    """

    section: str
    name: str

    def written(self, gate: Gate) -> str:
        return f"{self.section}.{self.name} {gate.limit}"

    def called(self, verdict: Verdict) -> str:
        return f"gates::{self.section}.{verdict.place} {verdict.gate.limit}"

    def described(self, verdict: Verdict) -> str:
        return f"{self.section}.{verdict.place}"

    def names(self, gate: Gate) -> dict[str, Any]:
        return {"metric": "", "axes": NO_AXES, "model": "", "place": self.name}

    def judge(self, gate: Gate, evidence: Evidence) -> tuple[Verdict, ...]:
        """A verdict for each quantity that the gate selects, or one for none."""
        found = evidence.quantities.get(self.section)
        if found is None:
            return (gate.unjudged(f"section {self.section} found nothing to report"),)
        if isinstance(found, Undefined):
            return (gate.unjudged(f"cannot be judged: {found.reason}"),)
        verdicts = [
            _verdict(gate, name, value)
            for name, value in found.items()
            if name == self.name or fnmatchcase(name, self.name)
        ]
        return tuple(verdicts) or (gate.unjudged(self._nothing(found)),)

    def _nothing(self, found: Mapping[str, object]) -> str:
        if not found:
            return f"section {self.section} has no quantity to judge"
        return (
            f"no quantity of {self.section} matches {self.name!r}"
            f"{hint(self.name, found)}; there is {several(sorted(found), most=8)}"
        )


def _verdict(gate: Gate, name: str, value: float | Undefined) -> Verdict:
    passed = False
    if isinstance(value, Undefined) or math.isnan(value):
        why = value.reason if isinstance(value, Undefined) else "it is nan"
        reason = f"cannot be judged: {why}"
    else:
        passed = OPERATORS[gate.operator](value, gate.threshold)
        reason = f"{name} is {apart(value, gate.threshold)}"
        reason += f" ({gate.limit})" if passed else f", wanted {gate.limit}"
    return Verdict(
        gate=gate,
        metric="",
        model="",
        place=name,
        value=None if isinstance(value, Undefined) else value,
        passed=passed,
        reason=reason,
    )


def is_meant(text: str) -> bool:
    """Whether a text without a colon means to be a gate on a section."""
    words = NAMES.findall(text)
    return (
        bool(words)
        and _NAME.fullmatch(words[0]) is not None
        and (len(words) == 1 or any(map(is_operator_like, words[1:])))
    )


def read(text: str) -> Gate:
    """The gate on a section that `text` describes.

    Raises
    ------
    GateSyntaxError
        As `harness.analysis.gates.grammar.parse`, which reads these too.

    Examples
    --------
    >>> str(read("scorecard.best>=60%"))
    'scorecard.best >= 0.6'
    >>> str(read("top_mass.top mass of 3 > 0.9"))
    'top_mass.top mass of 3 > 0.9'
    """
    words = Words(text, words=NAMES, example=EXAMPLE)
    name = [words.take()]
    while words.ahead() and not is_operator_like(words.ahead()):
        name.append(words.take())
    named = _NAME.fullmatch(" ".join(name))
    assert named is not None
    operator = words.one_of("the operator", OPERATORS)
    return Gate(
        quantity=OfSection(named["section"], named["name"]),
        operator=operator,
        threshold=words.threshold(percent=True),
        text=text,
    )
