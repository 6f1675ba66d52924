"""Pictures for a paper: accuracy against each metric, a panel for each model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.analysis.correlation import Correlation, Undefined
from harness.errors import HarnessError
from harness.measurement import Domain

if TYPE_CHECKING:
    from harness.report.summary import Summary

# Of Okabe and Ito, "Color Universal Design", 2008: told apart by most eyes and in grey.
COLOURS = {Domain.INTERIOR: "#0072B2", Domain.EXTERIOR: "#D55E00"}
_MARKS = {Domain.INTERIOR: "o", Domain.EXTERIOR: "^"}
_MOST_COLUMNS = 3
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

    Raises
    ------
    HarnessError
        If a file cannot be written.
    """
    import matplotlib

    rows: dict[str, list[Correlation]] = {}
    for row in summary.correlations:
        if row.model is not None and row.points:
            rows.setdefault(row.metric, []).append(row)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context(_STYLE):
            for metric, found in rows.items():
                figure = _figure(metric, found)
                name = metric.replace("/", "-")
                for kind, extra in (("png", {"dpi": 200}), ("svg", {})):
                    metadata = {"Date": None} if kind == "svg" else None
                    figure.savefig(
                        folder / f"{name}.{kind}", metadata=metadata, **extra
                    )
    except OSError as error:
        raise HarnessError(f"plots in {folder} cannot be written: {error}") from error


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
        axis.set_ylabel("accuracy (%)")
    figure.supxlabel(metric.replace("_", " "), fontsize=9)
    return figure


def _panel(axis: Any, row: Correlation) -> None:
    axis.set_title(row.model, fontsize=8)
    for domain, fit in (
        (Domain.INTERIOR, row.interior),
        (Domain.EXTERIOR, row.exterior),
    ):
        points = row.of(domain)
        if not points:
            continue
        x = np.array([p.x for p in points])
        y = np.array([100 * (p.y or 0) for p in points])
        label = str(domain)
        if not isinstance(fit, Undefined):
            label += f", R² {fit.r2:.3f}"
            ends = np.array(fit.x_range)
            axis.plot(ends, 100 * fit.predict(ends), color=COLOURS[domain], lw=1)
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
