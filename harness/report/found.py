"""What the user's own folders were found to hold, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.printable import counted

if TYPE_CHECKING:
    from harness.datasets.dataset import Found

_MOST = 8  # datasets with a line of their own


def found_lines(found: Mapping[str, Found]) -> Iterator[str]:
    """A line for each dataset; of very many, those with notes, and one for the rest."""
    told = [name for name, one in found.items() if one.notes]
    shown = list(found) if len(found) <= _MOST else told[:_MOST]
    for name in shown:
        yield f"data {name}: {'; '.join(said(found[name]))}"
    rest = [name for name in found if name not in set(shown)]
    if rest:
        counts = [found[name].images for name in rest]
        noted = sum(bool(found[name].notes) for name in rest)
        more = f"; {noted} of them with notes, in the JSON report" if noted else ""
        yield (
            f"data: {len(rest)} {'more ' if shown else ''}datasets with "
            f"{_range(counts)} images{more}"
        )


def said(one: Found) -> tuple[str, ...]:
    """The number of images, and what else people should know."""
    return (counted(one.images, "image"), *one.notes)


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"
