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
    """All of them.

    Attributes
    ----------
    values
        By aggregate, metric, model and family.
    elsewhere
        Aggregate and metric of those that another section shows.
    """

    values: tuple[Aggregated, ...]
    elsewhere: tuple[tuple[str, str], ...] = ()


class AggregatesSection:
    """A table for each aggregate: models in rows."""

    name = "aggregates"
    title = "aggregates"

    def find(
        self, rows: Sequence[Measurement], context: Context, /
    ) -> Aggregates | None:
        """Those that the tests' markers name; None without any."""
        if not context.aggregates:
            return None
        sections = () if context.run is None else context.run.registry.sections
        claimed = {one for s in sections for one in getattr(s, "aggregates", ())}
        return Aggregates(values=context.aggregates, elsewhere=tuple(sorted(claimed)))

    def tables(self, found: Aggregates, /) -> Iterable[Table]:
        """What, of whom, on what, from how many datasets."""
        shown = [
            one
            for one in found.values
            if (one.aggregate, one.metric) not in found.elsewhere
        ]
        for name in dict.fromkeys(one.aggregate for one in shown):
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
                    for one in shown
                    if one.aggregate == name
                ),
            )

    def quantities(self, found: Aggregates, /) -> Mapping[str, Quantity]:
        """None: gates name the aggregates themselves."""
        return {}
