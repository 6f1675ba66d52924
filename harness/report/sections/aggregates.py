"""Aggregates: a number of each model on each family, from those on its members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.aggregates import Aggregated
from harness.report.table import Column, Table

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregates:
    """All of them."""

    values: tuple[Aggregated, ...]


class AggregatesSection:
    """A table for each aggregate: models in rows."""

    name = "aggregates"
    title = "aggregates"

    def find(
        self, rows: Sequence[Measurement], context: Context, /
    ) -> Aggregates | None:
        """Those that the tests' markers name; None without any."""
        return Aggregates(values=context.aggregates) if context.aggregates else None

    def tables(self, found: Aggregates, /) -> Iterable[Table]:
        """What, of whom, on what, from how many datasets."""
        for name in dict.fromkeys(one.aggregate for one in found.values):
            yield Table(
                title=name,
                columns=(
                    Column(name="of", widest=48),
                    Column(name="model"),
                    Column(name="family"),
                    Column(name="datasets", form=".0f", goes=1),
                    Column(name="value", form=".4g"),
                ),
                rows=tuple(
                    (one.label, one.model, one.family, one.datasets, one.value)
                    for one in found.values
                    if one.aggregate == name
                ),
            )

    def quantities(self, found: Aggregates, /) -> Mapping[str, Quantity]:
        """None: gates name the aggregates themselves."""
        return {}
