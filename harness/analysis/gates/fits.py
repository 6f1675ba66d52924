"""Gates on fits: how well metrics go with accuracy.

The grammar::

    condition = DOMAIN STATISTIC OPERATOR NUMBER
    DOMAIN    = "interior" | "exterior" | "transfer"
    STATISTIC = "r2" | "adjusted_r2" | "rmse" | "mae" | "bias" | "rho" | "spearman"
                | "pearson" | "n"

``transfer`` is the exterior judged with the interior's line. rmse, mae and bias are in
points (percent) of accuracy. They are the line's, but for one case: on the interior and
the exterior, mae and bias of a metric that is itself an estimate of accuracy are the
estimate's own. Every model, and every value along an axis, is judged by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from harness.analysis.correlation import Undefined
from harness.analysis.gates.aggregates import ANY
from harness.analysis.gates.changes import VERBS
from harness.analysis.gates.evidence import Lack
from harness.analysis.gates.gate import Gate, Quantity, Verdict
from harness.analysis.gates.rows import WORDS
from harness.analysis.gates.subjects import ALL, unmatched
from harness.analysis.gates.texts import OPERATORS, Words, apart
from harness.measurement import Domain

if TYPE_CHECKING:
    from harness.analysis.correlation import Correlation, Error
    from harness.analysis.fits.fits import Judgement, LineFit
    from harness.analysis.gates.evidence import Evidence

EXAMPLE = "jigsaw_invariance: interior r2 >= 0.5"
STATISTICS = {
    "r2": "r2",
    "adjusted_r2": "adjusted_r2",
    "rmse": "rmse",
    "mae": "mae",
    "bias": "bias",
    "rho": "rho",
    "spearman": "rho",
    "pearson": "pearson",
    "n": "n",
}
# The domains that a gate's datasets are of, by its own word for them.
DOMAINS = {
    "interior": {Domain.INTERIOR},
    "exterior": {Domain.EXTERIOR},
    "transfer": {Domain.INTERIOR, Domain.EXTERIOR},
}


@dataclass(frozen=True, slots=True)
class Fit(Quantity):
    """One statistic of a fit of accuracy on a metric.

    Attributes
    ----------
    domain, statistic
        Words of the grammar; aliases are resolved.
    """

    domain: str
    statistic: str
    of_places: ClassVar[bool] = False

    @staticmethod
    def is_meant(words: Words) -> bool:
        """Whether a condition begins as one on a fit; a domain may be forgotten."""
        return words.ahead() in (*DOMAINS, *STATISTICS)

    @classmethod
    def read(cls, words: Words) -> tuple[Self, str, float]:
        """Quantity, operator and threshold that the words after a colon describe."""
        domain = words.one_of("the domain", DOMAINS, also=(*WORDS, ANY))
        statistic = STATISTICS[words.one_of("the statistic", STATISTICS)]
        if words.ahead() in VERBS:
            words.refuse(
                f"the operator must be one of {', '.join(OPERATORS)}, got "
                f"{words.ahead()!r}; moves since an earlier run are for "
                "--harness-fail-on"
            )
        operator = words.one_of("the operator", OPERATORS)
        return cls(domain, statistic), operator, words.threshold()

    def written(self, gate: Gate) -> str:
        return f"{gate.subject}: {self.domain} {self.statistic} {gate.limit}"

    def called(self, verdict: Verdict) -> str:
        condition = f"{self.domain} {self.statistic} {verdict.gate.limit}"
        return f"gates::{verdict.label} {condition} [{verdict.model}]"

    def described(self, verdict: Verdict) -> str:
        return f"{self.domain} {self.statistic}"

    def judge(self, gate: Gate, evidence: Evidence) -> tuple[Verdict, ...]:
        """A verdict for every correlation that the gate selects, or one for none.

        A gate fails, and says why, if it selects nothing, if its statistic does not
        exist, or if an expected cell of its domain is missing: a run that lost its
        hard datasets must not pass on the easy ones.
        """
        lacks = evidence.lacks_of_fits
        lost = [lack for lack in lacks if self._would_judge(gate, lack)]
        families = [lack.reason for lack in lost if lack.model is None]
        verdicts = [
            self._verdict(gate, row, self._missing(row, evidence) + families)
            for row in evidence.correlations
            if gate.subject.selects(row)
        ]
        verdicts += [
            gate.unjudged(
                lack.reason,
                metric=lack.metric or gate.metric,
                axes=lack.axes or gate.axes,
                model=lack.model,
            )
            for lack in lost
            if lack.model is not None
        ]
        return tuple(verdicts) or (
            gate.unjudged(
                _never_fitted(gate, evidence)
                or unmatched(
                    gate.subject,
                    [row for row in evidence.correlations if _is_measured(row)],
                    evidence.failed,
                )
            ),
        )

    def _would_judge(self, gate: Gate, lack: Lack) -> bool:
        if lack.model is None:
            return lack.domain is None or lack.domain in DOMAINS[self.domain]
        return gate.subject.could_select(lack.metric, lack.axes, lack.model)

    def _missing(self, row: Correlation, evidence: Evidence) -> list[str]:
        cells = [c for c in row.missing if c.domain in DOMAINS[self.domain]]
        return evidence.why_missing(row.series, row.model, cells)

    def _verdict(self, gate: Gate, row: Correlation, missing: Sequence[str]) -> Verdict:
        value = self._value(row)
        passed = False
        if isinstance(value, Undefined):
            reason = f"cannot be judged: {value.reason}"
        elif math.isnan(value):
            reason = f"cannot be judged: {self.statistic} is nan"
        else:
            passed = OPERATORS[gate.operator](value, gate.threshold)
            reason = f"{self.statistic} is {apart(value, gate.threshold)}"
            reason += f" ({gate.limit})" if passed else f", wanted {gate.limit}"
        if missing:
            passed = False
            reason = f"{'; '.join(missing)}; without them {reason}"
        return Verdict(
            gate=gate,
            metric=row.metric,
            axes=row.axes,
            model=ALL if row.model is None else row.model,
            value=None if isinstance(value, Undefined) else value,
            passed=passed,
            reason=reason,
        )

    def _value(self, row: Correlation) -> float | Undefined:
        """The statistic in its unit; errors are in points of accuracy.

        Or of another outcome that is fitted, if it is a share; else in its own unit.
        """
        name = self.statistic
        if name == "n":
            inside = self.domain == "interior"
            count = len(row.of(Domain.INTERIOR if inside else Domain.EXTERIOR))
            none = Undefined("there are no labelled datasets")
            return float(count) if count else none
        fits: dict[str, LineFit | Judgement | Error | Undefined] = {
            "interior": row.interior,
            "exterior": row.exterior,
            "transfer": row.transfer,
        }
        if name in ("mae", "bias"):
            # An estimate needs no line: what counts is how far it is off by itself.
            fits["interior"] = row.interior_error or row.interior
            fits["exterior"] = row.exterior_error or row.exterior
        fit = fits[self.domain]
        if isinstance(fit, Undefined):
            return fit
        if not hasattr(fit, attribute := "spearman" if name == "rho" else name):
            return Undefined(f"{name} {_NEEDS[name]}")
        value: float | None = getattr(fit, attribute)
        if value is None:
            return Undefined(f"the metric is constant on the {fit.n} datasets")
        return row.outcome.scale * value if name in ("rmse", "mae", "bias") else value


def _never_fitted(gate: Gate, evidence: Evidence) -> str:
    """Say that what is meant are numbers on no dataset; empty where they are not."""
    meant = [row for row in evidence.measurements if gate.subject.selects(row)]
    if not meant or any(row.dataset for row in meant):
        return ""
    names = ", ".join(sorted({row.metric for row in meant}))
    return (
        f"{names}: a number of a model or a family, and such are never fitted; "
        "set a gate on its value"
    )


def _is_measured(row: Correlation) -> bool:
    """Whether there is anything of it: some rows are there for what they lack."""
    return bool(row.points or row.targets or row.contradicting) or not row.missing


# Statistics that not every domain has.
_NEEDS = {
    "bias": "of a line on its own datasets is 0; judge transfer, or an estimate",
    "adjusted_r2": "is of a line's own fit; judge interior or exterior",
    "pearson": "is of a line's own fit; judge interior or exterior",
}
