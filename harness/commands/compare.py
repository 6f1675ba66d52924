"""Two saved runs side by side: what changed, and whether it is beyond chance.

A run is a name given with --harness-save-run, or a JSON report's path:

    harness compare main report.json
    harness compare v1 v2 --fail-on 'transfer r2 drops 0.05 beyond chance'

The exit status is 1 where a rule is broken.
"""

from __future__ import annotations

import argparse
from itertools import islice

from harness.commands.arguments import add_runs_store, typed
from harness.options import name_or_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs, and what they must not lose."""
    parser.add_argument("before", type=typed(name_or_path), help="the earlier run")
    parser.add_argument("after", type=typed(name_or_path), help="the later run")
    add_runs_store(parser)
    parser.add_argument(
        "--all", action="store_true", help="list also what moved within chance"
    )
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        metavar="RULE",
        help="for instance 'r2 drops 0.05' (repeatable)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the comparison; 1 where a rule is broken."""
    from harness.analysis.comparison import compare
    from harness.analysis.gates import Evidence, judge, parse_rule
    from harness.report.run_file.differing import differing
    from harness.report.run_file.saved import check_outcomes, find_run, read_run
    from harness.report.section import Shown
    from harness.report.sections.comparison import (
        ComparisonSection,
        comparison_parts,
        settings_parts,
    )
    from harness.report.sections.gates import Gates, GatesSection
    from harness.report.text import show, terminal_width
    from harness.report.writers.terminal import section_lines

    rules = [parse_rule(text) for text in arguments.fail_on]
    before, after = (
        read_run(find_run(arguments.store, name))
        for name in (arguments.before, arguments.after)
    )
    check_outcomes(before, after.outcome)
    changes = compare(before.correlations(), after.correlations())
    differ = differing(before.run, after.run, before.measurements, after.measurements)
    parts = (
        *comparison_parts(changes, everything=arguments.all),
        *settings_parts(differ),
    )
    title = f"{ComparisonSection.title} {arguments.before}"
    shown = Shown(name=ComparisonSection.name, title=title, parts=parts)
    show(islice(section_lines(shown, terminal_width()), 1, None))
    verdicts = judge(rules, Evidence(changes=changes))
    gates = GatesSection().shown(Gates(verdicts=verdicts))
    show(section_lines(gates, terminal_width()))
    return int(not all(verdict.passed for verdict in verdicts))
