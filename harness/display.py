"""What a notebook shows of a value: a small table of its facts."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from harness.printable import printable


def facts_html(title: str, facts: Mapping[str, str]) -> str:
    """Return facts as an HTML table; text in them is escaped.

    Parameters
    ----------
    title
        Above the table.
    facts
        What is told, by what it is called; nothing of one that is empty.

    Examples
    --------
    >>> facts_html("line", {"n": "<4>", "R²": "0.900", "note": ""})
    '<table><caption>line</caption><tbody><tr><th>n</th><td>&lt;4&gt;</td></tr>...'
    """
    rows = (
        f"<tr><th>{_plain(name)}</th><td>{_plain(text)}</td></tr>"
        for name, text in facts.items()
        if text
    )
    caption = f"<caption>{_plain(title)}</caption>"
    return f"<table>{caption}<tbody>{''.join(rows)}</tbody></table>"


def _plain(text: str) -> str:
    return escape(printable(text))
