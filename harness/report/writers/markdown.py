"""Sections in Markdown, and the escaping that all of its text goes through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.printable import printable
from harness.report.section import Shown, problem_line
from harness.report.table import (
    PLACES,
    Curve,
    Gallery,
    Item,
    Listing,
    Part,
    Table,
    Text,
    for_writer,
)
from harness.report.text import capital, some


def section_markdown(one: Shown) -> str:
    """A section under its title, blocks apart."""
    if one.problem:
        return f"### {escaped(one.title or one.name)}\n\n{escaped(problem_line(one))}"
    parts = list(for_writer(one.parts, "markdown"))
    blocks = [f"### {escaped(capital(one.title))}"] if parts and one.title else []
    for part in parts:
        blocks += _part(part, "####" if one.title else "###")
    return "\n\n".join(blocks)


def _part(part: Part, level: str) -> Iterable[str]:
    if isinstance(part, Text):
        yield escaped(part.text)
        return
    if isinstance(part, Gallery):
        yield escaped(part.told)
        return
    if isinstance(part, Listing):
        kept, folded = part.open_and_folded()
        heads = "", escaped(part.of), "why"
        if kept:
            yield grid(heads, map(_item, kept))
        for items in folded:
            yield f"<details><summary>{len(items)} {escaped(items[0].word)}</summary>"
            yield grid(heads, map(_item, items))
            yield "</details>"
        return
    if part.title:
        yield f"{level} {escaped(part.title)}"
    table = part.table(PLACES) if isinstance(part, Curve) else part
    if table.rows or not table.without:
        yield table_markdown(table)
    if reasons := [f"- {escaped(reason)}" for reason in table.reasons()]:
        yield "\n".join(reasons)
    if table.note:
        yield escaped(table.note)


def _item(one: Item) -> tuple[str, str, str]:
    word = escaped(one.word)
    among = f" ({some(one.among)})" if one.among else ""
    return (
        f"**{word}**" if one.fine is False else word,
        escaped(f"{one.name}{among}"),
        escaped(one.text),
    )


def table_markdown(table: Table) -> str:
    """A table; a group stands before the names of its columns."""
    names = [
        escaped(f"{column.group} {column.head}".strip()) for column in table.columns
    ]
    return grid(
        names,
        (
            [escaped(c.shown(v)) for c, v in zip(table.columns, row, strict=True)]
            for row in table.rows
        ),
    )


def grid(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Names over rows, all of them Markdown already."""
    head, *body = ["| " + " | ".join(line) + " |" for line in (names, *rows)]
    return "\n".join([head, "|" + "---|" * len(names), *body])


def escaped(text: str) -> str:
    """On one line, with what Markdown or HTML would take for its own escaped.

    Examples
    --------
    >>> print(escaped("a | *b* <i>"))
    a \\| \\*b\\* \\<i>
    """
    line = printable(" ".join(text.split()))
    return "".join(f"\\{c}" if c in _MARKS else c for c in line)


# All that opens something; a list or a heading needs the start of a line besides.
_MARKS = frozenset("\\|<[]_`*~&$#")
