"""Accuracy on the line, over models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from harness.analysis.accuracy_lines import OnTheLine, on_the_line
from harness.analysis.correlation import Undefined
from harness.analysis.fits.scales import Scale
from harness.report.section import Kept
from harness.report.table import Column, Table, Value

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context

_SCALES = ("probit", "logit", "linear")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Those of every dataset."""

    lines: tuple[OnTheLine, ...] = ()


class LinesSection(Kept[Lines]):
    """A row for each dataset."""

    name = "lines"
    title = "accuracy on the line"
    kind = Lines

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Lines:
        """Of what was measured on datasets."""
        return Lines(lines=on_the_line([row for row in rows if row.dataset]))

    def tables(self, found: Lines, /) -> Iterator[Table]:
        """One table, where there is a line."""
        if found.lines:
            yield line_table(found.lines)


def line_table(
    rows: Sequence[OnTheLine],
    *,
    scale: Scale = Scale.PROBIT,
    against: str = "the test split",
    most: int = 12,
) -> Table:
    """The rows as a table of 80 columns, and what its numbers are.

    Parameters
    ----------
    rows
        At least one.
    scale
        Of the slope, the bias and the error.
    against
        What to call the reference.
    most
        How many rows a terminal shows.
    """
    shown: list[tuple[Value, ...]] = []
    reasons: dict[str, list[str]] = {}
    for row in rows:
        line = row.lines[scale.value]
        r2 = [_r2(row, one) for one in _SCALES]
        if not isinstance(line, Undefined):
            numbers = (line.n, line.line.slope, line.line.intercept, line.mae)
            shown.append((row.dataset, *numbers, *r2, line.spearman))
        elif any(isinstance(one, float) for one in r2):
            shown.append((row.dataset, *[None] * 4, *r2, None))
        else:
            reasons.setdefault(line.reason, []).append(row.dataset)
    fit = partial(Column, group=scale.value)
    return Table(
        columns=(
            Column(name="dataset", widest=20),
            Column(name="models", short="n", form=".0f", width=4, goes=4),
            fit(name="slope", form=".4f", width=7, goes=2),
            fit(name="bias", form="+.4f", width=7, goes=2),
            Column(name="MAE", form=".2f", scale=100, width=5, goes=1),
            *(
                Column(name=one, group="R²", form=".4f", width=6, goes=goes)
                for one, goes in zip(_SCALES, (0, 3, 3), strict=True)
            ),
            Column(name="ρ", form="+.3f", width=6),
        ),
        rows=tuple(shown),
        note=f"Over models: accuracy on the dataset against accuracy on {against}. ρ "
        "is Spearman's; MAE in points: each model from the line of the others.",
        without=tuple(
            f"no line for {', '.join(datasets)}: {reason}"
            for reason, datasets in reasons.items()
        ),
        most=most,
        close=True,
    )


def _r2(row: OnTheLine, scale: str) -> float | Undefined:
    line = row.lines[scale]
    return line if isinstance(line, Undefined) else line.r2
