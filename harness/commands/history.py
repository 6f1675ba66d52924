"""Several saved runs in turn: accuracy and statistics along them, and what differed.

A run is a name given with --harness-save-run, or a JSON report's path; without any, all
that the store has, by date:

    harness history
    harness history v1 v2 v3 --statistic 'interior r2' --metrics 'atc*,cot*'
    harness history --plots pictures --tables-csv tables

With `harness compare` two of them are compared, with intervals and rules.
"""

from __future__ import annotations

import argparse

from harness.commands.arguments import a_path, add_runs_store, typed
from harness.options import name_or_path

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
        help="draw each table as a line along the runs, as PNG and SVG",
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
    from harness.report.history import history_parts, in_time
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
    else:
        kept = sorted((arguments.store / "runs").glob("*.json"))
        runs = in_time([read_run(path) for path in kept])
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
    return 0
