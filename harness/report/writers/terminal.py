"""Sections on a terminal: tables lose columns there, never digits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from textwrap import fill
from typing import TYPE_CHECKING

from harness.analysis.correlation import Undefined
from harness.report.columns import Block, Columns, Names, Number
from harness.report.section import problem_line
from harness.report.table import (
    PLACES,
    Column,
    Curve,
    Gallery,
    Item,
    Listing,
    Marked,
    Part,
    Table,
    Text,
    Value,
    for_writer,
)
from harness.report.text import some

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.report.section import Shown


def section_lines(
    one: Shown, width: int, *, short: bool = False
) -> Iterable[RenderableType]:
    """A section under its title, a blank line before it; nothing where it is empty.

    A blank line also stands before each further table that has a title of its own, or
    follows a text.
    """
    from rich import text

    parts = list(for_writer(one.parts, "terminal", short=short))
    if one.problem:
        yield ""
        yield fill(problem_line(one), width, subsequent_indent="  ")
    if not parts:
        return
    yield ""
    own = parts and isinstance(parts[0], Table | Curve) and not parts[0].title
    if one.title and not own:
        yield text.Text(one.title, style="bold")
    for i, part in enumerate(parts):
        if i and isinstance(part, Table | Curve):
            before = parts[i - 1]
            if part.title or (isinstance(before, Text) and not before.small):
                yield ""
        yield from part_lines(part, "" if i else one.title, width)


def part_lines(part: Part, title: str, width: int) -> Iterable[RenderableType]:
    """A table, why values are missing in it, and its note; or a text, or a list.

    `title` is for a table that has none of its own.
    """
    from rich import text

    if isinstance(part, Text):
        indent = " " * min(part.hang, width // 2)
        yield fill(part.text, width, subsequent_indent=indent) if indent else part.text
        return
    if isinstance(part, Gallery):
        yield part.told
        return
    if isinstance(part, Listing):
        listed, folded = part.open_and_folded()
        yield from map(_item, listed)
        for items in folded:
            names = some([one.name for one in items])
            yield _item(replace(items[0], name=f"{len(items)}", text=names))
        return
    if isinstance(part, Table) and part.long:
        yield from _by_name(part, width)
        return
    table = part.table(PLACES) if isinstance(part, Curve) else part
    title = table.title or title
    kept = table.rows[: table.most or None]
    if kept:
        yield _columns(replace(table, rows=kept), title)
    elif title and table.without:
        yield text.Text(title, style="bold")
    elif title:
        yield f"{title}: nothing"
    if left := len(table.rows) - len(kept):
        yield f"  and {left} more"
    yield from _filled(table.reasons(), width)
    note = table.note_short or table.note
    if note and (table.rows or not table.without):
        yield note


def _by_name(table: Table, width: int) -> Iterable[RenderableType]:
    """A table for each name in the first column; those without a number share lines."""
    rows: dict[str, list[tuple[Value, ...]]] = {}
    for row in table.rows:
        rows.setdefault(table.columns[0].shown(row[0]), []).append(row[1:])
    telling = [one.numeric and not one.repeats for one in table.columns[1:]]
    blank, lacking = False, dict[tuple[str, str], list[str]]()
    for name, some_rows in rows.items():
        own = Table(columns=table.columns[1:], rows=tuple(some_rows))
        kept = tuple(row for row in own.rows if _tells(row, telling))
        if not kept:
            for gap in own.gaps():
                lacking.setdefault(gap, []).append(name)
            continue
        if blank:
            yield ""
        blank = True
        yield _columns(replace(own, rows=kept), name)
        yield from _filled(own.reasons(), width)
    if lacking and blank:
        yield ""
    for (heads, reason), names in lacking.items():
        yield f"no {heads} of {some(names)}: {reason}"
    if table.note and blank:
        yield ""
        yield table.note


def _tells(row: Sequence[Value], telling: Iterable[bool]) -> bool:
    return any(
        tells and value is not None and not isinstance(value, Undefined)
        for tells, value in zip(telling, row, strict=True)
    )


def _filled(reasons: Iterable[str], width: int) -> Iterable[str]:
    for reason in reasons:
        yield fill(reason, width, initial_indent="  ", subsequent_indent="    ")


def _item(one: Item) -> RenderableType:
    from rich.text import Text

    among = f" [{some(one.among)}]" if one.among else ""
    said = f" {one.name}{among}: {one.text}"
    if one.fine is None:
        return Text(one.word + said)
    style = "green" if one.fine else "red"
    return Text.assemble((f"  {one.word}", style), said)


def _columns(table: Table, title: str) -> Columns:
    """Names to the left, then numbers by group, then names that come after them."""
    places = list(enumerate(table.columns))
    # The first column names the row, also where it is of numbers.
    numbers = [(i, one) for i, one in places if i and one.numeric]
    texts = [place for place in places if place not in numbers]
    first = min((i for i, _ in numbers), default=len(places))
    groups = [
        list(found)
        for _, found in groupby(
            numbers,
            # Without a group each is a block of its own.
            key=lambda place: table.close or place[1].group or place[0],
        )
    ]
    over = "\n" if any(one.group for one in table.columns) else ""
    shown = Columns(
        title=title,
        names=tuple(
            Names(
                head=over + (one.short or one.head),
                widest=one.widest,
                cut=one.cut,
                right=one.numeric,
                last=i > first,
            )
            for i, one in texts
        ),
        blocks=tuple(
            Block(
                head="" if table.close else found[0][1].group,
                short=() if table.close else found[0][1].group_short,
                numbers=tuple(_number(one, table.close, over) for _, one in found),
            )
            for found in groups
        ),
    )
    marks = [_widest_mark(values) for values in zip(*table.rows, strict=True)]
    for row in table.rows:
        cells = [
            _styled(column, value, mark)
            for column, value, mark in zip(table.columns, row, marks, strict=True)
        ]
        shown.add(
            [cells[i] for i, _ in texts],
            *([cells[i] for i, _ in found] for found in groups),
        )
    return shown


def _widest_mark(values: Iterable[Value]) -> int:
    return max((len(v.mark) for v in values if isinstance(v, Marked)), default=0)


def _styled(column: Column, value: Value, mark: int) -> str | tuple[str, str]:
    """A value in letters, with room for a mark behind it: points keep in line."""
    own = len(value.mark) if isinstance(value, Marked) else 0
    text = column.fitted(value) + " " * (mark - own)
    if column.limits is None or not isinstance(value, float | int):
        return text
    bad, good = column.limits
    return text, "green" if value >= good else "red" if value < bad else ""


def _number(column: Column, close: bool, over: str) -> Number:
    # A blank line above what has no group, where others have one.
    blank = " " if over and not column.group else ""
    return Number(
        name=column.short or column.head,
        over=(column.group, *column.group_short)[-1] if close else blank,
        width=column.width,
        goes=column.goes,
        quiet=column.repeats,
    )
