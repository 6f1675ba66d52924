"""The report as Markdown, for the summary page of a CI job: verdicts first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.report.assumptions import counted, shown_value
from harness.report.calibrated import calibration_line
from harness.report.found import said
from harness.report.outcomes import TITLE
from harness.report.predicted import shown_predictions
from harness.report.provenance import provenance
from harness.report.run_file.json import write_report
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
        _gates(summary),
        _predictions(summary),
        _changes(summary),
        _ranks(summary),
        _label_scores(summary),
        *map(section_markdown, summary.shown),
        _lines(summary),
        _assumptions(summary),
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


def _predictions(summary: Summary) -> str:
    rows = []
    for one in shown_predictions(summary.predictions):
        by, found = one.predictor.name, one.prediction
        if isinstance(found, Undefined):
            rows.append((one.dataset, one.model, by, "-", found.reason))
            continue
        rows.append(
            (
                one.dataset,
                one.model,
                by,
                f"{100 * found.accuracy:.1f} %",
                f"{100 * found.low:.1f} to {100 * found.high:.1f} %"
                + ("" if found.inside else " (outside the range of the fit)"),
            )
        )
    return _table(
        "Predicted accuracy",
        ("dataset", "model", "by", "accuracy", "95 % interval"),
        rows,
    )


def _changes(summary: Summary) -> str:
    moved = [c for c in summary.changes if c.beyond]
    rows = [
        (c.label, c.model or "all", f"{c.part} {c.statistic}", f"{c.difference:+.3f}")
        for c in moved
    ]
    title = f"Moved beyond chance since {summary.compared_with}"
    return _table(title, ("metric", "model", "statistic", "move"), rows)


def _ranks(summary: Summary) -> str:
    rows = [
        (
            rank.label,
            _number(rank.interior_r2),
            _number(rank.exterior_r2),
            _number(rank.exterior_rho),
            _number(rank.transfer_r2),
            _number(rank.transfer_rmse, 100, 2),
            _number(rank.mae, 100, 2),
        )
        for rank in summary.ranks
    ]
    return _table(
        "Metrics compared (medians over the models)",
        ("metric", "int. R²", "ext. R²", "ext. ρ", "line R²", "line RMSE", "MAE"),
        rows,
    )


def _label_scores(summary: Summary) -> str:
    rows = [
        (
            score.label,
            score.model,
            str(score.datasets),
            *(_number(value) for value in (score.mean, score.low, score.high)),
        )
        for score in summary.label_scores
    ]
    columns = ("score", "model", "datasets", "mean", "least", "most")
    return _table(TITLE.capitalize(), columns, rows)


def _lines(summary: Summary) -> str:
    rows = []
    for row in summary.lines:
        line = row.lines["probit"]
        if not isinstance(line, Undefined):
            rows.append(
                (
                    row.dataset,
                    str(line.n),
                    f"{line.line.slope:.3f}",
                    f"{line.r2:.3f}",
                    f"{line.spearman:+.3f}",
                )
            )
    return _table(
        "Accuracy on the line (probit, over models)",
        ("dataset", "models", "slope", "R²", "ρ"),
        rows,
    )


def _assumptions(summary: Summary) -> str:
    rows = [
        (str(f.doubt), f.model or "all", f.where, shown_value(f), counted(f))
        for f in summary.assumptions
        if f.warns
    ]
    if summary.assumptions and not rows:
        return "### Assumptions\n\nNothing unusual."
    return _table("Assumptions", ("doubt", "model", "most", "value", "of"), rows)


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


def _number(value: float | None, scale: float = 1, digits: int = 3) -> str:
    return "-" if value is None else f"{scale * value:.{digits}f}"


def _text(text: str) -> str:
    return text if isinstance(text, _Markup) else escaped(text)


class _Markup(str):
    """Text that is Markdown already."""

    __slots__ = ()
