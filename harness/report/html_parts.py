"""Parts of the HTML page: each is a section, or nothing where there is nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Correlation, Undefined
from harness.report.found import said
from harness.report.markup import (
    Cell,
    Column,
    Html,
    folded,
    number,
    section,
    table,
    tag,
)

if TYPE_CHECKING:
    from harness.analysis.fits.fits import Judgement, LineFit
    from harness.analysis.fits.outcome import FittedOutcome
    from harness.report.summary import Summary


_MANY = 12  # longer lists are folded


def _to_plot(metric: str, model: str | None = None) -> Html:
    """A metric's name that shows it in the plot."""
    return tag("a", metric, href="#plot", data_metric=metric, data_model=model or "")


def correlations(summary: Summary) -> Html:
    """Every metric of every model against accuracy."""
    if not summary.correlations:
        return Html("")
    by = "interior's line on exterior"
    columns = (
        Column(name="metric", order="ascending"),
        Column(name="model"),
        *(
            Column(name=name, group=group, numeric=True)
            for group in ("interior", "exterior", by)
            for name in ("n", "R²", "RMSE", "ρ")
        ),
        Column(name="note"),
    )
    rows: list[tuple[Cell | str, ...]] = [
        (
            _to_plot(row.label, row.model),
            row.model or "all",
            *_fit(row.interior, row.outcome),
            *_fit(row.exterior, row.outcome),
            *_fit(row.transfer, row.outcome),
            _why(row),
        )
        for row in summary.correlations
    ]
    sieve = tag(
        "label",
        "only rows with ",
        tag("input", type="search", data_sieve="correlations", size=16),
        class_="sieve",
    )
    return section(
        "Every metric and model",
        sieve,
        table("Every metric and model", columns, rows, tall=True),
        tag(
            "p",
            f"ρ is Spearman's, of metric against {summary.outcome.words}, with its "
            f"sign. RMSE in {summary.outcome.unit}. Model all: the datasets of all "
            "models together.",
            class_="note",
        ),
        id_="correlations",
    )


def _fit(
    fit: LineFit | Judgement | Undefined, outcome: FittedOutcome
) -> tuple[Cell, ...]:
    if isinstance(fit, Undefined):
        return (number(None),) * 4
    return (
        number(fit.n, ".0f"),
        number(fit.r2),
        number(fit.rmse, outcome.form(2), scale=outcome.scale),
        number(fit.spearman, "+.3f"),
    )


def _why(row: Correlation) -> str:
    """Why a fit is undefined, and how many cells are missing."""
    reasons: dict[str, list[str]] = {}
    for name, fit in (("interior", row.interior), ("exterior", row.exterior)):
        if isinstance(fit, Undefined):
            reasons.setdefault(fit.reason, []).append(name)
    if isinstance(row.transfer, Undefined) and not reasons:
        reasons.setdefault(row.transfer.reason, []).append("line")
    found = [f"{' and '.join(names)}: {why}" for why, names in reasons.items()]
    if row.missing:
        found.append(f"{len(row.missing)} cells missing")
    return "; ".join(found)


def found(summary: Summary) -> Html:
    """What the user's own folders hold, and what was passed over in them."""
    items = [
        tag("li", tag("b", name), f": {'; '.join(said(one))}")
        for name, one in summary.found.items()
    ]
    listed = tag("ul", *items)
    if len(items) > _MANY:
        listed = folded(f"{len(items)} datasets", listed)
    return section("Data", listed, id_="found") if items else Html("")


def settings(summary: Summary) -> Html:
    """What ran where: all that the run says of itself."""
    facts = dict(_flat("", summary.run))
    if not facts:
        return Html("")
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", text))
        for name, text in facts.items()
    ]
    inner = tag("table", tag("tbody", *rows), class_="plain")
    frame = tag(
        "div",
        inner,
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label="Settings",
    )
    return section("Settings", frame, id_="settings")


def _flat(prefix: str, value: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for key, part in value.items():
        name = f"{prefix}{key}"
        if isinstance(part, dict):
            yield from _flat(f"{name}.", part)
        elif isinstance(part, list):
            yield name, ", ".join(map(_plain, part))
        else:
            yield name, _plain(part)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
