"""Pictures for a paper: accuracy against each metric, and every curve of a section."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.analysis.correlation import Correlation, Undefined
from harness.errors import HarnessError
from harness.measurement import Domain
from harness.printable import printable
from harness.report.families import Colours, family_colours
from harness.report.file_names import file_names, words
from harness.report.gallery import Gallery, drawn
from harness.report.sections.ranks import Ranks
from harness.report.table import Curve
from harness.report.writers.svg import PALETTE, points_of

if TYPE_CHECKING:
    from harness.analysis.correlation import Point
    from harness.analysis.fits.fits import LineFit
    from harness.analysis.fits.outcome import FittedOutcome
    from harness.report.summary import Summary

# Of Okabe and Ito, "Color Universal Design", 2008: told apart by most eyes and in grey.
COLOURS = {Domain.INTERIOR: "#0072B2", Domain.EXTERIOR: "#D55E00"}
_MARKS = {Domain.INTERIOR: "o", Domain.EXTERIOR: "^"}
_MOST_COLUMNS = 3
_DASHES = ("-", "--", ":")  # of the second and third seven lines
_MOST_PLACES, _MOST_LINES = 12, 21  # with a label, in a legend
_MOST_FAMILIES = 4  # of a domain, in a legend
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "harness",  # the same file for the same run
    "pdf.fonttype": 42,  # TrueType: publishers refuse matplotlib's own, of type 3
}
_DPI = 200  # of pictures, and of pixels in drawings
_GRID = "all-metrics"
_PANELS = 5  # of the grid, side by side on a page
_MOST_DOTS = 20_000  # that a drawing of lines holds; of more, dots are pixels in it


def write_plots(folder: Path, summary: Summary) -> None:
    """Write METRIC.png, .svg and .pdf for every metric with a labelled dataset.

    One of all metrics beside each other is called `all-metrics`. Metrics with results
    that contradict each other have none. Curves and galleries of sections are called by
    their titles; of a gallery there is TITLE.png alone.

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
    grid, *names = file_names([_GRID, *rows, *map(words, drawings)])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context(_STYLE):
            if rows:
                _save(_grid(_over_models(summary, rows)), folder, grid)
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
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    for kind in ("png", "svg", "pdf"):
        path = folder / f"{name}.{kind}"
        figure.savefig(path, metadata=dates.get(kind), dpi=_DPI)


def _panels(count: int, most: int, size: tuple[float, float]) -> tuple[Any, list[Any]]:
    """A figure of so many panels of a size in inches, and these."""
    # Not pyplot: no window, no global state.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(most, count)
    lines = math.ceil(count / columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * lines), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    for axis in axes[count:]:
        axis.set_axis_off()
    return figure, list(axes)


def _over_models(
    summary: Summary, metrics: Iterable[str]
) -> list[tuple[Correlation, list[Correlation]]]:
    """By metric the fit over all models, and that of each, in the order of the ranks.

    Of one model alone its own stands for that over all.
    """
    found: dict[str, list[Correlation]] = {metric: [] for metric in metrics}
    for row in summary.correlations:
        if row.label in found:
            found[row.label].append(row)
    ranked = {one.label: i for i, one in enumerate(summary.of(Ranks).ranks)}
    ordered = sorted(found, key=lambda label: (ranked.get(label, len(ranked)), label))
    return [
        (
            next((one for one in found[label] if one.model is None), found[label][0]),
            [one for one in found[label] if one.model is not None],
        )
        for label in ordered
    ]


def _grid(metrics: list[tuple[Correlation, list[Correlation]]]) -> Any:
    """A panel for each metric: all models' datasets, and the line over all models."""
    figure, axes = _panels(len(metrics), _PANELS, (1.45, 1.3))
    dots = sum(len(row.points) for _, rows in metrics for row in rows)
    outcome = metrics[0][0].outcome
    for axis, (whole, rows) in zip(axes, metrics, strict=False):
        title = printable(whole.label.replace("_", " "))
        axis.set_title(title, fontsize=6, parse_math=False)
        axis.tick_params(labelsize=5, length=2, pad=1)
        axis.locator_params(nbins=3)
        texts = []
        for domain, fit in _fits(whole):
            points = [point for row in rows for point in row.of(domain)]
            if not points:
                continue
            x, y = _xy(points, outcome)
            drawn = {"color": COLOURS[domain], "marker": _MARKS[domain]}
            flat = dots > _MOST_DOTS
            axis.scatter(x, y, s=3, alpha=0.4, linewidths=0, rasterized=flat, **drawn)
            if not isinstance(fit, Undefined):
                _line(axis, fit, outcome, COLOURS[domain])
                texts.append((COLOURS[domain], fit))
        falls = any(fit.slope < 0 for _, fit in texts)
        for i, (colour, fit) in enumerate(texts):  # where the line is not
            axis.annotate(
                f"R² {fit.r2:.2f}",
                (0.97 if falls else 0.03, 0.97 - 0.11 * i),
                xycoords="axes fraction",
                ha="right" if falls else "left",
                va="top",
                color=colour,
                fontsize=5,
            )
    handles = [
        axes[0].scatter([], [], s=9, color=COLOURS[d], marker=_MARKS[d], label=str(d))
        for d in COLOURS
        if any(row.of(d) for _, rows in metrics for row in rows)
    ]
    figure.legend(handles=handles, loc="outside lower right", ncols=2, fontsize=6)
    figure.supylabel(printable(outcome.axis), fontsize=7, parse_math=False)
    return figure


def _figure(metric: str, rows: list[Correlation]) -> Any:
    figure, axes = _panels(len(rows), _MOST_COLUMNS, (2.6, 2.3))
    colours = family_colours(rows)
    for axis, row in zip(axes, rows, strict=False):
        _panel(axis, row, colours)
    for axis in axes[:: min(_MOST_COLUMNS, len(rows))]:
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
    _panel(axis, row, family_colours([row]))
    axis.set_xlabel(printable(row.label.replace("_", " ")), parse_math=False)
    axis.set_ylabel(printable(row.outcome.axis), parse_math=False)


def _panel(axis: Any, row: Correlation, colours: Colours) -> None:
    axis.set_title(printable(row.model or ""), fontsize=8, parse_math=False)
    for domain, fit in _fits(row):
        points = row.of(domain)
        if not points:
            continue
        label = str(domain)
        if not isinstance(fit, Undefined):
            label += f", R² {fit.r2:.3f}"
            _line(axis, fit, row.outcome, COLOURS[domain])
        families = sorted({p.family for p in points}, key=lambda f: colours[domain, f])
        for family in families:
            own = [p for p in points if p.family == family]
            x, y = _xy(own, row.outcome)
            axis.scatter(
                x,
                y,
                s=9,
                marker=_MARKS[domain],
                color=PALETTE[colours[domain, family]],
                alpha=0.6,
                linewidths=0,
                label=_entry(label, families, family),
            )
    legend = axis.legend(fontsize=6, handletextpad=0.2, borderaxespad=0.1)
    for entry in legend.get_texts():
        entry.set_parse_math(False)


def _entry(domain: str, families: Sequence[str], family: str) -> str | None:
    """What a legend says of a family: of the first of a domain its line as well.

    Of a domain with one family the line alone; of very many families the first ones.
    """
    place = families.index(family)
    if len(families) == 1:
        return domain
    if place >= _MOST_FAMILIES:
        return None
    name = printable(family)
    return name if place else f"{domain}: {name}"


def _fits(row: Correlation) -> tuple[tuple[Domain, LineFit | Undefined], ...]:
    return (Domain.INTERIOR, row.interior), (Domain.EXTERIOR, row.exterior)


def _xy(
    points: Sequence[Point], outcome: FittedOutcome
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = np.array([point.x for point in points])
    return x, np.array([outcome.scale * (point.y or 0) for point in points])


def _line(axis: Any, fit: LineFit, outcome: FittedOutcome, colour: str) -> None:
    """A fit from its least to its largest metric."""
    ends = np.array(fit.x_range)
    axis.plot(ends, outcome.scale * fit.predict(ends), color=colour, lw=1)
