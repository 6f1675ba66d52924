"""Verdicts in the JSON report: one form for each quantity that a gate may be set on.

In memory all verdicts are of one class; in a file each has the words of its kind.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from harness.analysis.gates import Gate, Quantity, Verdict
from harness.analysis.gates.aggregates import OfFamily
from harness.analysis.gates.changes import Change
from harness.analysis.gates.fits import Fit
from harness.analysis.gates.predictions import Predicted
from harness.analysis.gates.rows import OfRows
from harness.analysis.gates.sections import OfSection
from harness.errors import BadData

Read = Callable[[Any, Any, str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How verdicts on a quantity stand in a file.

    Attributes
    ----------
    name, gate_name
        Of the verdict and of its gate, in the description of the file.
    quantity
        Which verdicts.
    key
        Under which the verdict has its gate.
    verdict, gate
        Attributes by key; of the gate's quantity behind a dot.
    null
        Keys whose empty text is null in the file.
    """

    name: str
    gate_name: str
    quantity: type[Quantity]
    key: str = "gate"
    verdict: Mapping[str, str]
    gate: Mapping[str, str]
    null: frozenset[str] = frozenset()


_SUBJECT = {"metric": "metric", "model": "model", "axes": "axes"}
_LIMIT = {"operator": "operator", "threshold": "threshold"}
_JUDGED = {"value": "value", "passed": "passed", "reason": "reason"}
FORMS = (
    Form(
        name="Verdict",
        gate_name="Gate",
        quantity=Fit,
        verdict={**_SUBJECT, **_JUDGED},
        gate={
            **_SUBJECT,
            "domain": "quantity.domain",
            "statistic": "quantity.statistic",
            **_LIMIT,
        },
    ),
    Form(
        name="TargetVerdict",
        gate_name="TargetGate",
        quantity=Predicted,
        verdict={"dataset": "place", **_SUBJECT, **_JUDGED},
        gate={
            "dataset": "datasets",
            **_SUBJECT,
            "bound": "quantity.bound",
            **_LIMIT,
        },
        null=frozenset({"metric"}),
    ),
    Form(
        name="RuleVerdict",
        gate_name="Rule",
        quantity=Change,
        key="rule",
        verdict={
            **_SUBJECT,
            "part": "place",
            "move": "value",
            "passed": "passed",
            "reason": "reason",
        },
        gate={
            **_SUBJECT,
            "part": "quantity.part",
            "statistic": "quantity.statistic",
            "verb": "operator",
            "limit": "threshold",
            "beyond_chance": "quantity.beyond_chance",
        },
    ),
    Form(
        name="RowVerdict",
        gate_name="RowGate",
        quantity=OfRows,
        verdict={**_SUBJECT, "datasets": "place", **_JUDGED},
        gate={
            **_SUBJECT,
            "datasets": "datasets",
            "quantity": "quantity.name",
            **_LIMIT,
        },
    ),
    Form(
        name="FamilyVerdict",
        gate_name="FamilyGate",
        quantity=OfFamily,
        verdict={**_SUBJECT, "family": "place", **_JUDGED},
        gate={
            **_SUBJECT,
            "families": "datasets",
            "aggregate": "quantity.name",
            **_LIMIT,
        },
    ),
    Form(
        name="SectionVerdict",
        gate_name="SectionGate",
        quantity=OfSection,
        verdict={"quantity": "place", **_JUDGED},
        gate={
            "section": "quantity.section",
            "quantity": "quantity.name",
            **_LIMIT,
        },
    ),
)
_FORM_OF = {form.quantity: form for form in FORMS}


def plain_verdict(verdict: Verdict) -> dict[str, Any]:
    """What a file holds of a verdict, its values not yet those of JSON."""
    form = _FORM_OF[type(verdict.gate.quantity)]
    gate = {
        key: (attrgetter(name)(verdict.gate) or None)
        if key in form.null
        else attrgetter(name)(verdict.gate)
        for key, name in form.gate.items()
    }
    own = {key: getattr(verdict, name) for key, name in form.verdict.items()}
    return {form.key: gate, **own}


def read_verdict(value: Any, where: str, read_as: Read) -> Verdict:
    """The inverse of `plain_verdict`.

    Parameters
    ----------
    value
        What `json.loads` gave.
    where
        The path to it, for messages.
    read_as
        `harness.report.run_file.reading.read_as`.

    Raises
    ------
    BadData
        If it is of no form, or holds what no gate could.
    """
    form = _form(value, where)
    inside = value[form.key]
    _expect_keys(form.verdict.keys() | {form.key}, value, where, form.name)
    _expect_keys(form.gate.keys(), inside, f"{where}.{form.key}", form.gate_name)
    gate: dict[str, Any] = {}
    quantity: dict[str, Any] = {}
    for key, name in form.gate.items():
        part = "" if key in form.null and inside[key] is None else inside[key]
        owner, _, attribute = name.rpartition(".")
        kind = _kinds(form.quantity if owner else Gate)[attribute]
        found = read_as(kind, part, f"{where}.{form.key}.{key}")
        (quantity if owner else gate)[attribute] = found
    own = {
        name: read_as(_kinds(Verdict)[name], value[key], f"{where}.{key}")
        for key, name in form.verdict.items()
    }
    return Verdict(**own, gate=Gate(**gate, quantity=form.quantity(**quantity)))


def _form(value: Any, where: str) -> Form:
    """The form that a value is nearest to."""
    inner = [
        (form, part)
        for form in FORMS
        if isinstance(value, dict) and isinstance(part := value.get(form.key), dict)
    ]
    if not inner:
        raise BadData(f"{where} must be an object (Verdict) with a gate or a rule")
    return min(inner, key=lambda one: len(one[0].gate.keys() ^ one[1].keys()))[0]


def _expect_keys(
    names: AbstractSet[str], value: Mapping[str, Any], where: str, kind: str
) -> None:
    if lacking := sorted(names - value.keys()):
        raise BadData(f"{where} lacks {', '.join(lacking)} of a {kind}")
    if unknown := sorted(value.keys() - names):
        raise BadData(f"{where} has {', '.join(unknown)}, unknown of a {kind}")


@cache
def _kinds(of: type) -> dict[str, Any]:
    return typing.get_type_hints(of)
