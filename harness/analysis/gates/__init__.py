"""Gates: what a run must reach, as texts, thresholds and verdicts."""

from collections.abc import Iterable

from harness.analysis.gates.evidence import Evidence, Lack
from harness.analysis.gates.gate import Gate, Quantity, Verdict
from harness.analysis.gates.grammar import parse, parse_rule
from harness.analysis.gates.texts import GateSyntaxError

__all__ = [
    "Evidence",
    "Gate",
    "GateSyntaxError",
    "Lack",
    "Quantity",
    "Verdict",
    "judge",
    "parse",
    "parse_rule",
]


def judge(gates: Iterable[Gate], evidence: Evidence) -> tuple[Verdict, ...]:
    """A verdict for everything that each gate selects, and that it should have."""
    return tuple(v for gate in gates for v in gate.quantity.judge(gate, evidence))
