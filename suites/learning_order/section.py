"""The section of the learning order suite: agreement, and what it hangs on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import UndefinedMetricError

from . import tables
from .orders import Order, order_of
from .pictures import Pictured, gallery, pictured, shares
from .records import SPLITS

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity
    from harness.report.table import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """All of them, by population and split."""

    of: tuple[Order, ...]
    pictured: tuple[Pictured, ...] = ()


class LearningOrderSection:
    """A table by epoch for each population and split, curves, numbers and pictures."""

    name = "learning-order"
    title = "learning order: what networks of one recipe get right, and when"
    #: Their numbers are by split, epoch and statistic: no scorecard has room for them.
    files = ("test_order.py", "test_images.py")

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Orders | None:
        """What was measured along an axis `split` of populations; None without."""
        groups: dict[tuple[str, str], list[Measurement]] = {}
        for row in rows:
            split = dict(row.axes).get("split")
            if split and (row.metric.startswith("order_") or row.metric in _OWN):
                groups.setdefault((row.model, split), []).append(row)
        found = tuple(order_of(*place, groups[place]) for place in sorted(groups))
        return Orders(of=found, pictured=_pictured(found, context)) if found else None

    def tables(self, found: Orders, /) -> Iterable[Part]:
        """Epochs first, then what is said of whole splits, then statistics."""
        for one in found.of:
            if one.epochs:
                yield tables.by_epoch(one)
        yield from tables.side_by_side(found.of)
        yield from tables.curves(found.of)
        if any(one.alone for one in found.of):
            yield tables.of_splits(found.of)
        if any(one.kinds for one in found.of):
            yield tables.of_kinds(found.of)
        yield from tables.by_size(found.of)
        for one in found.of:
            if one.related:
                yield tables.of_statistics(one)
                yield from tables.shift_curve(one)
            if one.levels:
                yield from tables.of_levels(one)
        for pictures in found.pictured:
            yield gallery(pictures)
            if pictures.shares:
                yield shares(pictures)

    def quantities(self, found: Orders, /) -> Mapping[str, Quantity]:
        """Ends of the intervals within classes, which a value's gate does not see.

        Of all else a gate names the number, ``order_corrected[epoch=12]: value > 0.1``.
        """
        return {
            f"{end} of {related.statistic} on {one.split} of {one.population}": value
            for one in found.of
            for related in one.related
            for end, value in zip(
                ("low", "high"), (related.within or (None,) * 3)[1:], strict=True
            )
            if value is not None
        }


_OWN = {"networks", *tables.ALONE}


def _pictured(found: Sequence[Order], context: Context) -> tuple[Pictured, ...]:
    """Where a page, plots or JSON will hold them."""
    run = context.run
    if run is None:
        return ()
    asked = run.settings
    if not (asked.report_html or asked.plots or asked.report_json):
        return ()
    made = []
    for one in found:
        if one.split not in SPLITS:  # images that another split has too
            continue
        try:
            made.append(pictured(run, one.population, one.split))
        except UndefinedMetricError:  # records of others, whose images are not here
            continue
    return tuple(made)
