"""Judging: gates of every kind, told apart by how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from harness.analysis.fail_on import (
    RuleVerdict,
    judge_rule,
    parse_rule,
    unjudged_rule,
)
from harness.analysis.gates import Lack, Verdict, judge_gate, parse_gate, unjudged
from harness.analysis.target_gates import (
    TargetVerdict,
    is_target_gate,
    judge_target_gate,
    parse_target_gate,
    unjudged_target,
)

if TYPE_CHECKING:
    from harness.analysis.comparison import Change
    from harness.analysis.correlation import Correlation
    from harness.analysis.targets import TargetPrediction

AnyVerdict: TypeAlias = Verdict | TargetVerdict | RuleVerdict


def check_gate(text: str) -> None:
    """Refuse a misspelt gate.

    Raises
    ------
    GateSyntaxError
        With the part that is wrong and an example.
    """
    if is_target_gate(text):
        parse_target_gate(text)
    else:
        parse_gate(text)


def judged(
    gates: Iterable[str],
    correlations: Sequence[Correlation],
    predictions: Sequence[TargetPrediction],
    lacks: Sequence[Lack] = (),
) -> tuple[AnyVerdict, ...]:
    """A verdict for everything that each gate selects, and that it should have."""
    missing = [c for row in correlations if row.model is not None for c in row.missing]
    verdicts: list[AnyVerdict] = []
    for text in gates:
        if is_target_gate(text):
            gate = parse_target_gate(text)
            verdicts += judge_target_gate(gate, predictions, missing, lacks)
        else:
            verdicts += judge_gate(parse_gate(text), correlations, lacks)
    return tuple(verdicts)


def not_judged(
    gates: Iterable[str], rules: Iterable[str], reason: str
) -> tuple[AnyVerdict, ...]:
    """Gates and rules that nobody could judge: none of them passes."""
    return (
        *(
            unjudged_target(parse_target_gate(text), reason)
            if is_target_gate(text)
            else unjudged(parse_gate(text), reason)
            for text in gates
        ),
        *(unjudged_rule(parse_rule(text), reason) for text in rules),
    )


def judged_against(
    rules: Iterable[str], changes: Sequence[Change]
) -> tuple[RuleVerdict, ...]:
    """A verdict for everything that each rule selects of a comparison."""
    return tuple(v for text in rules for v in judge_rule(parse_rule(text), changes))


def wording(verdict: AnyVerdict) -> str:
    """The gate or rule as it can be written again."""
    return str(verdict.rule if isinstance(verdict, RuleVerdict) else verdict.gate)


def properties(verdict: AnyVerdict) -> list[tuple[str, str]]:
    """What machines want to know of a verdict: names and values, for JUnit.

    "metric", "axes" where it has any, "model", "statistic" (its domain, or the dataset,
    before it), "operator" (a rule's verb), "threshold", "value" ("" where it does not
    exist) and "verdict".
    """
    if isinstance(verdict, RuleVerdict):
        rule, value = verdict.rule, verdict.move
        statistic = f"{verdict.part} {rule.statistic}"
        operator, threshold = rule.verb, rule.limit
    else:
        value = verdict.value
        operator, threshold = verdict.gate.operator, verdict.gate.threshold
        if isinstance(verdict, TargetVerdict):
            statistic = f"{verdict.dataset} predicted accuracy, {verdict.gate.bound}"
        else:
            statistic = f"{verdict.gate.domain} {verdict.gate.statistic}"
    return [
        ("metric", verdict.metric),
        *([("axes", str(verdict.axes))] if verdict.axes else []),
        ("model", verdict.model),
        ("statistic", statistic),
        ("operator", operator),
        ("threshold", repr(threshold)),
        ("value", "" if value is None else repr(value)),
        ("verdict", "passed" if verdict.passed else "failed"),
    ]
