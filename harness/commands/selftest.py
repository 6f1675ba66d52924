"""Published numbers made anew from published tables: ReaL, mCE, mFR, accuracy lines.

No network runs. The tables are read below the data root, in published-results:

    harness selftest --data-root DATA

What is not there is skipped by name. The exit status is 1 where a number differs from
the published one or a table cannot be read, and 2 where there is no table at all.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from harness.commands.arguments import add_settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.report.table import Table
    from harness.selftest.check import Check, Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the tables are."""
    add_settings(parser, "data_root")


def run(arguments: argparse.Namespace) -> int:
    """Print a table for each check; 1 where a number differs."""
    from harness.errors import HarnessError, MissingData
    from harness.report.section import Shown
    from harness.report.text import show, terminal_width
    from harness.report.writers.terminal import section_lines
    from harness.selftest import corruptions, lines, perturbations, real_labels
    from harness.selftest.check import FOLDER, run_checks

    root = settings_of(arguments).data_root
    if root is None:
        raise HarnessError(
            "--data-root must be the folder that published tables lie in, got none; "
            "name it, or set HARNESS_DATA_ROOT"
        )
    checks = [
        check
        for module in (real_labels, corruptions, perturbations, lines)
        for check in module.CHECKS
    ]
    folder = root / FOLDER
    outcome = run_checks(checks, folder)
    if len(outcome.skipped) == len(checks):
        names = dict.fromkeys(f for some in outcome.skipped.values() for f in some)
        raise MissingData(
            "published tables",
            [folder / name for name in list(names)[:3]],
            f"put one of the {len(names)} tables into {folder}",
        )
    shown = Shown(
        name="selftest",
        title="published numbers",
        parts=tuple(_tables(checks, outcome)),
    )
    show(section_lines(shown, terminal_width()))
    show(_told(outcome))
    return int(not outcome.passed)


def _tables(checks: list[Check], outcome: Outcome) -> Iterator[Table]:
    from harness.report.table import Column, Table

    for check in checks:
        rows = [one for one in outcome.compared if one.check == check.title]
        if rows:
            yield Table(
                title=check.title,
                columns=(
                    Column(name="number", widest=60),
                    Column(name="published"),
                    Column(name="found", form=".6g"),
                    Column(name="difference", form="+.1e"),
                    Column(name=""),
                ),
                rows=tuple(
                    (
                        *(one.name, one.published, one.found, one.difference),
                        "" if one.agrees else "DIFFERS",
                    )
                    for one in rows
                ),
                note=f"Published: {check.source}.",
            )


def _told(outcome: Outcome) -> Iterator[str]:
    """What was skipped, what could not be read, and how many agree."""
    for title, files in outcome.skipped.items():
        yield f"skipped {title}: not there: {', '.join(files)}"
    for title, reason in outcome.broken.items():
        yield f"FAILED {title}: {reason}"
    agree = sum(one.agrees for one in outcome.compared)
    yield f"{agree} of {len(outcome.compared)} published numbers found again"
