"""The report on a terminal: rich renders to text, pytest's reporter writes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from harness.printable import counted, printable
from harness.report.calibrated import calibration_line
from harness.report.found import found_lines
from harness.report.scatter import NARROWEST, chosen_row, scatter
from harness.report.sections.accuracies import NAME as ACCURACIES
from harness.report.sections.own import PLOT, TERMINAL, named
from harness.report.text import LEAST_WIDTH, rendered, some
from harness.report.writers.terminal import section_lines

if TYPE_CHECKING:
    import pytest
    from rich.console import RenderableType

    from harness.report.summary import Summary
    from harness.run import Run


def opening(run: Run, subjects: Collection[str]) -> list[str]:
    """Lines before the first test: what will run, and what is left out.

    Parameters
    ----------
    subjects
        The models and populations that a test is about.
    """
    families: dict[str, int] = {}
    for dataset in run.datasets.values():
        families[dataset.family] = families.get(dataset.family, 0) + 1
    named = ", ".join(f"{name} {n}" for name, n in families.items())
    lines = [
        f"harness: base {run.base.name} ({run.base.locate(run.settings)})",
        f"harness: models {', '.join(_models(run, subjects)) or 'none'}",
        f"harness: datasets {named}",
        *(f"harness: {line}" for line in found_lines(run.found)),
    ]
    if run.encoders:
        lines.append(
            f"harness: encoders {', '.join(run.encoders)}: no accuracy, and no part in "
            "comparisons of what models predict"
        )
    if families_absent := run.absent_families:
        word = "family" if len(families_absent) == 1 else "families"
        lines.append(
            f"harness: {len(families_absent)} {word} left out for want of files: "
            f"{some(list(families_absent))}"
        )
    if absent := run.absent_models:
        lines.append(
            f"harness: {counted(len(absent), 'model')} left out for want of weights: "
            f"{some(list(absent))}"
        )
    return lines


def _models(run: Run, subjects: Collection[str]) -> list[str]:
    """The chosen ones that are measured."""
    return [name for name in run.models if name in subjects]


def write(
    reporter: pytest.TerminalReporter,
    summary: Summary,
    *,
    short: bool = False,
) -> None:
    """Write the report under a heading of its own."""
    reporter.section(printable(summary.title))
    markup = reporter._tw.hasmarkup
    encoding = getattr(reporter._tw._file, "encoding", None) or "utf-8"
    width = max(LEAST_WIDTH, reporter._tw.fullwidth)
    text = report_text(
        summary,
        width=width,
        colour=markup,
        encoding=encoding,
        short=short,
    )
    reporter.write(text)


def report_text(
    summary: Summary,
    *,
    width: int,
    colour: bool = False,
    encoding: str = "utf-8",
    short: bool = False,
) -> str:
    """The report as text of a given width.

    Parameters
    ----------
    width
        Columns; a narrow terminal has fewer columns of numbers.
    colour
        Whether to write escape codes.
    encoding
        Of the stream; letters it lacks are spelt out.
    short
        Leave out the table of each metric, and the plot.
    """
    parts = report_parts(summary, width=width, short=short)
    return rendered(parts, width=width, colour=colour, encoding=encoding)


def report_parts(
    summary: Summary, *, width: int, short: bool
) -> Iterable[RenderableType]:
    """The report's tables and lines, for a terminal of a width."""
    yield from _counts(summary)
    yield from found_lines(summary.found)
    for name in TERMINAL:
        for one in named(summary, name):
            yield from section_lines(one, width, short=short)
        if name == ACCURACIES:
            yield from _remarks(summary)
        if name == PLOT and not short and width >= NARROWEST:
            yield from _plot(summary)


def _remarks(summary: Summary) -> Iterable[str]:
    """What was done to the numbers that follow."""
    if summary.temperatures:
        yield calibration_line(summary.temperatures)
    if not (outcome := summary.outcome).is_accuracy:
        yield f"metrics are fitted against {outcome.words}, and not against accuracy"


def _plot(summary: Summary) -> Iterable[RenderableType]:
    from rich.text import Text

    if (plotted := chosen_row(summary)) is not None:
        yield ""
        yield Text(scatter(plotted))


def _counts(summary: Summary) -> Iterable[str]:
    stopped = "interrupted; " if summary.interrupted else ""
    yield stopped + cells_line(summary.counts)


def cells_line(counts: Mapping[str, int]) -> str:
    """How many cells ended how."""
    kinds = ("measured", "not stored", "stored", "failed", "skipped", "not run")
    named = {"stored": "found in the store"}
    if known := counts.get("stored skips"):
        named["skipped"] = f"skipped ({known} found in the store)"
    parts = [f"{counts[k]} {named.get(k, k)}" for k in kinds if counts[k]]
    return f"cells: {', '.join(parts) or 'none'}"
