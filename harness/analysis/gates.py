"""Verdicts: what came of each gate, and why. Nothing that is not known passes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from harness.analysis.correlation import Correlation, Error, Expected, Undefined
from harness.analysis.fits.fits import Judgement, LineFit
from harness.analysis.gate_syntax import (
    OPERATORS,
    Gate,
    GateSyntaxError,
    hint,
    number,
    parse_gate,
)
from harness.analysis.subjects import ALL
from harness.measurement import NO_AXES, Axes, Domain, Named, in_order, label_of

__all__ = ["Gate", "GateSyntaxError", "Lack", "Verdict", "judge_gate", "parse_gate"]

# The domains that a gate's datasets are of, by its own word for them.
_DOMAINS = {
    "interior": {Domain.INTERIOR},
    "exterior": {Domain.EXTERIOR},
    "transfer": {Domain.INTERIOR, Domain.EXTERIOR},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """Something that was asked for, and of which nothing at all was measured.

    Attributes
    ----------
    reason
        Why, in words.
    model
        Whose measurements they would be; None if it is a family of datasets.
    metric, axes
        Of which metric; None for any.
    domain
        Of a family; None where it is not known.
    """

    reason: str
    model: str | None = None
    metric: str | None = None
    axes: Axes = NO_AXES
    domain: Domain | None = None

    def concerns(self, gate: Gate) -> bool:
        """Whether a gate would have judged it."""
        if self.model is None:
            return self.domain is None or self.domain in _DOMAINS[gate.domain]
        if self.metric is not None and not (
            fnmatchcase(self.metric, gate.metric) and gate.subject.fits(self.axes)
        ):
            return False
        return gate.model == ALL or fnmatchcase(self.model, gate.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Named):
    """What came of a gate for one metric and model.

    Attributes
    ----------
    gate
        What was judged.
    metric, axes, model
        Of the correlation; the gate's own patterns where it matched nothing. Model
        "all" is all of them together.
    value
        The statistic, in the gate's unit; None where it does not exist.
    passed
        Whether the gate holds. What cannot be judged does not pass.
    reason
        Why, in words.
    """

    gate: Gate
    metric: str
    axes: Axes = NO_AXES
    model: str
    value: float | None
    passed: bool
    reason: str

    @property
    def id(self) -> str:
        """A pytest node id: the brackets at the end hold the model."""
        return f"gates::{self.label} {self.gate.condition} [{self.model}]"


def judge_gate(
    gate: Gate, correlations: Sequence[Correlation], lacks: Sequence[Lack] = ()
) -> tuple[Verdict, ...]:
    """Return a verdict for every correlation that the gate selects, or one for none.

    Parameters
    ----------
    gate : Gate
        What to judge.
    correlations : sequence of Correlation
        Of the run, with the cells that were expected and are missing.
    lacks : sequence of Lack
        What was asked for and has no correlation.

    Returns
    -------
    tuple of Verdict
        At least one. A gate fails, and says why, if it selects nothing, if its
        statistic does not exist, or if an expected cell of its domain is missing:
        a run that lost its hard datasets must not pass on the easy ones.
    """
    lost = [lack for lack in lacks if lack.concerns(gate)]
    families = tuple(lack.reason for lack in lost if lack.model is None)
    verdicts = [_verdict(gate, c, families) for c in correlations if gate.selects(c)]
    for lack in lost:
        if lack.model is not None:
            verdicts.append(
                unjudged(
                    gate,
                    lack.reason,
                    metric=lack.metric or gate.metric,
                    axes=lack.axes or gate.axes,
                    model=lack.model,
                )
            )
    return tuple(verdicts) or (unjudged(gate, _nothing(gate, correlations)),)


def unjudged(gate: Gate, reason: str, **names: Any) -> Verdict:
    """A gate that fails because there is nothing to judge it by."""
    own: dict[str, Any] = {
        "metric": gate.metric,
        "axes": gate.axes,
        "model": gate.model,
    }
    return Verdict(gate=gate, value=None, passed=False, reason=reason, **(own | names))


def _verdict(
    gate: Gate, correlation: Correlation, families: Sequence[str] = ()
) -> Verdict:
    value = _statistic(gate, correlation)
    cells = [c for c in correlation.missing if c.domain in _DOMAINS[gate.domain]]
    missing = "; ".join([*missing_cells(cells), *families])
    passed = False
    if isinstance(value, Undefined):
        reason = f"cannot be judged: {value.reason}"
    elif math.isnan(value):
        reason = f"cannot be judged: {gate.statistic} is nan"
    else:
        passed = OPERATORS[gate.operator](value, gate.threshold)
        wanted = f"{gate.operator} {number(gate.threshold)}"
        reason = f"{gate.statistic} is {apart(value, gate.threshold)}"
        reason += f" ({wanted})" if passed else f", wanted {wanted}"
    if missing:
        passed = False
        reason = f"{missing}; without them {reason}"
    return Verdict(
        gate=gate,
        metric=correlation.metric,
        axes=correlation.axes,
        model=ALL if correlation.model is None else correlation.model,
        value=None if isinstance(value, Undefined) else value,
        passed=passed,
        reason=reason,
    )


def _statistic(gate: Gate, row: Correlation) -> float | Undefined:
    """The gate's statistic in its unit; errors are in points of accuracy."""
    name = gate.statistic
    if name == "n":
        domain = Domain.INTERIOR if gate.domain == "interior" else Domain.EXTERIOR
        count = len(row.of(domain))
        return float(count) if count else Undefined("there are no labelled datasets")
    fits: dict[str, LineFit | Judgement | Error | Undefined] = {
        "interior": row.interior,
        "exterior": row.exterior,
        "transfer": row.transfer,
    }
    if name in ("mae", "bias"):
        # An estimate needs no line: what counts is how far it is off by itself.
        fits["interior"] = row.interior_error or row.interior
        fits["exterior"] = row.exterior_error or row.exterior
    fit = fits[gate.domain]
    if isinstance(fit, Undefined):
        return fit
    if not hasattr(fit, attribute := "spearman" if name == "rho" else name):
        return Undefined(f"{name} {_NEEDS[name]}")
    value: float | None = getattr(fit, attribute)
    if value is None:
        return Undefined(f"the metric is constant on the {fit.n} datasets")
    return 100 * value if name in ("rmse", "mae", "bias") else value


# Statistics that not every domain has.
_NEEDS = {
    "bias": "of a line on its own datasets is 0; judge transfer, or an estimate",
    "adjusted_r2": "is of a line's own fit; judge interior or exterior",
    "pearson": "is of a line's own fit; judge interior or exterior",
}


def missing_cells(cells: Sequence[Expected]) -> list[str]:
    """Say which expected cells were not measured: one text, or none."""
    lost = list(dict.fromkeys(f"{c.model} on {c.dataset}" for c in cells))
    if not lost:
        return []
    shown = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
    cells_are = "1 cell is" if len(lost) == 1 else f"{len(lost)} cells are"
    return [f"{cells_are} missing ({shown})"]


def _nothing(gate: Gate, correlations: Sequence[Correlation]) -> str:
    """Say why a gate selects no correlation."""
    metrics = sorted({c.metric for c in correlations})
    if not metrics:
        return "nothing to judge: no metric was measured"
    if not any(fnmatchcase(metric, gate.metric) for metric in metrics):
        return (
            f"no measured metric matches {gate.metric!r}"
            f"{hint(gate.metric, metrics)}; measured: {', '.join(metrics)}"
        )
    found = [c for c in correlations if fnmatchcase(c.metric, gate.metric)]
    if not any(gate.subject.fits(c.axes) for c in found):
        known = [label_of(*series) for series in in_order({c.series for c in found})]
        wanted = label_of(gate.metric, gate.axes)
        return (
            f"no measured metric matches {wanted!r}{hint(wanted, known)}; "
            f"measured: {', '.join(known)}"
        )
    meant = [c for c in found if gate.subject.fits(c.axes)]
    models = sorted({c.model for c in meant if c.model is not None})
    return (
        f"no measured model matches {gate.model!r}{hint(gate.model, models)}; "
        f"measured: {', '.join(models)}"
    )


def apart(value: float, threshold: float) -> str:
    """The value, to four digits or as many as leave it on its side of the threshold."""
    for digits in range(4, 17):
        text = f"{value:.{digits}g}"
        shown = float(text)
        if (shown < threshold, shown > threshold) == (
            value < threshold,
            value > threshold,
        ):
            return text
    return repr(value)
