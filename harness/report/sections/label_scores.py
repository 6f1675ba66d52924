"""Scores that labels were used for, apart from the metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.outcomes import LabelScore, label_scores
from harness.report.section import Kept
from harness.report.table import Column, Table

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScores:
    """One for each score and model."""

    label_scores: tuple[LabelScore, ...] = ()


class LabelScoresSection(Kept[LabelScores]):
    """A row for each score and model."""

    name = "label-scores"
    title = "scores with labels, not ranked"
    kind = LabelScores

    def find(self, rows: Sequence[Measurement], context: Context, /) -> LabelScores:
        """Of what was measured on datasets."""
        on_sets = [row for row in rows if row.dataset]
        return LabelScores(label_scores=label_scores(on_sets))

    def tables(self, found: LabelScores, /) -> Iterator[Table]:
        """One table, where there is any."""
        if found.label_scores:
            yield Table(
                columns=(
                    Column(name="score"),
                    Column(name="model"),
                    Column(name="datasets", form=".0f", width=8),
                    *(
                        Column(name=name, form=".4g", width=9)
                        for name in ("mean", "least", "most")
                    ),
                ),
                rows=tuple(
                    (one.label, one.model, one.datasets, one.mean, one.low, one.high)
                    for one in found.label_scores
                ),
                close=True,
            )
