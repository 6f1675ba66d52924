"""Pictures for a paper: accuracy against each metric, and every curve of a section."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.analysis.correlation import Correlation, Undefined
from harness.errors import HarnessError
from harness.measurement import Domain
from harness.printable import printable
from harness.report.file_names import file_names, words
from harness.report.gallery import Gallery, drawn
from harness.report.table import Curve
from harness.report.writers.svg import PALETTE, points_of

if TYPE_CHECKING:
    from harness.report.summary import Summary

# Of Okabe and Ito, "Color Universal Design", 2008: told apart by most eyes and in grey.
COLOURS = {Domain.INTERIOR: "#0072B2", Domain.EXTERIOR: "#D55E00"}
_MARKS = {Domain.INTERIOR: "o", Domain.EXTERIOR: "^"}
_MOST_COLUMNS = 3
_DASHES = ("-", "--", ":")  # of the second and third seven lines
_MOST_PLACES, _MOST_LINES = 12, 21  # with a label, in a legend
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "harness",  # the same file for the same run
}


def write_plots(folder: Path, summary: Summary) -> None:
    """Write METRIC.png and METRIC.svg for every metric with a labelled dataset.

    Metrics with results that contradict each other have none. Curves and galleries of
    sections are called by their titles; of a gallery there is TITLE.png alone.

    Raises
    ------
    HarnessError
        If a file cannot be written.
    """
    import matplotlib

    rows: dict[str, list[Correlation]] = {}
    torn = {row.label for row in summary.correlations if row.contradicting}
    for row in summary.correlations:
        if row.model is not None and row.points and row.label not in torn:
            rows.setdefault(row.label, []).append(row)
    curves = [
        (part.title or shown.title, part, shown.title)
        for shown in summary.shown
        for part in shown.parts
        if isinstance(part, Curve)
    ]
    galleries = [
        part
        for shown in summary.shown
        for part in shown.parts
        if isinstance(part, Gallery)
    ]
    drawings = [*(label for label, *_ in curves), *(g.title for g in galleries)]
    names = file_names([*rows, *map(words, drawings)])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context(_STYLE):
            for name, (metric, found) in zip(names, rows.items(), strict=False):
                _save(_figure(metric, found), folder, name)
            after = names[len(rows) :]
            for name, (_, curve, title) in zip(after, curves, strict=False):
                _save(_line_plot(curve, title), folder, name)
        for name, gallery in zip(after[len(curves) :], galleries, strict=True):
            drawn(gallery).save(folder / f"{name}.png")
    except OSError as error:
        raise HarnessError(f"plots in {folder} cannot be written: {error}") from error


def _save(figure: Any, folder: Path, name: str) -> None:
    for kind, extra in (("png", {"dpi": 200}), ("svg", {})):
        metadata = {"Date": None} if kind == "svg" else None
        figure.savefig(folder / f"{name}.{kind}", metadata=metadata, **extra)


def _figure(metric: str, rows: list[Correlation]) -> Any:
    # Not pyplot: no window, no global state.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(_MOST_COLUMNS, len(rows))
    lines = math.ceil(len(rows) / columns)
    figure = Figure(figsize=(2.6 * columns, 2.3 * lines), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    for axis, row in zip(axes, rows, strict=False):
        _panel(axis, row)
    for axis in axes[len(rows) :]:
        axis.set_axis_off()
    for axis in axes[::columns]:
        axis.set_ylabel(printable(rows[0].outcome.axis), parse_math=False)
    figure.supxlabel(printable(metric.replace("_", " ")), fontsize=9, parse_math=False)
    return figure


def _line_plot(curve: Curve, title: str) -> Any:
    """A line for each series, with its intervals; a gap where it has no value."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.5, 3), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    for i, series in enumerate(curve.series):
        colour, dashes = PALETTE[i % len(PALETTE)], _DASHES[i // len(PALETTE) % 3]
        label: str | None = printable(series.name)
        for run in points_of(curve, series):
            x, y, low, high = (np.array(column) for column in zip(*run, strict=True))
            axis.plot(x, y, dashes, marker="o", ms=3, lw=1, color=colour, label=label)
            if (low < high).any():
                axis.vlines(x, low, high, color=colour, lw=0.6)
            label = None
    places = list(zip(curve.sizes(), map(printable, curve.at), strict=True))
    kept = places[:: math.ceil(len(places) / _MOST_PLACES)]
    axis.set_xticks([x for x, _ in kept], [name for _, name in kept], parse_math=False)
    for put, text in (
        (axis.set_title, curve.title or title),
        (axis.set_xlabel, curve.axis),
        (axis.set_ylabel, curve.head),
    ):
        put(printable(text), fontsize=8, parse_math=False)
    if 1 < len(curve.series) <= _MOST_LINES:
        legend = axis.legend(fontsize=6)
        for entry in legend.get_texts():
            entry.set_parse_math(False)
    return figure


def new_axes() -> Any:
    """matplotlib Axes on a figure of their own."""
    from matplotlib.figure import Figure

    return Figure(figsize=(4.5, 3.5), layout="constrained").subplots()


def draw(axis: Any, row: Correlation) -> None:
    """Draw accuracy against a metric, named on both axes."""
    _panel(axis, row)
    axis.set_xlabel(printable(row.label.replace("_", " ")), parse_math=False)
    axis.set_ylabel(printable(row.outcome.axis), parse_math=False)


def _panel(axis: Any, row: Correlation) -> None:
    axis.set_title(printable(row.model or ""), fontsize=8, parse_math=False)
    for domain, fit in (
        (Domain.INTERIOR, row.interior),
        (Domain.EXTERIOR, row.exterior),
    ):
        points = row.of(domain)
        if not points:
            continue
        x = np.array([p.x for p in points])
        y = np.array([row.outcome.scale * (p.y or 0) for p in points])
        label = str(domain)
        if not isinstance(fit, Undefined):
            label += f", R² {fit.r2:.3f}"
            ends = np.array(fit.x_range)
            heights = row.outcome.scale * fit.predict(ends)
            axis.plot(ends, heights, color=COLOURS[domain], lw=1)
        axis.scatter(
            x,
            y,
            s=9,
            marker=_MARKS[domain],
            color=COLOURS[domain],
            alpha=0.6,
            linewidths=0,
            label=label,
        )
    axis.legend(fontsize=6, handletextpad=0.2, borderaxespad=0.1)
