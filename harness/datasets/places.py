"""Places: where published files are looked for, and when they may be fetched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.datasets.family import SUFFIXES

if TYPE_CHECKING:
    from harness.settings import Settings


def possible_places(settings: Settings, folders: Sequence[str]) -> list[Path]:
    """Those folders under --harness-data-root and then in the cache."""
    roots = [root for root in (settings.data_root, settings.cache_dir) if root]
    return [root / folder for root in roots for folder in folders]


def may_download(settings: Settings, family: str) -> bool:
    """Whether it may be fetched: only where its own name, no pattern, asks for it."""
    names = {family, *(f"{family}{suffix}" for suffix in SUFFIXES)}
    return settings.download and not names.isdisjoint(settings.families)
