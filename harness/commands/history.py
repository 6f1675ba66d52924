"""Several saved runs in turn: accuracy and statistics along them, and what differed.

A run is a name given with --harness-save-run, or a JSON report's path; without any, all
that the store has, by date:

    harness history
    harness history v1 v2 v3 --statistic 'interior r2' --metrics 'atc*,cot*'
    harness history --plots pictures --tables-csv tables

Of all that the store has, a run that cannot be read is named and left out, and the exit
status is then 2; one that is named is refused.

With `harness compare` two of them are compared, with intervals and rules.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.arguments import a_path, add_runs_store, typed
from harness.commands.running import BAD_INPUT
from harness.errors import HarnessError
from harness.options import name_or_path
from harness.printable import printable

if TYPE_CHECKING:
    from harness.report.run_file.saved import SavedRun

_USUAL = "transfer r2"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs, and what of them."""
    parser.add_argument(
        "runs", nargs="*", type=typed(name_or_path), metavar="RUN", help="in turn"
    )
    add_runs_store(parser)
    parser.add_argument(
        "--statistic",
        action="append",
        type=typed(_statistic),
        metavar="STATISTIC",
        help=f"r2, rmse or rho of a part, interior, exterior or transfer (repeatable; "
        f"default {_USUAL!r})",
    )
    for what in ("metrics", "models"):
        parser.add_argument(
            f"--{what}",
            type=_names,
            default=("*",),
            metavar="NAMES",
            help="only these, names or wildcards joined by commas",
        )
    parser.add_argument(
        "--plots",
        type=a_path,
        metavar="DIR",
        help="draw each table as a line along the runs: PNG, SVG and PDF",
    )
    parser.add_argument(
        "--tables-csv", type=a_path, metavar="DIR", help="write the tables as CSV"
    )


def _statistic(text: str) -> tuple[str, str]:
    from harness.report.history import statistic_of  # numpy is not for every --help

    return statistic_of(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def run(arguments: argparse.Namespace) -> int:
    """Print the history, and write what was asked for."""
    from collections import Counter

    from harness.report.files import check_files, write_files
    from harness.report.history import history_parts
    from harness.report.run_file.saved import find_run, read_run
    from harness.report.section import Shown
    from harness.report.summary import Summary
    from harness.report.text import show, terminal_width
    from harness.report.writers.terminal import section_lines

    paths = {
        name: path
        for name in ("plots", "tables_csv")
        if (path := getattr(arguments, name)) is not None
    }
    check_files(paths, option=lambda name: f"--{name.replace('_', '-')}")
    if arguments.runs:
        found = [find_run(arguments.store, name) for name in arguments.runs]
        runs = [read_run(path) for path in found]
        unread: list[str] = []
    else:
        runs, unread = _all_of(arguments.store)
        for why in unread:  # before what may be refused for want of it
            print(printable(f"harness history: left out: {why}"), file=sys.stderr)
    parts = history_parts(
        runs,
        arguments.statistic or [_statistic(_USUAL)],
        metrics=arguments.metrics,
        models=arguments.models,
    )
    shown = Shown(name="history", title="history", parts=tuple(parts))
    show(section_lines(shown, terminal_width()))
    summary = Summary(run={}, counts=Counter(), measurements=(), shown=(shown,))
    write_files(paths, summary)
    return BAD_INPUT if unread else 0


def _all_of(store: Path) -> tuple[list[SavedRun], list[str]]:
    """The saved runs by date, and why others of them cannot be read."""
    from harness.report.history import in_time
    from harness.report.run_file.saved import read_run

    runs: list[SavedRun] = []
    unread: list[str] = []
    for path in sorted((store / "runs").glob("*.json")):
        try:
            runs.append(read_run(path))
        except HarnessError as error:
            unread.append(str(error))
    return in_time(runs), unread
