"""The report as Markdown, for the summary page of a CI job: verdicts first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.report.calibrated import calibration_line
from harness.report.found import said
from harness.report.provenance import provenance
from harness.report.run_file.json import write_report
from harness.report.sections import lines, ranks
from harness.report.sections.own import own
from harness.report.writers.markdown import escaped, grid, section_markdown

if TYPE_CHECKING:
    from harness.report.summary import Summary

# What Markdown says in titles, for want of notes.
_MEDIANS, _PROBIT = "(medians over the models)", "(probit, over models)"


def write_markdown(path: Path, summary: Summary) -> None:
    """Write the summary to a file."""
    write_report(path, markdown(summary))


def markdown(summary: Summary) -> str:
    """Gates, predictions, the metrics compared, accuracy, and what is missing."""
    moved = f"moved beyond chance since {summary.compared_with}"
    blocks = [
        _title(summary),
        _found(summary),
        _gates(summary),
        section_markdown(own(summary, "predictions")),
        section_markdown(own(summary, "comparison", moved)),
        section_markdown(own(summary, "ranks", f"{ranks.TITLE} {_MEDIANS}")),
        section_markdown(own(summary, "label-scores")),
        *map(section_markdown, summary.shown),
        section_markdown(own(summary, "lines", f"{lines.TITLE} {_PROBIT}")),
        section_markdown(own(summary, "assumptions", "assumptions")),
        _lost(summary),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _title(summary: Summary) -> str:
    failed = sum(not verdict.passed for verdict in summary.verdicts)
    counts = ", ".join(f"{n} {_text(kind)}" for kind, n in summary.counts.items() if n)
    if summary.interrupted:
        counts = f"interrupted; {counts}"
    verdict = ""
    if summary.verdicts:
        verdict = f": {failed} gates FAILED" if failed else ": all gates passed"
    made = provenance(summary.run)
    models = ", ".join(summary.run.get("models", []))
    calibrated = calibration_line(summary.temperatures)
    return (
        f"## Accuracy without labels{verdict}\n\n"
        f"Base {_text(summary.run.get('base', ''))}; models {_text(models)}; "
        f"{summary.run.get('datasets', 0)} datasets; cells: {counts or 'none'}."
        f"{f' {_text(calibrated)}.' if calibrated else ''}"
        f"{f' Made with {_text(made)}.' if made else ''}"
    )


def _found(summary: Summary) -> str:
    rows = [(name, "; ".join(said(one))) for name, one in summary.found.items()]
    return _table("Data", ("dataset", "found"), rows)


def _gates(summary: Summary) -> str:
    rows = [
        (
            "passed" if v.passed else _Markup("**FAILED**"),
            v.id.partition("::")[2],
            v.reason,
        )
        for v in sorted(summary.verdicts, key=lambda v: v.passed)
    ]
    return _table("Gates", ("", "gate", "why"), rows)


def _lost(summary: Summary) -> str:
    lines = [
        f"- without a value: {_text(loss.test.rpartition('::')[2])} "
        f"({len(loss.cells)} cells): {_text(loss.reason)}"
        for loss in summary.failed
    ]
    lines += [
        f"- skipped: {_text(loss.test.rpartition('::')[2])} ({len(loss.cells)} cells): "
        f"{_text(loss.reason)}"
        for loss in summary.skipped
    ]
    lines += [
        f"- left out: {_text(n)}: {_text(why)}" for n, why in summary.absent.items()
    ]
    return "\n".join(["### Missing", "", *lines]) if lines else ""


def _table(title: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [[_text(cell) for cell in row] for row in rows]
    if not cells:
        return ""
    return f"### {_text(title)}\n\n{grid(names, cells)}"


def _text(text: str) -> str:
    return text if isinstance(text, _Markup) else escaped(text)


class _Markup(str):
    """Text that is Markdown already."""

    __slots__ = ()
