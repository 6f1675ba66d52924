"""What datasets belong together: the units of resampling and of transfer."""

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from harness.analysis.correlation import Point

Unit: TypeAlias = Callable[[Point], str]

_SEVERITY = re.compile(r"-\d+$")


def by_family(point: Point) -> str:
    """The named group of datasets: ``writers-c``."""
    return point.family


def by_kind(point: Point) -> str:
    """The dataset without its severity: ``writers-c/fog-3`` is of ``writers-c/fog``.

    Corruptions of one kind move together; a dataset without a severity in its name is
    a unit of its own.
    """
    return _SEVERITY.sub("", point.dataset)


def by_dataset(point: Point) -> str:
    """Each dataset by itself, whichever model it was measured with."""
    return point.dataset


def grouped(points: Iterable[Point], unit: Unit) -> dict[str, list[Point]]:
    """The points of each unit, units in the order of their names."""
    groups: dict[str, list[Point]] = {}
    for point in sorted(points, key=lambda p: (unit(p), p.model, p.dataset)):
        groups.setdefault(unit(point), []).append(point)
    return groups
