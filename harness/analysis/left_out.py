"""Whole kinds left out: what a fit says of transformations that it never saw.

Datasets of one kind are wrong together, so leaving out one dataset at a time says
nothing about the next kind. A set that was made by three transformations is left out
with each of them, and kept in no fit that must not know one of the three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.traits import Trait, kinds

FEWEST = 3  # kinds: two say nothing about how kinds differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One kind, and the rows on either side of it.

    Attributes
    ----------
    kind
        A transformation, or a corruption.
    kept, left
        Row numbers of the datasets without it, and with it.
    """

    kind: str
    kept: NDArray[np.intp]
    left: NDArray[np.intp]


def splits(
    traits: Sequence[Mapping[str, Trait]], *, fewest_kept: int = 1
) -> tuple[Split, ...]:
    """Return a split for each kind of dataset, in the order of their names.

    Parameters
    ----------
    traits : sequence of mappings
        Of each dataset. One that nothing was done to, as the test split, is always
        kept.
    fewest_kept : int
        Kinds without which fewer datasets would remain are passed over.

    Returns
    -------
    tuple of Split
        Empty where fewer than `FEWEST` kinds could be left out.

    Examples
    --------
    >>> made = [{"corruption": c} for c in ("fog", "fog", "snow", "blur")]
    >>> [(s.kind, s.left.tolist()) for s in splits([{"split": "test"}, *made])]
    [('blur', [4]), ('fog', [1, 2]), ('snow', [3])]
    >>> splits(made[:3])
    ()
    """
    of = [set(kinds(one)) for one in traits]
    found = []
    for kind in sorted(set().union(*of)):
        has = np.array([kind in one for one in of])
        if (~has).sum() >= fewest_kept:
            found.append(
                Split(kind=kind, kept=np.flatnonzero(~has), left=np.flatnonzero(has))
            )
    return tuple(found) if len(found) >= FEWEST else ()
