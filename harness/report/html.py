"""The report as one HTML file that needs nothing else: no network, no library."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.report.calibrated import calibration_line
from harness.report.chart import chart_data
from harness.report.found import said
from harness.report.plots import COLOURS
from harness.report.provenance import provenance
from harness.report.run_file.json import write_report
from harness.report.sections.own import OTHERS, PAGE, PLOT, named
from harness.report.templates import filled
from harness.report.text import capital
from harness.report.words import WORDS
from harness.report.writers.html import MANY, section_html
from harness.report.writers.svg import PALETTE

if TYPE_CHECKING:
    from markupsafe import Markup

    from harness.report.summary import Summary

# What the page may load: what is written in it.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:"
)


def write_html(path: Path, summary: Summary) -> None:
    """Write the page to a file, whole or not at all.

    Raises
    ------
    HarnessError
        If the file cannot be written.
    """
    write_report(path, page(summary))


def page(summary: Summary) -> str:
    """Verdicts, predictions, the metrics compared, a plot, tables, what is missing."""
    base = str(summary.run.get("base", ""))
    made = filled(
        "page.html",
        title=": ".join(filter(None, (capital(summary.title), base))),
        policy=_POLICY,
        colours=list(_colours()),
        css=_asset("page.css"),
        js=_asset("page.js"),
        facts=[(name, text) for name, text in _facts(summary).items() if text],
        sections=[one for one in _sections(summary) if one],
        settings=list(_flat("", summary.run)),
        words=list(WORDS.items()),
        data=chart_data(summary.correlations),
    )
    return str(made)


def _colours() -> Iterable[tuple[str, str]]:
    """Of domains and families, as the style sheet calls them."""
    yield from COLOURS.items()
    yield from ((f"family-{i}", colour) for i, colour in enumerate(PALETTE))


def _facts(summary: Summary) -> dict[str, str]:
    """What ran, in a few words; empty where nothing is known."""
    run, models = summary.run, summary.models
    counts = ", ".join(f"{n} {kind}" for kind, n in summary.counts.items() if n)
    if summary.interrupted:
        counts = f"interrupted; {counts}"
    return {
        "base": str(run.get("base", "")),
        f"models ({len(models)})": ", ".join(models),
        "datasets": str(run.get("datasets", "")),
        "metrics": str(len({one.series for one in summary.measurements}) or ""),
        "cells": counts or "none",
        "calibration": calibration_line(summary.temperatures),
        "made with": provenance(run),
    }


def _sections(summary: Summary) -> Iterable[Markup | str]:
    for name in PAGE:
        if name == PLOT and any(row.points for row in summary.correlations):
            title = f"{capital(summary.outcome.words)} against a metric"
            yield filled("plot.html", title=title)
        if name == "missing" and summary.found:
            yield _found(summary)
        for one in named(summary, name):
            yield section_html(one, id_="" if name == OTHERS else name)


def _found(summary: Summary) -> Markup:
    """What the user's own folders hold, and what was passed over in them."""
    listed = [(name, "; ".join(said(one))) for name, one in summary.found.items()]
    return filled("found.html", datasets=listed, folded=len(listed) > MANY)


def _asset(name: str) -> Markup:
    """A file of the harness' own, as it is."""
    from markupsafe import Markup

    return Markup((files("harness.report") / "page" / name).read_text("utf-8"))


def _flat(prefix: str, value: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """All that the run says of itself, by path."""
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
