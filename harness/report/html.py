"""The report as one HTML file that needs nothing else: no network, no library."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from harness.report.calibrated import calibration_line
from harness.report.chart import chart_data
from harness.report.html_parts import (
    found,
    settings,
    words,
)
from harness.report.markup import Html, script_json, tag
from harness.report.plots import COLOURS
from harness.report.provenance import provenance
from harness.report.run_file.json import write_report
from harness.report.sections.own import OTHERS, PAGE, PLOT, named
from harness.report.text import capital
from harness.report.writers.html import section_html
from harness.report.writers.svg import PALETTE

if TYPE_CHECKING:
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
    title = ": ".join(filter(None, (capital(summary.title), base)))
    colours = "".join(f"--{name}:{colour};" for name, colour in _colours())
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", Html(f":root{{{colours}}}\n{_asset('page.css')}")),
    )
    parts = [
        _opening(title, summary),
        *_sections(summary),
        settings(summary),
        words(),
    ]
    data = script_json(chart_data(summary.correlations))
    body = tag(
        "body",
        tag("main", Html("\n".join(part for part in parts if part))),
        tag("script", data, type="application/json", id="data"),
        tag("script", Html(_asset("page.js"))),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _colours() -> Iterable[tuple[str, str]]:
    """Of domains and families, as the style sheet calls them."""
    yield from COLOURS.items()
    yield from ((f"family-{i}", colour) for i, colour in enumerate(PALETTE))


def _sections(summary: Summary) -> Iterable[Html]:
    for name in PAGE:
        if name == PLOT:
            yield _plot(summary)
        if name == "missing":
            yield found(summary)
        for one in named(summary, name):
            yield section_html(one, id_="" if name == OTHERS else name)


def _asset(name: str) -> str:
    return (files("harness.report") / "page" / name).read_text(encoding="utf-8")


def _opening(title: str, summary: Summary) -> Html:
    run = summary.run
    models = summary.models
    counts = ", ".join(f"{n} {kind}" for kind, n in summary.counts.items() if n)
    if summary.interrupted:
        counts = f"interrupted; {counts}"
    facts = {
        "base": str(run.get("base", "")),
        f"models ({len(models)})": ", ".join(models),
        "datasets": str(run.get("datasets", "")),
        "metrics": str(len({one.series for one in summary.measurements}) or ""),
        "cells": counts or "none",
        "calibration": calibration_line(summary.temperatures),
        "made with": provenance(run),
    }
    rows = [
        tag("div", tag("dt", name), tag("dd", text))
        for name, text in facts.items()
        if text
    ]
    meant = tag("p", tag("a", "What the words mean", href="#words"), class_="note")
    return tag("header", tag("h1", title), tag("dl", *rows, class_="facts"), meant)


def _plot(summary: Summary) -> Html:
    """The frame of the plot; the script draws into it."""
    if not any(row.points for row in summary.correlations):
        return Html("")

    def chooser(name: str) -> Html:
        return tag("label", name, tag("select", id=f"choose-{name}"))

    return tag(
        "section",
        tag("h2", f"{capital(summary.outcome.words)} against a metric"),
        tag("noscript", tag("p", "The plot is drawn by a script, which is off.")),
        tag("div", chooser("metric"), chooser("model"), class_="choosers"),
        tag(
            "figure",
            tag("div", id="chart"),
            tag("div", id="tip", aria_hidden="true", hidden=True),
            tag("figcaption", id="legend"),
            class_="plot",
        ),
        tag(
            "details",
            tag("summary", "The points as a table"),
            tag("div", id="points"),
        ),
        id="plot",
    )
