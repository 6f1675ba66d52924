"""Parts of the HTML page: each is a section, or nothing where there is nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from harness.report.found import said
from harness.report.markup import (
    Html,
    folded,
    section,
    tag,
)
from harness.report.words import WORDS

if TYPE_CHECKING:
    from harness.report.summary import Summary


_MANY = 12  # longer lists are folded


def found(summary: Summary) -> Html:
    """What the user's own folders hold, and what was passed over in them."""
    items = [
        tag("li", tag("b", name), f": {'; '.join(said(one))}")
        for name, one in summary.found.items()
    ]
    listed = tag("ul", *items)
    if len(items) > _MANY:
        listed = folded(f"{len(items)} datasets", listed)
    return section("Data", listed, id_="found") if items else Html("")


def settings(summary: Summary) -> Html:
    """What ran where: all that the run says of itself."""
    facts = dict(_flat("", summary.run))
    if not facts:
        return Html("")
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", text))
        for name, text in facts.items()
    ]
    return section("Settings", _plain_table("Settings", rows), id_="settings")


def words() -> Html:
    """What the words of the page mean."""
    rows = [
        tag("tr", tag("th", word, scope="row"), tag("td", meaning))
        for word, meaning in WORDS.items()
    ]
    return section("Words", _plain_table("Words", rows), id_="words")


def _plain_table(label: str, rows: Sequence[Html]) -> Html:
    inner = tag("table", tag("tbody", *rows), class_="plain")
    return tag(
        "div", inner, class_="scroll", tabindex=0, role="region", aria_label=label
    )


def _flat(prefix: str, value: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for key, part in value.items():
        name = f"{prefix}{key}"
        if isinstance(part, dict):
            yield from _flat(f"{name}.", part)
        elif isinstance(part, list):
            yield name, ", ".join(map(_plain, part))
        else:
            yield name, _plain(part)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
