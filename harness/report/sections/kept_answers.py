"""What became of answers that are kept: passes made and spared, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.printable import counted, shown_bytes
from harness.report.table import Text

if TYPE_CHECKING:
    from harness.measurement import Measurement
    from harness.report.section import Context, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What came of it.

    Attributes
    ----------
    what
        "logits" or "predictions".
    made
        Forward passes over a dataset that were made, by why.
    read
        Answers that were found on disk, and cost none.
    written, size
        Files that were written, and their bytes.
    damaged
        Files that were found to be, and were made anew.
    refused
        Why answers were not kept; empty where they were.
    """

    what: str
    made: dict[str, int]
    read: int
    written: int
    size: int
    damaged: tuple[str, ...] = ()
    refused: str = ""


class KeptSection:
    """Shown where answers are kept."""

    name = "kept"
    title = "answers kept"

    def find(self, rows: Sequence[Measurement], context: Context, /) -> Kept | None:
        """What the processes of the run have told; None where nothing was asked for."""
        if context.run is None or context.collector is None:
            return None
        if context.run.settings.keep == "none":
            return None
        ledger = context.collector.kept
        return Kept(
            what=context.run.settings.keep,
            made=dict(sorted(ledger.passes.items())),
            read=ledger.read,
            written=ledger.written,
            size=ledger.size,
            damaged=tuple(ledger.damaged),
            refused=ledger.refused,
        )

    def tables(self, found: Kept, /) -> Iterator[Text]:
        """How many passes, why, and what went wrong."""
        made = sum(found.made.values())
        yield Text(
            text=f"{found.what}: {made:,} forward pass{'' if made == 1 else 'es'} "
            f"made, {found.read:,} spared by what was kept; "
            f"{counted(found.written, 'file')} written, {shown_bytes(found.size)}"
        )
        for why, passes in found.made.items():
            yield Text(text=f"made: {passes:,}, {why}", hang=2)
        for one in found.damaged:
            yield Text(text=f"damaged, and made anew: {one}", hang=2)
        if found.refused:
            yield Text(text=f"not kept: {found.refused}", hang=2)

    def quantities(self, found: Kept, /) -> Mapping[str, Quantity]:
        """Of passes that were made, and of damaged files, for CI."""
        return {
            "passes": sum(found.made.values()),
            "damaged": len(found.damaged),
        }
