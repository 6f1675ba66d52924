"""Rules against a stored run: how much worse a statistic may get.

The grammar::

    rule      = [ SUBJECT ":" ] [ PART ] STATISTIC VERB [ "by" ] NUMBER
                [ "beyond chance" ]
    SUBJECT   = METRIC, METRIC[MODEL], METRIC[AXIS=VALUE], ...; see `subjects`; every
                metric and model if left out
    PART      = "interior" | "exterior" | "transfer"; each of them if left out
    STATISTIC = "r2" | "rmse" | "rho" | "spearman"
    VERB      = "drops" | "rises" | "changes"

The rule fails a run in which the statistic moves that far or further; rmse is in points
(percent) of accuracy. With ``beyond chance``, only if the move is also beyond its
interval.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from harness.analysis.comparison import PARTS, Change
from harness.analysis.correlation import Undefined
from harness.analysis.gate_syntax import hint, number, refuse
from harness.analysis.subjects import ALL, Subject
from harness.measurement import NO_AXES, Axes, Named

FAIL_ON_EXAMPLE = "r2 drops 0.05"
RULE_STATISTICS = {"r2": "r2", "rmse": "rmse", "rho": "rho", "spearman": "rho"}
VERBS = ("drops", "rises", "changes")
CHANCE = ("beyond", "chance")
_SLACK = 1e-12  # 0.6 - 0.55 is a drop of 0.05, though not in binary


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A limit on how far a statistic may move between two runs.

    Attributes
    ----------
    metric, model, axes
        Patterns; model "all" is the fit over all models together.
    part
        interior, exterior or transfer; None for each of them.
    statistic, verb, limit
        What may move which way and how far; the limit in the statistic's unit.
    beyond_chance
        Whether moves within their interval are forgiven.
    """

    metric: str
    model: str
    axes: Axes = NO_AXES
    part: str | None
    statistic: str
    verb: str
    limit: float
    beyond_chance: bool

    def __str__(self) -> str:
        """The rule as it can be parsed again."""
        subject = "" if str(self.subject) == "*" else f"{self.subject}: "
        part = f"{self.part} " if self.part else ""
        chance = " beyond chance" if self.beyond_chance else ""
        return (
            f"{subject}{part}{self.statistic} {self.verb} {number(self.limit)}{chance}"
        )

    def selects(self, change: Change) -> bool:
        """Whether the rule judges this change."""
        if self.statistic != change.statistic or self.part not in (None, change.part):
            return False
        return self.subject.selects(change)

    @property
    def subject(self) -> Subject:
        """The part before the colon."""
        return Subject(metric=self.metric, model=self.model, axes=self.axes)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict(Named):
    """What came of a rule for one metric, model and part.

    Attributes
    ----------
    rule
        What was judged.
    metric, axes, model, part
        Of the change; the rule's own patterns where it matched nothing.
    move
        After minus before in the statistic's unit; None where it does not exist.
    passed, reason
        Whether the rule holds, and why.
    """

    rule: Rule
    metric: str
    axes: Axes = NO_AXES
    model: str
    part: str
    move: float | None
    passed: bool
    reason: str

    @property
    def id(self) -> str:
        """A pytest node id: the brackets at the end hold the model."""
        rule = self.rule
        chance = " beyond chance" if rule.beyond_chance else ""
        return (
            f"fail-on::{self.label} {self.part} {rule.statistic} {rule.verb} "
            f"{number(rule.limit)}{chance} [{self.model}]"
        )


def parse_rule(text: str) -> Rule:
    """Return the rule that `text` describes.

    Raises
    ------
    GateSyntaxError
        If it describes none. The message names the part that is wrong, what was
        expected there, and an example.

    Examples
    --------
    >>> str(parse_rule("r2 drops 0.05"))
    'r2 drops 0.05'
    >>> str(parse_rule("jigsaw*[resnet*]: transfer rmse rises by 1 beyond chance"))
    'jigsaw*[resnet*]: transfer rmse rises 1 beyond chance'
    """
    before, colon, rest = text.rpartition(":")
    try:
        subject = Subject.parse(before.strip() if colon else "*")
    except ValueError as error:
        _refuse(text, str(error))
    words = rest.split()
    part = words.pop(0) if words and words[0] in PARTS else None
    known = (*RULE_STATISTICS, *(PARTS if part is None else ()))
    if not words or words[0] not in RULE_STATISTICS:
        _refuse(text, _expected("the statistic", known, words))
    statistic = RULE_STATISTICS[words.pop(0)]
    if not words or words[0] not in VERBS:
        _refuse(text, _expected("the verb", VERBS, words))
    verb = words.pop(0)
    if words and words[0] == "by":
        words.pop(0)
    if not words:
        _refuse(text, f"a number is missing after {verb!r}")
    limit = _limit(text, words.pop(0))
    if words and tuple(words) != CHANCE:
        _refuse(
            text, f"only 'beyond chance' may follow the number, got {' '.join(words)!r}"
        )
    return Rule(
        metric=subject.metric,
        model=subject.model,
        axes=subject.axes,
        part=part,
        statistic=statistic,
        verb=verb,
        limit=limit,
        beyond_chance=bool(words),
    )


def judge_rule(rule: Rule, changes: Sequence[Change]) -> tuple[RuleVerdict, ...]:
    """Return a verdict for every change that the rule selects and that can be judged.

    Parameters
    ----------
    rule : Rule
        What to judge.
    changes : sequence of Change
        Between the stored run and this one.

    Returns
    -------
    tuple of RuleVerdict
        At least one. What the stored run did not have is new and is left out; what it
        had and this run lacks fails. So does a rule that finds nothing to compare.
    """
    chosen = [c for c in changes if rule.selects(c)]
    verdicts = [
        _verdict(rule, c) for c in chosen if not isinstance(c.before, Undefined)
    ]
    if verdicts:
        return tuple(verdicts)
    if chosen:
        before = chosen[0].before
        assert isinstance(before, Undefined)
        reason = f"nothing to compare with in the stored run: {before.reason}"
    else:
        names = sorted({c.metric for c in changes})
        reason = (
            f"no metric and model match {rule.metric}[{rule.subject.inside or '*'}]"
            f"{hint(rule.metric, names)}; compared: {', '.join(names) or 'none'}"
        )
    return (unjudged_rule(rule, reason),)


def unjudged_rule(rule: Rule, reason: str) -> RuleVerdict:
    """A rule that fails because there is nothing to judge it by."""
    return RuleVerdict(
        rule=rule,
        metric=rule.metric,
        axes=rule.axes,
        model=rule.model,
        part=rule.part or "each part",
        move=None,
        passed=False,
        reason=reason,
    )


def _verdict(rule: Rule, change: Change) -> RuleVerdict:
    unit = 100 if change.statistic == "rmse" else 1
    move: float | None = None
    if isinstance(change.after, Undefined):
        passed, reason = False, f"cannot be judged: {change.after.reason}"
    else:
        assert not isinstance(change.before, Undefined)
        before, after = unit * change.before, unit * change.after
        move = after - before
        far = {"drops": -move, "rises": move, "changes": abs(move)}[rule.verb]
        passed = far <= 0 or far < rule.limit - _SLACK
        reason = f"{rule.statistic} went from {before:.4g} to {after:.4g} ({move:+.2g})"
        if not passed and rule.beyond_chance and change.beyond is False:
            passed, reason = True, f"{reason}, which is within chance"
        if not passed and rule.beyond_chance and change.beyond is None:
            why = change.interval
            assert isinstance(why, Undefined)
            reason += f"; whether that is chance is not known: {why.reason}"
    if lost := change.only_before:
        passed = False
        shown = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
        reason = f"missing, of the stored run's datasets: {shown}; {reason}"
    return RuleVerdict(
        rule=rule,
        metric=change.metric,
        axes=change.axes,
        model=ALL if change.model is None else change.model,
        part=change.part,
        move=move,
        passed=passed,
        reason=reason,
    )


def _limit(text: str, word: str) -> float:
    try:
        limit = float(word)
    except ValueError:
        limit = math.nan
    if not 0 <= limit < math.inf:  # catches nan
        _refuse(text, f"the limit must be a number of 0 or more, got {word!r}")
    return limit


def _expected(what: str, known: Sequence[str], words: Sequence[str]) -> str:
    got = repr(words[0]) if words else "the end"
    meant = hint(words[0], known) if words else ""
    return f"{what} must be one of {', '.join(known)}, got {got}{meant}"


def _refuse(text: str, problem: str) -> NoReturn:
    refuse(text, problem, kind="rule", example=FAIL_ON_EXAMPLE)
