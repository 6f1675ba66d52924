"""Shards: parts of a run that know nothing of each other, joined by their stores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.fixtures.cells import group_of

if TYPE_CHECKING:
    from pathlib import Path

    from harness.settings import Settings, Shard

_elsewhere_key = pytest.StashKey[int]()


def leave_to_others(
    config: pytest.Config, items: list[pytest.Item], shard: Shard
) -> None:
    """Take out of the collected tests those of other shards."""
    own = {group: shard.holds(group) for group in map(group_of, items)}
    others = [item for item in items if not own[group_of(item)]]
    config.stash[_elsewhere_key] = len(others)
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if own[group_of(item)]]


def elsewhere(config: pytest.Config) -> int:
    """How many tests were left to other shards."""
    return config.stash.get(_elsewhere_key, 0)


def measuring(settings: Settings) -> Settings:
    """The same, without all that takes more cells than a shard has."""
    return replace(
        settings,
        gates=(),
        save_run=None,
        compare=None,
        fail_on=(),
        report="none",
        report_json=None,
        report_csv=None,
        report_parquet=None,
        report_md=None,
        report_html=None,
        tables_csv=None,
        tables_parquet=None,
        tables_latex=None,
        report_bib=None,
        plots=None,
        labels=None,
        label_next=None,
    )


def closing(shard: Shard, cells: str, store: Path) -> str:
    """The line at the end of a shard's run: what it did, and how to go on."""
    return (
        f"shard {shard}: {cells}. Nothing is judged or reported of a part: join "
        f"{store} with the stores of the others (harness merge), and run the same "
        "command on that without --harness-shard"
    )
