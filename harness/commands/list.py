"""What there is to choose from: bases, models, families, datasets or metrics.

Also numbers by layer as they were published, to hold one's own against.

Options of pytest may follow, so that conftest files and other bases are heard:

    harness list models
    harness list families --harness-base cifar10 --harness-data-root DATA
"""

from __future__ import annotations

import argparse

from harness.commands.running import run_pytest
from harness.report.listing import KINDS

PASSES_ON = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which table."""
    parser.add_argument("kind", choices=KINDS)


def run(arguments: argparse.Namespace) -> int:
    """Let pytest read its settings, and print the table instead of running."""
    return run_pytest(
        f"--harness-list={arguments.kind}",
        "-qq",
        "--no-header",
        "--no-summary",
        "-p",
        "no:cacheprovider",
        *arguments.pytest,
    )
