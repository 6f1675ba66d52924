"""Families by colour: the same in every picture of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from harness.measurement import Domain
from harness.report.writers.svg import PALETTE

if TYPE_CHECKING:
    from harness.analysis.correlation import Correlation

Colours: TypeAlias = dict[tuple[Domain, str], int]
OTHERS = len(PALETTE) - 1  # grey


def family_colours(rows: Iterable[Correlation]) -> Colours:
    """A place in the palette for each domain and family with labels.

    The largest family of the interior has the first colour and the largest of the
    exterior the second, which are those of their lines; the next ones have the others,
    and what is left is grey.
    """
    sets = {(p.domain, p.family, p.dataset) for row in rows for p in row.points}
    sizes = Counter((domain, family) for domain, family, _ in sets)
    order = sorted(sizes, key=lambda one: (-sizes[one], one))
    first = [
        next((one for one in order if one[0] is domain), None)
        for domain in (Domain.INTERIOR, Domain.EXTERIOR)
    ]
    places = {one: place for place, one in enumerate(first) if one is not None}
    rest = [one for one in order if one not in places]
    return places | {
        one: min(len(first) + place, OTHERS) for place, one in enumerate(rest)
    }
