"""Accuracy on the line: over models, how accuracy elsewhere goes with the test split's.

Needs no metric at all, so it is the first thing to know about a zoo of models.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.analysis.correlation import Undefined, or_reason
from harness.analysis.on_the_line import AccuracyLine, accuracy_line
from harness.analysis.scales import Scale
from harness.measurement import Domain, Measurement

if TYPE_CHECKING:
    from rich.console import RenderableType

LEAST_MODELS = 8  # fewer models make a line that says little


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTheLine:
    """Accuracy on a dataset against accuracy on the test split, a point a model.

    Attributes
    ----------
    dataset
        The one predicted.
    models
        Names, in the order of `x` and `y`.
    x, y
        Accuracies on the test split and on the dataset.
    probit, linear
        Lines on either scale.
    """

    dataset: str
    models: tuple[str, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    probit: AccuracyLine | Undefined
    linear: AccuracyLine | Undefined


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
        _row(dataset, test, rows)
        for dataset, rows in sorted(found.items())
        if len(test.keys() & rows.keys()) >= LEAST_MODELS
    )


def _row(
    dataset: str, test: dict[str, Measurement], rows: dict[str, Measurement]
) -> OnTheLine:
    models = tuple(sorted(test.keys() & rows.keys()))
    x, y = (tuple(_accuracy(side[m]) for m in models) for side in (test, rows))
    x_images, y_images = ([side[m].images for m in models] for side in (test, rows))
    probit, linear = (
        or_reason(
            partial(
                accuracy_line, x, y, scale=scale, x_images=x_images, y_images=y_images
            )
        )
        for scale in (Scale.PROBIT, Scale.LINEAR)
    )
    return OnTheLine(
        dataset=dataset, models=models, x=x, y=y, probit=probit, linear=linear
    )


def _accuracy(m: Measurement) -> float:
    assert m.accuracy is not None
    return m.accuracy


def table(rows: Sequence[OnTheLine], most: int = 12) -> Iterable[RenderableType]:
    """The rows as a table of 80 columns, and what the numbers are."""
    from rich import box
    from rich.table import Table

    if not rows:
        return
    shown = Table(title="accuracy on the line", title_justify="left", box=box.SIMPLE)
    shown.title_style, shown.show_edge, shown.pad_edge = "bold", False, False
    shown.add_column("\ndataset", no_wrap=True, overflow="ellipsis", max_width=24)
    form = "{:>3} {:>7} {:>7} {:>6} {:>6} {:>6} {:>5}".format
    names = form("n", "slope", "bias", "R²", "ρ", "R²", "MAE")
    shown.add_column(f"{form('', 'probit', '', '', '', 'linear', '')}\n{names}")
    reasons = []
    for row in rows[:most]:
        probit, linear = row.probit, row.linear
        if isinstance(probit, Undefined) or isinstance(linear, Undefined):
            lost = probit if isinstance(probit, Undefined) else linear
            assert isinstance(lost, Undefined)
            reasons.append(f"  undefined for {row.dataset}: {lost.reason}")
            continue
        shown.add_row(row.dataset, _numbers(form, probit, linear))
    yield shown
    yield from reasons
    if len(rows) > most:
        yield f"  and {len(rows) - most} more datasets, in the report files"
    yield (
        "Over models: accuracy on the dataset against accuracy on the test split. MAE "
        "in points: each model's accuracy from the line of the others (probit)."
    )


def _numbers(form: Any, probit: AccuracyLine, linear: AccuracyLine) -> str:
    text: str = form(
        probit.n,
        f"{probit.line.slope:.4f}",
        f"{probit.line.intercept:+.4f}",
        f"{probit.r2:.4f}"[:6],
        f"{probit.spearman:.3f}",
        f"{linear.r2:.4f}"[:6],
        f"{100 * probit.mae:.2f}",
    )
    return text
