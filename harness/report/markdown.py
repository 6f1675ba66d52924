"""The report as Markdown, for the summary page of a CI job: verdicts first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.printable import counted
from harness.report.calibrated import calibration_line
from harness.report.found import said
from harness.report.provenance import provenance
from harness.report.run_file.json import write_report
from harness.report.sections.gates import Gates
from harness.report.sections.own import PAGE, named
from harness.report.text import capital
from harness.report.writers.markdown import escaped, grid, section_markdown

if TYPE_CHECKING:
    from harness.report.summary import Summary


def write_markdown(path: Path, summary: Summary) -> None:
    """Write the summary to a file."""
    write_report(path, markdown(summary))


def markdown(summary: Summary) -> str:
    """Gates, predictions, the metrics compared, accuracy, and what is missing."""
    blocks = [
        _title(summary),
        _found(summary),
        *(section_markdown(one) for name in PAGE for one in named(summary, name)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _title(summary: Summary) -> str:
    verdicts = summary.of(Gates).verdicts
    lost = [one.word for one in verdicts if not one.passed]
    counts = ", ".join(
        f"{n} {escaped(kind)}" for kind, n in summary.counts.items() if n
    )
    if summary.interrupted:
        counts = f"interrupted; {counts}"
    verdict = ""
    if verdicts:
        lost_gates = f": {counted(len(lost), 'gate')} {lost[0]}" if lost else ""
        verdict = lost_gates or ": all gates passed"
    made = provenance(summary.run)
    models = ", ".join(summary.models)
    datasets = counted(summary.run.get("datasets", 0), "dataset")
    calibrated = calibration_line(summary.temperatures)
    return (
        f"## {escaped(capital(summary.title))}{verdict}\n\n"
        f"Base {escaped(summary.run.get('base', ''))}; models {escaped(models)}; "
        f"{datasets}; cells: {counts or 'none'}."
        f"{f' {escaped(calibrated)}.' if calibrated else ''}"
        f"{f' Made with {escaped(made)}.' if made else ''}"
    )


def _found(summary: Summary) -> str:
    rows = [
        (escaped(name), escaped("; ".join(said(one))))
        for name, one in summary.found.items()
    ]
    return f"### Data\n\n{grid(('dataset', 'found'), rows)}" if rows else ""
