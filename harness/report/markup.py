"""Markup: HTML from plain text, escaped unless it is known to be markup."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_EMPTY = {"img", "input", "link", "meta"}


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name
        What its header says.
    group
        A heading that it shares with its neighbours; empty for none.
    numeric
        Whether it holds numbers, which stand to the right.
    order
        "ascending" or "descending" where the rows come sorted by it; else "none".
    """

    name: str
    group: str = ""
    numeric: bool = False
    order: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a table shows, and the number that it is sorted by."""

    text: str
    sort: float | None = None


def tag(name: str, /, *content: str, **attributes: str | float | bool) -> Html:
    """Return an element.

    Parameters
    ----------
    name
        Of the element.
    content
        Escaped, unless it is `Html`.
    attributes
        ``class_`` is class, ``aria_label`` aria-label. True is written without a
        value, False not at all.

    Examples
    --------
    >>> tag("p", "a < b", tag("b", "!"), class_="x", hidden=True)
    '<p class="x" hidden>a &lt; b<b>!</b></p>'
    """
    words = [name]
    for key, value in attributes.items():
        written = key.rstrip("_").replace("_", "-")
        if value is True:
            words.append(written)
        elif value is not False:
            words.append(f'{written}="{escape(str(value))}"')
    opening = f"<{' '.join(words)}>"
    if name in _EMPTY:
        return Html(opening)
    return Html(f"{opening}{join(content)}</{name}>")


def join(parts: Iterable[str]) -> Html:
    """Parts one after the other; what is not markup is escaped."""
    return Html("".join(p if isinstance(p, Html) else escape(p) for p in parts))


def number(
    value: float | None, form: str = ".3f", *, scale: float = 1, unit: str = ""
) -> Cell:
    """A number as it is shown, or a dash."""
    if value is None:
        return Cell(text="-")
    return Cell(text=f"{scale * value:{form}}{unit}", sort=value)


def table(
    label: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell | str]],
    *,
    tall: bool = False,
    stacked: bool = False,
) -> Html:
    """Return a sortable table that scrolls inside its own frame.

    Parameters
    ----------
    label
        What a screen reader calls it.
    columns
        From left to right; the first names the row.
    rows
        Cells in the order of the columns. A string is sorted as text.
    tall
        Whether it may be long: it scrolls upwards as well.
    stacked
        Whether a narrow screen has its rows one below the other.

    Notes
    -----
    The last column is left away where all its cells are empty.
    """
    rows = list(rows)
    if not any(row[-1] for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    heads = [
        tag(
            "th",
            tag("button", column.name, type="button"),
            scope="col",
            aria_sort=column.order,
            class_="number" if column.numeric else "text",
        )
        for column in columns
    ]
    head = [tag("tr", *heads)]
    if any(column.group for column in columns):
        head.insert(0, tag("tr", *_groups(columns), class_="groups"))
    body = [tag("tr", *_cells(columns, row, named=stacked)) for row in rows]
    inner = tag(
        "table",
        tag("thead", *head),
        tag("tbody", Html("\n".join(body))),
        class_="sortable",
    )
    return tag(
        "div",
        inner,
        class_=" ".join(["scroll", *["tall"] * tall, *["stacked"] * stacked]),
        tabindex=0,
        role="region",
        aria_label=label,
    )


def _groups(columns: Sequence[Column]) -> Iterable[Html]:
    start = 0
    while start < len(columns):
        group, stop = columns[start].group, start
        while stop < len(columns) and columns[stop].group == group:
            stop += 1
        if group:
            yield tag("th", group, scope="colgroup", colspan=stop - start)
        else:
            yield tag("td", colspan=stop - start)
        start = stop


def _cells(
    columns: Sequence[Column], row: Sequence[Cell | str], *, named: bool
) -> Iterable[Html]:
    for i, (column, cell) in enumerate(zip(columns, row, strict=True)):
        attributes: dict[str, str] = {}
        if i == 0:
            attributes["scope"] = "row"
        if column.numeric:
            attributes["class_"] = "number"
        if named and i:
            attributes["data_head"] = f"{column.group} {column.name}".strip()
        content: str
        if isinstance(cell, Cell):
            content = cell.text
            if cell.sort is not None:
                attributes["data_sort"] = repr(float(cell.sort))
        else:
            content = cell
        yield tag("td" if i else "th", content, **attributes)


def script_json(value: Any) -> Html:
    """JSON that a script element can hold: nothing in it ends or opens markup.

    Examples
    --------
    >>> script_json({"name": "</script><!--"})
    '{"name":"\\\\u003c/script>\\\\u003c!--"}'
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Html(text.replace("<", "\\u003c"))


def section(title: str, *content: str, id_: str) -> Html:
    """A part of the page under a heading."""
    return tag("section", tag("h2", title), *content, id=id_)


def folded(title: str, content: Html) -> Html:
    """What the page shows when its title is opened."""
    return tag("details", tag("summary", title), content)
