"""The section of the robustness suite: networks by sets, and what each set is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .activations import activated_of, activation_parts
from .against import (
    against,
    against_parts,
    against_published,
    published_parts,
    quantities,
)
from .families import corruption_parts, sequence_parts
from .finding import FILES, SHOWN, find
from .networks import consistency_parts, line_parts, outside_parts
from .pictures import sure_of, sure_parts
from .tables import overview, set_parts

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity
    from harness.report.table import Part

    from .found import Robustness


class RobustnessSection:
    """The scorecard; then what it is made of."""

    name = "robustness"
    title = "robustness"
    #: What their tests record is in no other scorecard.
    files = FILES
    #: And these are in no other table of aggregates.
    aggregates = SHOWN

    def find(
        self, rows: Sequence[Measurement], context: Context, /
    ) -> Robustness | None:
        """What the suite's own tests recorded; None without any."""
        found = find(rows, context.aggregates)
        if found is None:
            return None
        earlier = context.earlier
        return replace(
            found,
            sure=sure_of(rows, context.run),
            activated=activated_of(rows),
            published=against_published(rows),
            against=() if earlier is None else against(rows, earlier),
            compared_with="" if earlier is None else earlier.path.stem,
        )

    def tables(self, found: Robustness, /) -> Iterable[Part]:
        """Networks by sets first; on a terminal last, where one reads from the end."""
        yield from overview(found, terminal=False)
        yield from set_parts(found.sets)
        yield from corruption_parts(found.corrupted)
        yield from sequence_parts(found.perturbed)
        yield from outside_parts(found.outside)
        yield from activation_parts(found.activated)
        yield from sure_parts(found.sure)
        yield from consistency_parts(found.consistency)
        yield from line_parts(found)
        yield from published_parts(found.published)
        yield from against_parts(found)
        yield from overview(found, terminal=True)

    def quantities(self, found: Robustness, /) -> Mapping[str, Quantity]:
        """Against others; all else a gate names by its measure and place."""
        return quantities(found)
