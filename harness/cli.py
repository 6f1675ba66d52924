"""The command `harness`: what needs no test run, or starts one for you."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from harness.commands.running import BAD_INPUT, INTERRUPTED, NOBODY_READS
from harness.errors import HarnessError

# One module a command in `harness.commands`, each with `add_arguments(parser)` and
# `run(arguments) -> int`; the first line of its docstring is its help. One that starts
# pytest finds what it does not know itself in `arguments.pytest`.
COMMANDS = (
    *("sample", "predict", "run", "list", "report", "compare", "history", "merge"),
    *("train", "cache", "selftest"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, 1 (a gate was missed) or 2 (bad input).

    As a shell says it, 130 where Ctrl-C ended it, and 141 where nobody reads on.
    """
    name = "harness"  # in a message, with the command when it is known
    try:
        command, arguments = _parsed(argv)
        name = f"harness {arguments.command}"
        status = int(command.run(arguments))
        sys.stdout.flush()  # here it can still be said that this cannot be
        return status
    except (HarnessError, ValueError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # `| head` has enough
        _leave_stdout()
        return NOBODY_READS
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"{name}: {error}", file=sys.stderr)
        _leave_stdout()
        return BAD_INPUT
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parsed(argv: Sequence[str] | None) -> tuple[ModuleType, argparse.Namespace]:
    """The command's module, and what it was given."""
    from harness import __version__

    parser = argparse.ArgumentParser(
        prog="harness", description="Models that meet unlabelled data: see also pytest."
    )
    parser.add_argument("--version", action="version", version=f"harness {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = import_module(f"harness.commands.{name}")
        text = (module.__doc__ or "").strip()
        sub = commands.add_parser(
            name,
            help=text.partition("\n")[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(sub)
    arguments, rest = parser.parse_known_args(argv)
    command = import_module(f"harness.commands.{arguments.command}")
    if rest and not getattr(command, "PASSES_ON", False):
        parser.error(f"harness {arguments.command} has no argument {rest[0]}")
    arguments.pytest = rest
    return command, arguments


def _leave_stdout() -> None:
    """Have Python not try again at its end, with a traceback."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
