"""Accuracy on the line: over models, how accuracy elsewhere goes with the test split's.

Needs no metric at all, so it is the first thing to know about a zoo of models.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined, or_reason
from harness.analysis.fits.scales import Scale
from harness.analysis.on_the_line import AccuracyLine, accuracy_line
from harness.measurement import Domain, Measurement
from harness.report.columns import Block, Columns, Names, Number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.analysis.tables import AccuracyTable

LEAST_MODELS = 8  # fewer models make a line that says little


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTheLine:
    """Accuracy on a dataset against accuracy on another, a point a model.

    Attributes
    ----------
    dataset
        The one predicted.
    models
        Names, in the order of `x` and `y`.
    x, y
        Accuracies on the reference, the test split say, and on the dataset.
    lines
        By scale: probit, logit, linear.
    """

    dataset: str
    models: tuple[str, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    lines: dict[str, AccuracyLine | Undefined]


def on_the_line(measurements: Iterable[Measurement]) -> tuple[OnTheLine, ...]:
    """A row for each labelled dataset outside the interior, by name.

    None without a test split, or with fewer than `LEAST_MODELS` models.
    """
    found: dict[str, dict[str, Measurement]] = {}
    for m in measurements:
        wanted = m.family == "test" or m.domain is Domain.EXTERIOR
        if m.accuracy is not None and wanted:
            name = "test" if m.family == "test" else m.dataset
            found.setdefault(name, {})[m.model] = m
    test = found.pop("test", {})
    return tuple(
        _of_measurements(dataset, test, rows)
        for dataset, rows in sorted(found.items())
        if len(test.keys() & rows.keys()) >= LEAST_MODELS
    )


def table_lines(table: AccuracyTable, against: str) -> tuple[OnTheLine, ...]:
    """A row for each other dataset of a table, in its order.

    Raises
    ------
    KeyError
        If the table has no dataset `against`.
    """
    table.column(against)
    rows = []
    for dataset in table.datasets:
        if dataset != against:
            models, x, y = table.pair(against, dataset)
            rows.append(_row(dataset, models, tuple(x.tolist()), tuple(y.tolist())))
    return tuple(rows)


def _of_measurements(
    dataset: str, test: dict[str, Measurement], rows: dict[str, Measurement]
) -> OnTheLine:
    models = tuple(sorted(test.keys() & rows.keys()))
    x, y = (tuple(_accuracy(side[m]) for m in models) for side in (test, rows))
    images = [[side[m].images for m in models] for side in (test, rows)]
    return _row(dataset, models, x, y, *images)


def _row(
    dataset: str,
    models: tuple[str, ...],
    x: tuple[float, ...],
    y: tuple[float, ...],
    x_images: list[int] | None = None,
    y_images: list[int] | None = None,
) -> OnTheLine:
    lines = {
        scale.value: or_reason(
            partial(
                accuracy_line, x, y, scale=scale, x_images=x_images, y_images=y_images
            )
        )
        for scale in (Scale.PROBIT, Scale.LOGIT, Scale.LINEAR)
    }
    return OnTheLine(dataset=dataset, models=models, x=x, y=y, lines=lines)


def _accuracy(m: Measurement) -> float:
    assert m.accuracy is not None
    return m.accuracy


def line_table(
    rows: Sequence[OnTheLine],
    *,
    scale: Scale = Scale.PROBIT,
    against: str = "the test split",
    most: int = 12,
) -> Iterable[RenderableType]:
    """The rows as a table of 80 columns, and what its numbers are.

    Parameters
    ----------
    rows
        At least one, or nothing is said.
    scale
        Of the slope, the bias and the error.
    against
        What to call the reference.
    most
        How many rows to print before the rest is counted.
    """
    if not rows:
        return
    numbers = (
        Number(name="n", width=4, goes=4),
        Number(over=scale.value, name="slope", width=7, goes=2),
        Number(name="bias", width=7, goes=2),
        Number(name="MAE", width=5, goes=1),
        Number(over="R²", name="probit", width=6),
        Number(over="R²", name="logit", width=6, goes=3),
        Number(over="R²", name="linear", width=6, goes=3),
        Number(name="ρ", width=6),
    )
    shown = Columns(
        title="accuracy on the line",
        names=(Names(head="\ndataset", widest=20),),
        blocks=(Block(numbers=numbers),),
    )
    reasons: dict[str, list[str]] = {}
    for row in rows[:most]:
        line = row.lines[scale.value]
        if isinstance(line, Undefined):
            reasons.setdefault(line.reason, []).append(row.dataset)
            continue
        values = (
            str(line.n),
            f"{line.line.slope:.4f}",
            f"{line.line.intercept:+.4f}",
            f"{100 * line.mae:.2f}",
            *(_r2(row.lines[s]) for s in ("probit", "logit", "linear")),
            f"{line.spearman:+.3f}",
        )
        shown.add((row.dataset,), values)
    if shown.rows:
        yield shown
    for reason, datasets in reasons.items():
        yield f"  no line for {', '.join(datasets)}: {reason}"
    if len(rows) > most:
        yield f"  and {len(rows) - most} more datasets"
    yield (
        f"Over models: accuracy on the dataset against accuracy on {against}. ρ is "
        "Spearman's; MAE in points: each model from the line of the others."
    )


def _r2(line: AccuracyLine | Undefined) -> str:
    return "-" if isinstance(line, Undefined) else f"{line.r2:.4f}"
