"""Gates on changes since a stored run: how much worse a statistic may get.

The grammar::

    rule      = [ SUBJECT ":" ] [ PART ] STATISTIC VERB [ "by" ] NUMBER
                [ "beyond chance" ]
    PART      = "interior" | "exterior" | "transfer"; each of them if left out
    STATISTIC = "r2" | "rmse" | "rho" | "spearman"
    VERB      = "drops" | "rises" | "changes"

Without a subject, every metric and model. The rule fails a run in which the statistic
moves that far or further; rmse is in points (percent) of accuracy. With ``beyond
chance``, only if the move is also beyond its interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from harness.analysis.comparison import PARTS
from harness.analysis.correlation import Undefined
from harness.analysis.gates.gate import Gate, Quantity, Verdict, subject_of
from harness.analysis.gates.subjects import ALL
from harness.analysis.gates.texts import Words, hint, number_of, several

if TYPE_CHECKING:
    from harness.analysis import comparison
    from harness.analysis.gates.evidence import Evidence

EXAMPLE = "r2 drops 0.05"
STATISTICS = {"r2": "r2", "rmse": "rmse", "rho": "rho", "spearman": "rho"}
VERBS = ("drops", "rises", "changes")
CHANCE = "beyond chance"
_SLACK = 1e-12  # 0.6 - 0.55 is a drop of 0.05, though not in binary


@dataclass(frozen=True, slots=True)
class Change(Quantity):
    """How far a statistic moved between two runs; the verb is the gate's operator.

    Attributes
    ----------
    part
        interior, exterior or transfer; None for each of them.
    statistic
        What may move.
    beyond_chance
        Whether moves within their interval are forgiven.
    """

    part: str | None
    statistic: str
    beyond_chance: bool = False
    of_places: ClassVar[bool] = False

    @classmethod
    def read(cls, words: Words) -> tuple[Self, str, float]:
        """Quantity, verb and limit that the words after a colon describe."""
        part = words.take() if words.ahead() in PARTS else None
        known = (*STATISTICS, *(PARTS if part is None else ()))
        statistic = STATISTICS[words.one_of("the statistic", known, end="got the end")]
        verb = words.one_of("the verb", VERBS, end="got the end")
        if words.ahead() == "by":
            words.take()
        if not words.ahead():
            words.refuse(f"a number is missing after {verb!r}")
        limit = number_of(words.ahead())
        if not 0 <= limit < math.inf:  # catches nan
            got = words.ahead()
            words.refuse(f"the limit must be a number of 0 or more, got {got!r}")
        words.take()
        rest = words.rest()
        if rest not in ("", CHANCE):
            words.refuse(f"only {CHANCE!r} may follow the number, got {rest!r}")
        return cls(part, statistic, rest == CHANCE), verb, limit

    def written(self, gate: Gate) -> str:
        subject = "" if str(gate.subject) == "*" else f"{gate.subject}: "
        part = f"{self.part} " if self.part else ""
        return f"{subject}{part}{self._condition(gate)}"

    def called(self, verdict: Verdict) -> str:
        return (
            f"fail-on::{verdict.label} {verdict.place} "
            f"{self._condition(verdict.gate)} [{verdict.model}]"
        )

    def described(self, verdict: Verdict) -> str:
        return f"{verdict.place} {self.statistic}"

    def names(self, gate: Gate) -> dict[str, Any]:
        return {**subject_of(gate), "place": self.part or "each part"}

    def _condition(self, gate: Gate) -> str:
        chance = f" {CHANCE}" if self.beyond_chance else ""
        return f"{self.statistic} {gate.limit}{chance}"

    def judge(self, gate: Gate, evidence: Evidence) -> tuple[Verdict, ...]:
        """A verdict for every change that the rule selects and that can be judged.

        What the stored run did not have is new and is left out; what it had and this
        run lacks fails. So does a rule that finds nothing to compare.
        """
        chosen = [change for change in evidence.changes if self._selects(gate, change)]
        verdicts = [
            self._verdict(gate, change)
            for change in chosen
            if not isinstance(change.before, Undefined)
        ]
        if verdicts:
            return tuple(verdicts)
        return (gate.unjudged(_nothing(gate, chosen, evidence.changes)),)

    def _selects(self, gate: Gate, change: comparison.Change) -> bool:
        if self.statistic != change.statistic or self.part not in (None, change.part):
            return False
        return gate.subject.selects(change)

    def _verdict(self, gate: Gate, change: comparison.Change) -> Verdict:
        unit = change.outcome.scale if change.statistic == "rmse" else 1
        move: float | None = None
        if isinstance(change.after, Undefined):
            passed, reason = False, f"cannot be judged: {change.after.reason}"
        else:
            assert not isinstance(change.before, Undefined)
            before, after = unit * change.before, unit * change.after
            move = after - before
            passed = _is_within(move, gate)
            reason = (
                f"{self.statistic} went from {before:.4g} to {after:.4g} ({move:+.2g})"
            )
            if not passed and self.beyond_chance:
                passed, of_chance = _forgiven(change)
                reason += of_chance
        if lost := change.only_before:
            passed = False
            reason = f"missing, of the stored run's datasets: {several(lost)}; {reason}"
        return Verdict(
            gate=gate,
            metric=change.metric,
            axes=change.axes,
            model=ALL if change.model is None else change.model,
            place=change.part,
            value=move,
            passed=passed,
            reason=reason,
        )


def _is_within(move: float, gate: Gate) -> bool:
    far = {"drops": -move, "rises": move, "changes": abs(move)}[gate.operator]
    return far <= 0 or far < gate.threshold - _SLACK


def _forgiven(change: comparison.Change) -> tuple[bool, str]:
    """Whether chance explains a move, and what to say of it."""
    if change.beyond is False:
        return True, ", which is within chance"
    if change.beyond is None:
        why = change.interval
        assert isinstance(why, Undefined)
        return False, f"; whether that is chance is not known: {why.reason}"
    return False, ""


def _nothing(
    gate: Gate,
    chosen: Sequence[comparison.Change],
    changes: Sequence[comparison.Change],
) -> str:
    """Say why a rule has nothing to judge."""
    if chosen:
        before = chosen[0].before
        assert isinstance(before, Undefined)
        return f"nothing to compare with in the stored run: {before.reason}"
    names = sorted({c.metric for c in changes})
    return (
        f"no metric and model match {gate.metric}[{gate.subject.inside or '*'}]"
        f"{hint(gate.metric, names)}; compared: {', '.join(names) or 'none'}"
    )
