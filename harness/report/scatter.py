"""A scatter plot in plain letters: accuracy against a metric, for one model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.analysis.correlation import Correlation, Point, Undefined
from harness.measurement import Domain
from harness.report.sections.ranks import Ranks

if TYPE_CHECKING:
    from harness.report.summary import Summary

LEAST = 5  # fewer points need no plot
NARROWEST = 80  # columns of a terminal that has room for it
MARKS = {Domain.INTERIOR: "o", Domain.EXTERIOR: "^"}
_BOTH, _LINE = "*", "."
_WIDTH, _HEIGHT = 60, 12
_MARGIN = 7  # of the labels of accuracy, with the axis


def chosen_row(summary: Summary) -> Correlation | None:
    """The best-ranked metric of the model that it is as good for as for most.

    None if it has fewer than `LEAST` points there.
    """
    ranks = summary.of(Ranks).ranks
    if not ranks:
        return None
    best = ranks[0].series
    rows = [r for r in summary.correlations if r.series == best and r.model is not None]
    rows = [r for r in rows if not r.contradicting]
    if not rows:
        return None
    rows.sort(key=_quality)
    row = rows[len(rows) // 2]
    return row if len(row.points) >= LEAST else None


def _quality(row: Correlation) -> tuple[float, float, str]:
    fits = (row.transfer, row.interior)
    transfer, interior = (
        float("-inf") if isinstance(fit, Undefined) else fit.r2 for fit in fits
    )
    return transfer, interior, str(row.model)


def scatter(row: Correlation, *, width: int = _WIDTH, height: int = _HEIGHT) -> str:
    """The labelled points of a correlation and the interior's line, in ASCII.

    Parameters
    ----------
    row
        With at least one point.
    width, height
        Of the frame, in letters.

    Returns
    -------
    str
        Lines; accuracy in percent, or what is fitted in its place, upwards, the metric
        to the right, both from their least to their largest value.
    """
    x = _Scale([p.x for p in row.points], width)
    scale = row.outcome.scale
    y = _Scale([scale * (p.y or 0.0) for p in row.points], height)
    cells = [[" "] * width for _ in range(height)]
    if not isinstance(row.interior, Undefined):
        line = row.interior.predict([x.value(column) for column in range(width)])
        for column, accuracy in enumerate(line):
            at = y.place(scale * float(accuracy))
            if 0 <= at < height:
                cells[at][column] = _LINE
    for point in row.points:
        _mark(cells[y.place(scale * (point.y or 0.0))], x.place(point.x), point)
    labels = {
        at: format(y.value(at), row.outcome.form(1))
        for at in (0, height // 2, height - 1)
        if y.place(y.value(at)) == at  # a constant has one place
    }
    lines = [
        f"{labels.get(at, ''):>{_MARGIN - 2}} |{''.join(cells[at])}".rstrip()
        for at in reversed(range(height))
    ]
    pad = " " * (_MARGIN - 1)
    left, right = f"{x.low:.4g}", f"{x.high:.4g}"
    gap = width - len(left) - len(right)
    return "\n".join(
        [
            f"{row.outcome.axis} of {row.model or 'all models'}: o interior, "
            "^ exterior, * both, . the interior's line",
            *lines,
            f"{pad}+{'-' * width}",
            f"{pad} {left}{_cut(row.label, gap - 2):^{gap}}{right}",
        ]
    )


class _Scale:
    """Values to letters along one axis; a constant lies in the middle."""

    def __init__(self, values: Sequence[float], letters: int) -> None:
        self.low, self.high = min(values), max(values)
        self._last = letters - 1

    def place(self, value: float) -> int:
        """The letter that a value falls on."""
        if self.high == self.low:
            return self._last // 2
        return round((value - self.low) / (self.high - self.low) * self._last)

    def value(self, place: int) -> float:
        """The value at the middle of a letter."""
        return self.low + (self.high - self.low) * place / self._last


def _mark(line: list[str], column: int, point: Point) -> None:
    mark = MARKS[point.domain]
    line[column] = mark if line[column] in (" ", _LINE, mark) else _BOTH


def _cut(text: str, most: int) -> str:
    plain = text.encode("ascii", "replace").decode()
    return plain if len(plain) <= most else f"{plain[: most - 3]}..."
