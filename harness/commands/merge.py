"""Several stores in one: shards of a run, or what two machines measured.

Cells are joined by what they are known by: weights, data, tests and settings.

    harness merge shard-1 shard-2 shard-3 --into .harness

The stores that are read stay as they are. The run's own command, with --harness-store
naming the joined one, reports and judges what it holds. Where two stores say different
things of one cell, nothing is written, both are shown and the exit status is 1.
"""

from __future__ import annotations

import argparse

from harness.commands.arguments import a_path

_MOST_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which stores, and where to."""
    parser.add_argument(
        "stores", nargs="+", type=a_path, metavar="STORE", help="a --harness-store"
    )
    parser.add_argument(
        "--into",
        required=True,
        type=a_path,
        metavar="STORE",
        help="the store to add them to, made if it is not there",
    )


def run(arguments: argparse.Namespace) -> int:
    """Merge and say how many cells there are; 1 where two stores disagree."""
    from harness.merging import merge
    from harness.printable import counted, printable
    from harness.report.text import show

    merged = merge(arguments.stores, arguments.into)
    lines = []
    for folder, cells in merged.cells.items():
        torn = merged.passed_over[folder]
        more = f", {counted(torn, 'line')} passed over that cannot be read"
        lines.append(f"{folder}: {counted(cells, 'cell')}{more if torn else ''}")
    for conflict in merged.conflicts[:_MOST_SHOWN]:
        lines.append(f"CONFLICT {printable(str(conflict))}")
    if n := len(merged.conflicts):
        if n > _MOST_SHOWN:
            lines.append(f"and {n - _MOST_SHOWN} more")
        lines.append(
            f"stores disagree about {counted(n, 'cell')}, and nothing was written; "
            "leave out the store that is wrong, or measure there anew"
        )
    else:
        lines.append(f"{counted(merged.new, 'cell')} added to {arguments.into}")
    show(lines)
    return int(bool(merged.conflicts))
