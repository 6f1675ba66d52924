"""Sections on the page: sortable tables, and curves as pictures in the page itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.report.markup import Cell, Html, folded, join, table, tag
from harness.report.markup import Column as Head
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
from harness.report.text import capital
from harness.report.writers.svg import curve_svg


def section_html(one: Shown, id_: str = "") -> Html:
    """A section under its title; nothing where it is empty.

    Its first table's own title is the section's, where the section has none.
    """
    parts = list(for_writer(one.parts, "page"))
    id_ = id_ or f"section-{one.name}"
    if one.problem:
        title = one.title or one.name
        content = [tag("p", problem_line(one), class_="verdict failed")]
    else:
        title = one.title
        content = [html for part in parts for html in _part(part, one.title, id_)]
    if not content:
        return Html("")
    return tag("section", tag("h2", capital(title)), *content, id=id_)


def _part(part: Part, title: str, section: str) -> Iterable[Html]:
    if isinstance(part, Text):
        look = "note" if part.small else "strong" if part.strong else ""
        yield tag("p", part.text, class_=look) if look else tag("p", part.text)
        return
    if isinstance(part, Listing):
        yield from _listing(part)
        return
    if isinstance(part, Gallery):
        yield from _gallery(part)
        return
    if isinstance(part, Table) and part.folded:
        inner = table_html(part, title)
        yield tag("details", tag("summary", part.folded), inner)
        return
    if part.title:
        yield tag("h3", part.title)
    if isinstance(part, Table) and part.long:
        field = tag("input", type="search", data_sieve=section, size=16)
        yield tag("label", "only rows with ", field, class_="sieve")
    if isinstance(part, Curve):
        yield curve_svg(part, part.title or capital(title))
    yield table_html(part.table() if isinstance(part, Curve) else part, title)
    if part.note and not _empty(part):
        yield tag("p", part.note, class_="note")


def _gallery(part: Gallery) -> Iterable[Html]:
    yield tag("h3", part.title)
    for strip in part.strips:
        heads = [tag("b", strip.name), " ", tag("span", strip.text)]
        pictures = [
            tag(
                "figure",
                tag("img", src=one.address, alt=one.text),
                tag("figcaption", one.text),
                **({"title": one.text} if one.text else {}),
            )
            for one in strip.pictures
        ]
        yield tag("p", *heads, class_="strip")
        yield tag("div", *pictures, class_="pictures")
    size = f"{part.count} pictures, {part.size / 1024:.0f} KiB."
    yield tag("p", f"{part.note} {size}".strip(), class_="note")


_MANY = 12  # longer lists are folded


def _listing(part: Listing) -> Iterable[Html]:
    """Of each word the items together; of what is not fine, the first ones open."""
    if part.headline:
        bad = any(one.fine is False for one in part.items)
        look = f"verdict {'failed' if bad else 'passed'}"
        yield tag("p", part.headline, class_=look)
    for some in part.by_word():
        word = some[0].word.rstrip(":")
        shown = _MANY if some[0].fine is False or len(some) <= _MANY else 0
        if some[:shown]:
            yield _items(some[:shown])
        if more := some[shown:]:
            count = f"{len(more)} {'more ' * bool(shown)}{word}"
            yield folded(count, _items(more))


def _items(some: Sequence[Item]) -> Html:
    return tag("ul", *map(_item, some), class_="items")


def _item(one: Item) -> Html:
    looks = {True: "passed", False: "failed", None: "word"}
    parts = [
        tag("b", one.word, class_=looks[one.fine]),
        " ",
        tag("code", one.name),
        " ",
        tag("span", one.text),
    ]
    if one.among:
        names: Html | str = ", ".join(one.among)
        if len(one.among) > _FEW:
            names = folded(f"{len(one.among)} cells", join([names]))
        parts.append(tag("div", names, class_="cells"))
    return tag("li", *parts)


_FEW = 3  # names that stand open


def table_html(part: Table, title: str) -> Html:
    """A table, and why values are missing in it; `title` where it has none."""
    heads = [
        Head(
            name=column.head,
            group=column.group,
            numeric=column.numeric,
            order=column.order,
        )
        for column in part.columns
    ]
    reasons = [tag("li", reason) for reason in part.reasons()]
    listed = tag("ul", *reasons) if reasons else Html("")
    if _empty(part):
        return listed
    rows = [
        [_cell(c, value) for c, value in zip(part.columns, row, strict=True)]
        for row in part.rows
    ]
    label = part.title or capital(title)
    made = table(label, heads, rows, tall=True, stacked=part.stacked)
    return Html(made + listed)


def _empty(part: Table | Curve) -> bool:
    """Whether it says nothing but why it has no row."""
    return isinstance(part, Table) and bool(part.without) and not part.rows


def _cell(column: Column, value: Value) -> Cell | str:
    text = column.shown(value)
    if isinstance(value, Plotted):
        return tag(
            "a",
            text,
            href="#plot",
            data_metric=value.label,
            data_model=value.model,
        )
    if isinstance(value, Estimate | Marked):
        return Cell(text=text, sort=value.value)
    if isinstance(value, Range):
        return Cell(text=text, sort=value.low)
    if isinstance(value, Said):
        return Cell(text=text, sort=value.number)
    if isinstance(value, float | int):
        return Cell(text=text, sort=value)
    return Cell(text=text) if column.numeric else text
