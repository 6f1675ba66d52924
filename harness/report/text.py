"""Text: tables and lines as a string of a given width, for pytest's reporter or stdout.

rich renders to a string; nothing here is live, so it goes wherever text goes.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.printable import printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment


LEAST_WIDTH = 40  # columns that a table needs, however narrow the terminal is


def rendered(
    parts: Iterable[RenderableType],
    *,
    width: int,
    colour: bool = False,
    encoding: str = "utf-8",
) -> str:
    """The parts one under the other.

    Parameters
    ----------
    parts
        Tables and lines.
    width
        Columns.
    colour
        Whether to write escape codes.
    encoding
        Of the stream; letters it lacks are spelt out.
    """
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        force_jupyter=False,  # there it would be shown beside, and the text be empty
        legacy_windows=False,
        emoji=False,
        highlight=False,
        markup=False,
        soft_wrap=False,
    )
    for part in parts:
        console.print(_Printable(part))
    text = "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        for fancy, plain in (("R²", "R2"), ("ρ", "rho"), ("−", "-"), ("─", "-")):
            text = text.replace(fancy, plain)
        text = text.encode("ascii", "replace").decode("ascii")
    return text


class _Printable:
    """A part with nothing in its words that a terminal would obey."""

    def __init__(self, part: RenderableType) -> None:
        self._part = part

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterable[Segment]:
        from rich.segment import Segment

        for text, style, control in console.render(self._part, options):
            yield Segment(printable(text, keep="\n"), style, control)


def show(parts: Iterable[RenderableType]) -> None:
    """Print the parts as wide as the terminal, in colour where it has any."""
    out = sys.stdout
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown")
    colour = out.isatty() and not plain
    encoding = out.encoding or "utf-8"
    text = rendered(parts, width=terminal_width(), colour=colour, encoding=encoding)
    out.write(text)


def terminal_width() -> int:
    """Columns of the terminal, never too few for a table."""
    return max(LEAST_WIDTH, shutil.get_terminal_size().columns)


class Bar:
    """A progress bar with a note beside it; without a terminal, a line for each note.

    Use as a context manager.
    """

    def __init__(self, title: str) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._live = sys.stderr.isatty()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not self._live,
        )
        self._title = title
        self._task = self._progress.add_task(title, total=None)

    def __enter__(self) -> Bar:
        """Show it."""
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal as it was."""
        if self._live:  # rich 13.7 ends with a line what it never showed
            self._progress.stop()

    def move(self, done: int, total: int) -> None:
        """So many steps of so many are done."""
        self._progress.update(self._task, completed=done, total=total)

    def note(self, text: str) -> None:
        """What to say of the last stretch."""
        if self._live:
            self._progress.update(self._task, description=f"{self._title}: {text}")
        else:
            print(f"{self._title}: {text}", file=sys.stderr, flush=True)


def some(names: Sequence[str], most: int = 3) -> str:
    """The first names of a list, and how many more there are.

    Examples
    --------
    >>> some(["a", "b"]), some(["a", "b", "c", "d"])
    ('a, b', 'a, b, c and 1 more')
    """
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def capital(title: str) -> str:
    """A title with a capital at its start.

    Examples
    --------
    >>> capital("accuracy on the line")
    'Accuracy on the line'
    """
    return title[:1].upper() + title[1:]
