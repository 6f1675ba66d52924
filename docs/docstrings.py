"""Docstrings of metrics, taken apart and turned into Markdown."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.errors import BadData

_HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}\n", flags=re.MULTILINE)
_DISPLAY = re.compile(r"^\.\. math:: (.*(?:\n[ ]+\S.*)*)", flags=re.MULTILINE)
_INLINE = re.compile(r":math:`([^`]*)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Docstring:
    """A metric's docstring in parts, each as Markdown.

    Attributes
    ----------
    what
        The first paragraph, without its "Return".
    formula
        The displayed formulas with the words around them.
    parameters
        (name, what it is) in the order of the function; options come after inputs.
    returns
        What is known of the value.
    notes, references
        Those sections; empty where there are none.
    """

    what: str
    formula: str
    parameters: tuple[tuple[str, str], ...]
    returns: str
    notes: str
    references: str


def read_docstring(fn: Callable[..., Any]) -> Docstring:
    """Take apart the docstring of a metric's function.

    Raises
    ------
    BadData
        If it lacks a formula or one of the sections that every metric has.
    """
    name = fn.__name__
    head, *rest = _HEADING.split(inspect.getdoc(fn) or "")
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    first, _, formula = head.partition("\n\n")
    if not _DISPLAY.search(formula):
        raise BadData(f"the docstring of {name} must hold a `.. math::` formula")
    for section in ("Parameters", "Returns"):
        if section not in sections:
            raise BadData(f"the docstring of {name} must have a section {section}")
    what = _on_one_line(first).removeprefix("Return ")
    _, _, returns = sections["Returns"].partition("\n")
    return Docstring(
        what=what[:1].upper() + what[1:],
        formula=_markdown(formula),
        parameters=tuple(_parameters(sections["Parameters"])),
        returns=_on_one_line(returns),
        notes=_markdown(sections.get("Notes", "")),
        references=_on_one_line(sections.get("References", "")),
    )


def _parameters(section: str) -> list[tuple[str, str]]:
    found = []
    for entry in re.split(r"\n(?=\S)", section.strip()):
        title, _, text = entry.partition("\n")
        name, _, kind = title.partition(" : ")
        found.append(
            (
                name,
                ": ".join(filter(None, (kind, _on_one_line(text).removesuffix(".")))),
            )
        )
    return found


def _on_one_line(text: str) -> str:
    return _INLINE.sub(_dollars, " ".join(text.split()))


def _markdown(text: str) -> str:
    """Paragraphs with formulas as GitHub shows them."""
    text = _DISPLAY.sub(
        lambda found: "```math\n" + re.sub(r"\n[ ]+", "\n", found[1]) + "\n```", text
    )
    return _INLINE.sub(_dollars, text).strip()


def _dollars(found: re.Match[str]) -> str:
    return f"$`{' '.join(found[1].split())}`$"
