"""Numbers of models alone, and of models on whole families."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.along_axes import along_axes
from harness.measurement import NO_AXES, Axes, Named
from harness.report.table import Column, Table

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Named):
    """One number that belongs to no dataset.

    Attributes
    ----------
    metric, axes
        What.
    model, family
        Of whom, on what; the family is empty for a number of the model alone.
    value
        As recorded.
    """

    metric: str
    model: str
    family: str
    value: float
    axes: Axes = NO_AXES


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """All of them that no curve shows."""

    numbers: tuple[Number, ...]


class ValuesSection:
    """A row for each number of a model, or of a model on a family."""

    name = "values"
    title = "numbers of models and families"

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Numbers | None:
        """Rows without a dataset; None without any."""
        alone = [
            row for row in rows if not row.dataset and not context.is_elsewhere(row)
        ]
        shown = {(one.metric, one.axis) for one in along_axes(alone)}
        numbers = tuple(
            Number(
                metric=row.metric,
                axes=row.axes,
                model=row.model,
                family=row.family,
                value=row.value,
            )
            for row in alone
            if not any((row.metric, axis) in shown for axis, _ in row.axes)
        )
        return Numbers(numbers=numbers) if numbers else None

    def tables(self, found: Numbers, /) -> Iterable[Table]:
        """One table, with a column of families where there are any."""
        families = any(one.family for one in found.numbers)
        yield Table(
            columns=(
                Column(name="number", widest=48),
                Column(name="model"),
                *([Column(name="family")] if families else []),
                Column(name="value", form=".4g"),
            ),
            rows=tuple(
                (
                    one.label,
                    one.model,
                    *([one.family or None] if families else []),
                    one.value,
                )
                for one in found.numbers
            ),
        )

    def quantities(self, found: Numbers, /) -> Mapping[str, Quantity]:
        """None: gates name the numbers themselves."""
        return {}
