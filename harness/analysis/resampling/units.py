"""What datasets belong together: the units of intervals and of transfer."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from harness.analysis.correlation import Point

Unit: TypeAlias = Callable[[Point], str]


def by_family(point: Point) -> str:
    """The named group of datasets: ``writers-c``."""
    return point.family


def by_kind(point: Point) -> str:
    """The family's datasets of one corruption; else the dataset by itself.

    Corruptions of one kind move together, whatever their severity. Which that is says
    the trait `corruption` (and `member`, where several datasets were corrupted), never
    a name: ``photos-2023`` and ``photos-2024`` are two units.
    """
    if "corruption" not in point.traits:
        return point.dataset
    known = [point.traits.get(name) for name in ("member", "corruption")]
    return "/".join([point.family, *(str(t) for t in known if t is not None)])


def by_dataset(point: Point) -> str:
    """Each dataset by itself, whichever model it was measured with."""
    return point.dataset


def grouped(points: Iterable[Point], unit: Unit) -> dict[str, list[Point]]:
    """The points of each unit, units in the order of their names."""
    groups: dict[str, list[Point]] = {}
    for point in sorted(points, key=lambda p: (unit(p), p.model, p.dataset)):
        groups.setdefault(unit(point), []).append(point)
    return groups
