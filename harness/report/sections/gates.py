"""The gates, judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.gates import Verdict
from harness.printable import counted
from harness.report.section import Kept
from harness.report.table import Item, Listing

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Each gate and rule with what came of it."""

    verdicts: tuple[Verdict, ...] = ()


class GatesSection(Kept[Gates]):
    """A line for each."""

    name = "gates"
    title = "gates"
    kind = Gates

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Gates:
        """Those that were judged."""
        return Gates(verdicts=context.verdicts)

    def tables(self, found: Gates, /) -> Iterator[Listing]:
        """A list, and how many of them failed."""
        if not found.verdicts:
            return
        every = len(found.verdicts)
        lost = [one.word for one in found.verdicts if not one.passed]
        yield Listing(
            items=tuple(
                Item(
                    word=one.word,
                    name=one.id.partition("::")[2],
                    text=one.why,
                    fine=one.passed,
                )
                for one in found.verdicts
            ),
            of="gate",
            # All of one word: a run that ends early judges none of its gates.
            headline=f"{len(lost)} of {counted(every, 'gate')} {lost[0]}"
            if lost
            else f"{'The gate' if every == 1 else f'All {every} gates'} passed",
        )
