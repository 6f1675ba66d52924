"""Sections on the page: sortable tables, and curves as pictures in the page itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.report.section import Shown, problem_line
from harness.report.table import (
    Column,
    Curve,
    Estimate,
    Gallery,
    Item,
    Listing,
    Marked,
    Part,
    Plotted,
    Range,
    Said,
    Table,
    Text,
    Value,
    for_writer,
)
from harness.report.templates import filled
from harness.report.text import capital
from harness.report.writers.svg import curve_svg

if TYPE_CHECKING:
    from markupsafe import Markup

Cell: TypeAlias = tuple[str, str | None, Plotted | None]

MANY = 12  # longer lists are folded
_FEW = 3  # names that stand open


def section_html(one: Shown, id_: str = "") -> Markup | str:
    """A section under its title; nothing where it is empty.

    Its first table's own title is the section's, where the section has none.
    """
    problem = problem_line(one) if one.problem else ""
    shown = [] if problem else list(for_writer(one.parts, "page"))
    parts = [view for part in shown for view in _views(part, one.title)]
    if not (problem or parts):
        return ""
    return filled(
        "section.html",
        id=id_ or f"section-{one.name}",
        title=capital(one.title or one.name) if problem else capital(one.title),
        problem=problem,
        parts=parts,
        few=_FEW,
    )


def _views(part: Part, title: str) -> Iterator[dict[str, Any]]:
    """What the template needs of a part; nothing where it has nothing to say."""
    if isinstance(part, Text):
        look = "note" if part.small else "strong" if part.strong else ""
        yield {"kind": "text", "text": part.text, "look": look}
    elif isinstance(part, Listing):
        yield from _listing(part)
    elif isinstance(part, Gallery):
        size = f"{part.count} pictures, {part.size / 1024:.0f} KiB."
        yield {
            "kind": "gallery",
            "title": part.title,
            "strips": part.strips,
            "note": f"{part.note} {size}".strip(),
        }
    else:
        table = part.table() if isinstance(part, Curve) else part
        named = part.title or capital(title)
        yield {
            "kind": "table",
            "title": part.title,
            "folded": table.folded,
            "long": table.long,
            "curve": curve_svg(part, named) if isinstance(part, Curve) else "",
            "table": _table(table, named),
            "note": "" if _empty(part) else part.note,
        }


def _listing(part: Listing) -> Iterator[dict[str, Any]]:
    """Of each word the items together; of what is not fine, the first ones open."""
    lists = [_folded(some) for some in part.by_word()]
    if part.headline or lists:
        yield {
            "kind": "listing",
            "headline": part.headline,
            "bad": any(one.fine is False for one in part.items),
            "lists": lists,
        }


def _folded(some: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item], str]:
    """The items that stand open, the others, and what these are."""
    shown = MANY if some[0].fine is False or len(some) <= MANY else 0
    word = some[0].word.rstrip(":")
    return (
        some[:shown],
        some[shown:],
        (f"{len(some) - shown} {'more ' * bool(shown)}{word}"),
    )


def _table(part: Table, label: str) -> dict[str, Any]:
    """A table, and why values are missing in it.

    The last column is left away where all its cells are empty.
    """
    rows = [
        [_cell(column, value) for column, value in zip(part.columns, row, strict=True)]
        for row in part.rows
    ]
    columns = part.columns
    if rows and not any(text for *_, (text, *_) in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    heads = [
        {
            "head": column.head,
            "whole": f"{column.group} {column.head}".strip(),
            "numeric": column.numeric,
            "order": column.order,
        }
        for column in columns
    ]
    groups = [
        (name, len(list(some))) for name, some in groupby(c.group for c in columns)
    ]
    return {
        "label": label,
        "stacked": part.stacked,
        "columns": heads,
        "groups": groups if any(name for name, _ in groups) else [],
        "empty": _empty(part),
        "rows": [
            [(head, *cell) for head, cell in zip(heads, row, strict=True)]
            for row in rows
        ],
        "reasons": list(part.reasons()),
    }


def _empty(part: Table | Curve) -> bool:
    """Whether it says nothing but why it has no row."""
    return isinstance(part, Table) and bool(part.without) and not part.rows


def _cell(column: Column, value: Value) -> Cell:
    """What is shown, what it is sorted by, and what a click on it plots."""
    text = column.shown(value)
    if isinstance(value, Plotted):
        return text, None, value
    number: float | None = None
    if isinstance(value, Estimate | Marked):
        number = value.value
    elif isinstance(value, Range):
        number = value.low
    elif isinstance(value, Said):
        number = value.number
    elif isinstance(value, float | int):
        number = value
    return text, None if number is None else repr(float(number)), None
