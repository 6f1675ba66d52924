"""Accuracy on the line, over models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.accuracy_lines import OnTheLine, on_the_line
from harness.analysis.correlation import Undefined
from harness.analysis.fits.scales import Scale
from harness.report.section import Kept
from harness.report.table import Column, Table, Text, Value

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context

TITLE = "accuracy on the line"
_SCALES = ("probit", "logit", "linear")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Those of every dataset."""

    lines: tuple[OnTheLine, ...] = ()


class LinesSection(Kept[Lines]):
    """A row for each dataset."""

    name = "lines"
    title = TITLE
    kind = Lines

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Lines:
        """Of what was measured on datasets."""
        return Lines(lines=on_the_line([row for row in rows if row.dataset]))

    def tables(self, found: Lines, /) -> Iterator[Table | Text]:
        """Digits for a terminal, all datasets for the page, a digest for Markdown."""
        if found.lines:
            yield from line_parts(found.lines)
            yield _for_page(found.lines)
            yield from _for_markdown(found.lines)


def line_parts(
    rows: Sequence[OnTheLine],
    *,
    scale: Scale = Scale.PROBIT,
    against: str = "the test split",
    most: int = 12,
) -> Iterator[Table | Text]:
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
    shown: list[tuple[Value, ...]] = []
    reasons: dict[str, list[str]] = {}
    for row in rows[:most]:
        line = row.lines[scale.value]
        if isinstance(line, Undefined):
            reasons.setdefault(line.reason, []).append(row.dataset)
            continue
        shown.append(
            (
                row.dataset,
                line.n,
                line.line.slope,
                line.line.intercept,
                line.mae,
                *(_r2(row, s) for s in _SCALES),
                line.spearman,
            )
        )
    if shown:
        yield Table(
            columns=(
                Column(name="dataset", widest=20),
                Column(name="n", form=".0f", width=4, goes=4),
                Column(name="slope", group=scale.value, form=".4f", width=7, goes=2),
                Column(name="bias", form="+.4f", width=7, goes=2),
                Column(name="MAE", form=".2f", scale=100, width=5, goes=1),
                Column(name="probit", group="R²", form=".4f", width=6),
                Column(name="logit", group="R²", form=".4f", width=6, goes=3),
                Column(name="linear", group="R²", form=".4f", width=6, goes=3),
                Column(name="ρ", form="+.3f", width=6),
            ),
            rows=tuple(shown),
            close=True,
            where=("terminal",),
        )
    for reason, datasets in reasons.items():
        yield _said(f"  no line for {', '.join(datasets)}: {reason}")
    if len(rows) > most:
        yield _said(f"  and {len(rows) - most} more datasets")
    yield _said(
        f"Over models: accuracy on the dataset against accuracy on {against}. ρ is "
        "Spearman's; MAE in points: each model from the line of the others."
    )


def _said(text: str) -> Text:
    return Text(text=text, where=("terminal",))


def _r2(row: OnTheLine, scale: str) -> float | None:
    line = row.lines[scale]
    return None if isinstance(line, Undefined) else line.r2


def _for_page(rows: Sequence[OnTheLine]) -> Table:
    shown: list[tuple[Value, ...]] = []
    for row in rows:
        line = row.lines["probit"]
        r2 = [_r2(row, scale) for scale in _SCALES]
        if isinstance(line, Undefined):
            shown.append((row.dataset, *[None] * 5, *r2, line.reason))
            continue
        numbers = (line.n, line.line.slope, line.line.intercept, line.mae)
        shown.append((row.dataset, *numbers, line.spearman, *r2, ""))
    return Table(
        columns=(
            Column(name="dataset", order="ascending"),
            Column(name="models", form=".0f"),
            Column(name="slope", form=".3f"),
            Column(name="bias", form="+.3f"),
            Column(name="MAE", form=".2f", scale=100),
            Column(name="ρ", form="+.3f"),
            *(Column(name=scale, group="R²", form=".3f") for scale in _SCALES),
            Column(name="note"),
        ),
        rows=tuple(shown),
        note="Over models: accuracy on the dataset against accuracy on the test split. "
        "Slope, bias and MAE (in points, each model from the line of the others) are "
        "of the probit line.",
        where=("page",),
    )


def _for_markdown(rows: Sequence[OnTheLine]) -> Iterator[Table]:
    probit = [(row.dataset, row.lines["probit"]) for row in rows]
    shown = tuple(
        (dataset, line.n, line.line.slope, line.r2, line.spearman)
        for dataset, line in probit
        if not isinstance(line, Undefined)
    )
    if shown:
        yield Table(
            columns=(
                Column(name="dataset"),
                Column(name="models", form=".0f"),
                Column(name="slope", form=".3f"),
                Column(name="R²", form=".3f"),
                Column(name="ρ", form="+.3f"),
            ),
            rows=shown,
            where=("markdown",),
        )
