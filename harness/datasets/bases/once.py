"""What is listed once a run: a later run looks at the disk anew."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from harness.settings import Settings

T = TypeVar("T")


class _One:
    """Settings by which object they are."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __hash__(self) -> int:
        return id(self.settings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _One) and self.settings is other.settings


def once_a_run(make: Callable[[str, Settings], T]) -> Callable[[str, Settings], T]:
    """The same function of a part's name and settings, whose results are kept."""

    @lru_cache(maxsize=8)
    def kept(part: str, run: _One) -> T:
        return make(part, run.settings)

    return lambda part, settings: kept(part, _One(settings))
