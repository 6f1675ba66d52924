"""The report on a terminal: rich renders to text, pytest's reporter writes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from harness.report.calibrated import calibration_line
from harness.report.columns import Block, Columns, Names, Number
from harness.report.found import found_lines
from harness.report.scatter import NARROWEST, chosen_row, scatter
from harness.report.sections.own import PLOT, TERMINAL, named
from harness.report.text import LEAST_WIDTH, rendered, some
from harness.report.writers.terminal import section_lines

if TYPE_CHECKING:
    import pytest
    from rich.console import RenderableType

    from harness.report.summary import Summary
    from harness.run import Run


def opening(run: Run) -> list[str]:
    """Lines before the first test: what will run, and what is left out."""
    families: dict[str, int] = {}
    for dataset in run.datasets.values():
        families[dataset.family] = families.get(dataset.family, 0) + 1
    named = ", ".join(f"{name} {n}" for name, n in families.items())
    lines = [
        f"harness: base {run.base.name} ({run.base.locate(run.settings)})",
        f"harness: models {', '.join(run.models)}",
        f"harness: datasets {named}",
        *(f"harness: {line}" for line in found_lines(run.found)),
    ]
    if run.encoders:
        lines.append(
            f"harness: encoders {', '.join(run.encoders)}: no accuracy, and no part in "
            "comparisons of what models predict"
        )
    if families_absent := run.absent_families:
        lines.append(
            f"harness: {len(families_absent)} families left out for want of files: "
            f"{some(list(families_absent))}"
        )
    if absent := run.absent_models:
        lines.append(
            f"harness: {len(absent)} models left out for want of weights: "
            f"{some(list(absent))}"
        )
    return lines


def write(
    reporter: pytest.TerminalReporter,
    summary: Summary,
    *,
    short: bool = False,
) -> None:
    """Write the report under a heading of its own."""
    reporter.section("accuracy without labels")
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
    yield from _accuracies(summary)
    if summary.temperatures:
        yield calibration_line(summary.temperatures)
    if not (outcome := summary.outcome).is_accuracy:
        yield f"metrics are fitted against {outcome.words}, and not against accuracy"
    for name in TERMINAL:
        for one in named(summary, name):
            yield from section_lines(one, width, short=short)
        if name == PLOT and not short and width >= NARROWEST:
            yield from _plot(summary)


def _plot(summary: Summary) -> Iterable[RenderableType]:
    from rich.text import Text

    if (plotted := chosen_row(summary)) is not None:
        yield ""
        yield Text(scatter(plotted))


def _counts(summary: Summary) -> Iterable[str]:
    kinds = ("measured", "not stored", "stored", "failed", "skipped", "not run")
    named = {"stored": "found in the store"}
    parts = [
        f"{summary.counts[k]} {named.get(k, k)}" for k in kinds if summary.counts[k]
    ]
    stopped = "interrupted; " if summary.interrupted else ""
    yield f"{stopped}cells: {', '.join(parts) or 'none'}"


def _accuracies(summary: Summary) -> Iterable[Any]:
    """How right each model is: on the test split, and from where to where elsewhere."""
    models: dict[str, dict[str, dict[str, float]]] = {}
    for m in summary.measurements:
        if m.accuracy is not None:
            kind = "test" if m.of_test_split else str(m.domain)
            of_model = models.setdefault(m.model, {})
            of_model.setdefault(kind, {})[m.dataset] = m.accuracy
    if not models:
        return
    domains = {"test": 0, "interior": 2, "exterior": 1}
    table = Columns(
        title="accuracy",
        names=(Names(head="model", widest=16, cut=True),),
        blocks=tuple(
            Block(numbers=(Number(name=domain, goes=goes),))
            for domain, goes in domains.items()
        ),
    )
    for model, kinds in models.items():
        ranges = [_range(list(kinds.get(domain, {}).values())) for domain in domains]
        table.add((model,), *((one,) for one in ranges))
    yield ""
    yield table


def _range(accuracies: Sequence[float]) -> str:
    if not accuracies:
        return "-"
    low, high = 100 * min(accuracies), 100 * max(accuracies)
    return f"{low:.2f}" if len(accuracies) == 1 else f"{low:.1f} to {high:.1f}"
