"""Scores that labels were used for, apart from the metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.report.table import Column, Table, Writer

if TYPE_CHECKING:
    from harness.report.summary import Summary

TITLE = "scores with labels, not ranked"


def parts(summary: Summary) -> Iterator[Table]:
    """A row for each score and model."""
    if summary.label_scores:
        yield _table(summary, ".4g", ("terminal", "page"))
        yield _table(summary, ".3f", ("markdown",))


def _table(summary: Summary, form: str, where: tuple[Writer, ...]) -> Table:
    return Table(
        columns=(
            Column(name="score"),
            Column(name="model"),
            Column(name="datasets", form=".0f", width=8),
            *(
                Column(name=name, form=form, width=9)
                for name in ("mean", "least", "most")
            ),
        ),
        rows=tuple(
            (one.label, one.model, one.datasets, one.mean, one.low, one.high)
            for one in summary.label_scores
        ),
        close=True,
        where=where,
    )
