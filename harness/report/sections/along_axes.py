"""Curves along an axis: numbers that were measured at several k, layers or epochs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.along_axes import AlongAxis, LineAlong, along_axes, ordered
from harness.measurement import Domain
from harness.models.layers import HEAD, split_layer
from harness.report.table import Curve, Estimate, Series

if TYPE_CHECKING:
    from harness.analysis.correlation import Undefined
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity

LAYER = "layer"  # the axis of the fixture of that name


@dataclass(frozen=True, slots=True, kw_only=True)
class AlongAxes:
    """What was measured along ordered axes."""

    curves: tuple[AlongAxis, ...]


class AlongAxesSection:
    """A curve for each metric, ordered axis and block of datasets."""

    name = "along-axes"
    title = "along axes"

    def find(
        self, rows: Sequence[Measurement], context: Context, /
    ) -> AlongAxes | None:
        """Every metric along each of its ordered axes; None without any."""
        elsewhere = _elsewhere(context)
        kept = [
            row
            for row in rows
            if row.metric not in elsewhere and not context.is_elsewhere(row)
        ]
        curves = along_axes(kept, _declared(kept, context))
        return AlongAxes(curves=curves) if curves else None

    def tables(self, found: AlongAxes, /) -> Iterable[Curve]:
        """Models in rows, the axis in the columns."""
        for one in found.curves:
            where = "the " if one.block in list(Domain) else ""
            on = f", on {where}{one.block}" if one.block else ""
            yield Curve(
                title=f"{one.metric} along {one.axis}{on}",
                axis=one.axis,
                at=one.at,
                series=tuple(
                    Series(name=line.name, values=_values(line)) for line in one.lines
                ),
                value=one.metric,
                note=_note(one),
            )

    def quantities(self, found: AlongAxes, /) -> Mapping[str, Quantity]:
        """None: gates name the numbers along an axis themselves."""
        return {}


def _elsewhere(context: Context) -> set[str]:
    """Metrics that a registered section says it has the tables and curves of."""
    sections = () if context.run is None else context.run.registry.sections
    return {name for one in sections for name in getattr(one, "along", ())}


def _declared(
    rows: Sequence[Measurement], context: Context
) -> Mapping[str, Sequence[Sequence[str]]]:
    """The order of each model's layers, where their names alone have none."""
    layers = {value for row in rows for axis, value in row.axes if axis == LAYER}
    if context.run is None or len(layers) < 2 or ordered(layers):
        return {}
    if len({split_layer(name)[1] for name in layers - {HEAD}}) > 1:
        return {}  # pooled in two ways, they are no one line
    run = context.run
    return {LAYER: [run.layers.of(model) for model in run.models]}


def _values(line: LineAlong) -> tuple[float | Undefined | Estimate | None, ...]:
    """With their intervals, where they have any."""
    return tuple(
        Estimate(value=value, low=ends[0], high=ends[1])
        if ends is not None and isinstance(value, float)
        else value
        for value, ends in zip(line.values, line.intervals, strict=True)
    )


def _note(one: AlongAxis) -> str:
    counts = {line.datasets for line in one.lines} - {0}
    if counts <= {1}:
        return ""
    least, most = min(counts), max(counts)
    some = str(most) if least == most else f"{least} to {most}"
    return f"Medians over {some} datasets, the same at every {one.axis} of a line."
