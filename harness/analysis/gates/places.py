"""Places: the datasets, families or domain that a gate means with ``on``."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Protocol

from harness.analysis.gates.texts import hint, several
from harness.measurement import Domain

_WILD = re.compile(r"[*?[]")
_MOST = 8  # names in a message


class Placed(Protocol):
    """What belongs to a dataset of a family, or to a family alone."""

    @property
    def dataset(self) -> str:
        """Its dataset."""

    @property
    def family(self) -> str:
        """The dataset's family."""

    @property
    def domain(self) -> Domain:
        """The dataset's domain."""


def is_on(pattern: str, place: Placed) -> bool:
    """Whether a pattern of datasets or families, or a domain's word, means a place.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> fog = SimpleNamespace(dataset="c/fog/3", family="c", domain="exterior")
    >>> [is_on(pattern, fog) for pattern in ("*fog*", "c", "exterior", "interior")]
    [True, True, True, False]
    """
    names = (place.dataset, place.family)
    return place.domain == pattern or any(fnmatchcase(n, pattern) for n in names)


def could_be_on(pattern: str, family: str, domain: Domain | None) -> bool:
    """Whether a pattern may mean datasets of a family that is not here.

    Their names are not known; as a rule they begin with the family's.

    Examples
    --------
    >>> [could_be_on(p, "c", Domain.EXTERIOR) for p in ("*fog*", "c/fog", "d*", "cc")]
    [True, True, False, False]
    """
    if pattern in tuple(Domain):
        return domain is None or domain == pattern
    if fnmatchcase(family, pattern):
        return True
    wild = _WILD.search(pattern)
    start = pattern[: wild.start()] if wild else pattern
    inside = start.startswith(f"{family}/")
    return inside or (wild is not None and family.startswith(start))


def nowhere(pattern: str, places: Iterable[Placed]) -> str:
    """Say that a pattern means none of the places where there are rows."""
    names = {name for p in places for name in (p.dataset, p.family) if name}
    known = sorted(names)
    if not known:
        return "it is a number of a model alone, on no dataset; leave the 'on' out"
    return (
        f"no dataset, family or domain matches {pattern!r}{hint(pattern, known)}; "
        f"measured on: {several(known, most=_MOST)}"
    )
