"""Sections on a terminal: tables lose columns there, never digits."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from textwrap import fill
from typing import TYPE_CHECKING

from harness.report.columns import Block, Columns, Names, Number
from harness.report.section import problem_line
from harness.report.table import PLACES, Column, Curve, Table, Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.report.section import Shown

_WIDEST = 24  # letters of a name before it is folded


def section_parts(shown: Iterable[Shown], width: int) -> Iterable[RenderableType]:
    """Each section under its title, a blank line before it."""
    for one in shown:
        yield ""
        yield from _section(one, width)


def _section(one: Shown, width: int) -> Iterable[RenderableType]:
    from rich import text

    if one.problem:
        yield fill(problem_line(one), width, subsequent_indent="  ")
        return
    first = one.parts[0] if one.parts else None
    if not isinstance(first, Table | Curve) or first.title:
        yield text.Text(one.title, style="bold")
    for i, part in enumerate(one.parts):
        if isinstance(part, Text):
            yield fill(part.text, width)
            continue
        table = part.table(PLACES) if isinstance(part, Curve) else part
        yield from table_parts(table, "" if i else one.title, width)


def table_parts(table: Table, title: str, width: int) -> Iterable[RenderableType]:
    """A table, why values are missing in it, and its note.

    `title` is for one that has none of its own.
    """
    title = table.title or title
    if table.rows:
        yield _columns(table, title)
    elif title:
        yield f"{title}: nothing"
    for reason in table.reasons():
        yield fill(reason, width, initial_indent="  ", subsequent_indent="    ")
    if table.note:
        yield fill(table.note, width)


def _columns(table: Table, title: str) -> Columns:
    """Names to the left, then numbers by group, then names that come after them."""
    places = list(enumerate(table.columns))
    first = next((i for i, one in places if one.numeric), len(places))
    texts = [(i, one) for i, one in places if not one.numeric]
    groups = [
        list(found)
        for _, found in groupby(
            ((i, one) for i, one in places if one.numeric),
            # Without a group each is a block of its own.
            key=lambda place: place[1].group or place[0],
        )
    ]
    over = "\n" if any(one.group for one in table.columns) else ""
    shown = Columns(
        title=title,
        names=tuple(
            Names(head=over + one.head, widest=_WIDEST, last=i > first)
            for i, one in texts
        ),
        blocks=tuple(
            Block(
                head=found[0][1].group,
                short=found[0][1].group,
                numbers=tuple(_number(one, over) for _, one in found),
            )
            for found in groups
        ),
    )
    for row in table.rows:
        cells = [
            column.shown(value)
            for column, value in zip(table.columns, row, strict=True)
        ]
        shown.add(
            [cells[i] for i, _ in texts],
            *([cells[i] for i, _ in found] for found in groups),
        )
    return shown


def _number(column: Column, over: str) -> Number:
    # A blank line above what has no group, where others have one.
    blank = " " if over and not column.group else ""
    return Number(name=column.head, over=blank, goes=column.goes)
