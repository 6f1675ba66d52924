"""docs/metrics.md: every metric, from the code and from what a real run found.

    python -m docs.metrics

writes the page anew after a docstring has changed. After a new run,

    python -m docs.metrics --report REPORT.json --command COMMAND --data DATA \
        --machine MACHINE

first condenses its JSON report into docs/measured.json.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from docs.docstrings import read_docstring
from docs.measured import Measured, Row, from_report, load_measured, save_measured
from harness.metrics import METRICS
from harness.metrics.spec import Input, Kind, Metric, Trend
from harness.settings import TOP_1

PATH = Path(__file__).parent / "metrics.md"

_DIRECTIONS = {
    Trend.RISES: "higher is better",
    Trend.FALLS: "lower is better",
    Trend.NONE: "neither way",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """All that the page says of one metric, as Markdown."""

    name: str
    what: str
    formula: str
    range: str
    direction: str
    kind: str
    inputs: str
    cost: str
    source: str
    measured: str
    options: str
    notes: str
    references: str


def entry_of(metric: Metric, measured: Measured) -> Entry:
    """Gather it.

    Raises
    ------
    BadData
        If the docstring lacks a part.
    """
    doc = read_docstring(metric.fn)
    rows = [row for row in measured.rows if row.metric == metric.name]
    inputs, options = (
        "; ".join(f"`{name}`, {text}" for name, text in part)
        for part in (
            doc.parameters[: len(metric.inputs)],
            doc.parameters[len(metric.inputs) :],
        )
    )
    low, high = metric.bounds
    return Entry(
        name=metric.name,
        what=doc.what,
        formula=doc.formula,
        range=f"{_bound(low)} to {_bound(high)}. {doc.returns}",
        direction=_DIRECTIONS[metric.trend],
        kind=_kind(metric),
        inputs=inputs,
        cost=_cost(metric, rows),
        source=metric.source,
        measured=_table(rows) if rows else _reason(metric, measured),
        options=options,
        notes=doc.notes,
        references=doc.references,
    )


def page(measured: Measured) -> str:
    """The whole of docs/metrics.md."""
    entries = [entry_of(metric, measured) for metric in METRICS]
    parts = [_opening(measured), _overview(entries, measured)]
    parts += [_section(entry) for entry in entries]
    return "\n\n".join(parts) + "\n"


def _bound(value: float) -> str:
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    return f"{value:.4g}"


def _kind(metric: Metric) -> str:
    kind = "a score, to be fitted against accuracy"
    if metric.kind is Kind.ESTIMATE:
        kind = "an estimate of accuracy itself"
    if not metric.label_free:
        kind = (
            "an outcome: it uses the target's labels, and metrics are fitted against "
            "it, never it against them"
        )
    if metric.depends_on_n:
        kind += "; it drifts with the number of images, so sets must be of one size"
    return kind


def _cost(metric: Metric, rows: Sequence[Row]) -> str:
    """Forward passes by what goes in; milliseconds as measured."""
    inputs = set(metric.inputs)
    passes = []
    if any(ask.one_pass and ask.what != "labels" for ask in inputs):
        passes.append("one forward pass")
    if not inputs.isdisjoint(
        {
            Input.VIEW_PROBS,
            Input.COPY_PROBS,
            Input.COPY_PREDICTED,
            Input.COPY_FEATURES,
        }
    ):
        passes.append("one for each view")
    if Input.HEAD_LOGITS in inputs:
        passes.append("one forward pass for each view")
        passes.append("a head trained once a model on training images")
    if any(ask.of == "source" for ask in inputs):
        passes.append("one over the labelled source images, shared by all datasets")
    if any(ask.of == "train" for ask in inputs):
        passes.append("one over the training images, shared by all datasets")
    if Input.PEER_PREDICTED in inputs:
        passes.append("the same of every other model")
    if metric.costly:
        passes.append("seconds of its own in each cell, so that it runs on request")
    text = "; ".join(passes)
    if rows:
        text += f"; then {_milliseconds(rows)} ms"
    return text


_COLUMNS = (
    "model",
    "int. R²",
    "int. ρ",
    "ext. R²",
    "ext. ρ",
    "ext. MAE",
    "own MAE",
)


def _table(rows: Iterable[Row]) -> str:
    lines = [
        f"| {' | '.join(_COLUMNS)} |",
        f"|---{'|--:' * (len(_COLUMNS) - 1)}|",
    ]
    for row in rows:
        cells = [
            row.model,
            _number(row.interior_r2),
            _signed(row.interior_rho),
            _number(row.exterior_r2),
            _signed(row.exterior_rho),
            _points(row.exterior_mae),
            _points(row.own_mae),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _points(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


def _milliseconds(rows: Sequence[Row]) -> str:
    value = statistics.median(row.ms for row in rows)
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _reason(metric: Metric, measured: Measured) -> str:
    """Why there are no numbers."""
    if metric.name == TOP_1:
        return "It is what all others are held against."
    if not metric.label_free:
        return f"Others are held against it with `--harness-outcome {metric.name}`."
    if own := [m.name for m in METRICS if (m.stands_for or ("",))[0] == metric.name]:
        return f"Measured under names of their own: {', '.join(own)}."
    if metric.name in measured.skipped:
        return f"Not measured in this run: {measured.skipped[metric.name]}."
    return "Not measured in this run."


def _opening(measured: Measured) -> str:
    about = measured.about
    families = ", ".join(f"{name} ({n})" for name, n in about.families.items())
    models = ", ".join(f"{m} ({100 * a:.1f} %)" for m, a in about.models.items())
    return f"""\
# Metrics

This page is made: `python -m docs.metrics` writes it from the docstrings and facts in
`harness/metrics` and from `docs/measured.json`. Letters: n images, k classes, d
features, v views, s labelled source images, m other models; f are logits, p their
softmax, z features, $`\\hat y`$ predicted classes; a superscript or subscript S is the
source.

## What was measured

One run, on the first {about.images} images of each dataset. `--harness-max-images` now
draws them over the whole of a dataset; the test split is in random order, so both are
random samples.

- datasets, by family: {families}
- models, with their accuracy on those images of the test split: {models}
- data: {about.data}
- machine: {about.machine}

```sh
{about.command}
```

What the tables say of each model:

- int.: a line is fitted to accuracy against the metric over the interior datasets (test
  split and transformed copies of it). R² is that of the fit, ρ is Spearman's, of metric
  against accuracy.
- ext.: that line, unchanged, predicts the exterior datasets. R² is that of prediction
  and may be negative; MAE is in points of accuracy; ρ is as above, there.
- own MAE: of a metric that estimates accuracy, its own error on the exterior datasets,
  without any fit, in points.
- ms: median time of one value once the forward passes are made.

How far to trust them:

- Few models and few images show what each number is like; they are too few to rank
  metrics by. The accuracy of {about.images} images has a standard error of up to
  {50 / math.sqrt(about.images):.1f} points.
- All datasets show the same scenes, and so do the labelled source images, which are the
  first {about.images} of the test split: kinder to metrics that need a source than new
  photographs would be.
- Synthetic corruptions are easy for any number that follows blur and noise: a high R²
  here says little about photographs from elsewhere."""


def _overview(entries: Sequence[Entry], measured: Measured) -> str:
    lines = [
        "## All of them",
        "",
        "Medians over the models in a metric's own table below; some have one model.",
        "",
        "| metric | direction | int. R² | ext. R² | ext. MAE | own MAE | ms |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for entry in entries:
        rows = [row for row in measured.rows if row.metric == entry.name]
        cells = [
            f"[{entry.name}](#{entry.name})",
            entry.direction,
            _number(_median(row.interior_r2 for row in rows)),
            _number(_median(row.exterior_r2 for row in rows)),
            _points(_median(row.exterior_mae for row in rows)),
            _points(_median(row.own_mae for row in rows)),
            _milliseconds(rows) if rows else "-",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _section(entry: Entry) -> str:
    facts = [
        ("range", entry.range),
        ("direction", entry.direction),
        ("kind", entry.kind),
        ("inputs", entry.inputs),
        ("options", entry.options),
        ("cost", entry.cost),
        ("source", entry.source),
        ("references", entry.references),
    ]
    listed = "\n".join(f"- **{name}**: {text}" for name, text in facts if text)
    parts = [f"## {entry.name}", entry.what, entry.formula, listed, entry.notes]
    return "\n\n".join(part for part in (*parts, entry.measured) if part)


def main() -> None:
    """Write docs/metrics.md, and docs/measured.json before it if a report is given."""
    parser = argparse.ArgumentParser(
        prog="python -m docs.metrics",
        description=(__doc__ or "").partition("\n")[0],
    )
    parser.add_argument("--report", type=Path, help="of pytest --harness-report-json")
    for name, what in (
        ("command", "that made the report"),
        ("data", "what its images are"),
        ("machine", "it ran on"),
    ):
        parser.add_argument(f"--{name}", help=f"{what}; needed with --report")
    given = parser.parse_args()
    words = {name: getattr(given, name) for name in ("command", "data", "machine")}
    if given.report is not None:
        for name, text in words.items():
            if not text:
                parser.error(f"--report needs --{name}")
        report = json.loads(given.report.read_text())
        save_measured(from_report(report, **words))
    elif any(words.values()):
        parser.error("--command, --data and --machine describe a --report: give it")
    PATH.write_text(page(load_measured()))


if __name__ == "__main__":
    main()
