"""Reports to pass on: no path of the machine that made them is in them."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.report.summary import Summary

# An absolute path, in a sentence or alone; not the end of an address or a fraction.
_MARKS = r"\s/\\'\",;:()\[\]"
_PATH = re.compile(rf"(?<![\w:/.\\])(?:[A-Za-z]:)?[/\\](?:[^{_MARKS}]+[/\\])+")


def portable(summary: Summary) -> Summary:
    """A summary whose paths have no folders: what ran, what was lost and left out."""
    # Here, since other projects' runs read this module and are not to load numpy.
    from harness.report.sections.losses import Losses

    return replace(
        summary,
        run=_shortened(summary.run),
        found={
            name: replace(one, notes=tuple(map(short, one.notes)))
            for name, one in summary.found.items()
        },
        kept=tuple(
            _shortened(one) if isinstance(one, Losses) else one for one in summary.kept
        ),
        sections=_shortened(summary.sections),
        shown=_shortened(summary.shown),
    )


def short(text: str) -> str:
    """A text with absolute paths cut to their last part.

    Examples
    --------
    >>> short("looked at /home/me/data/MNIST, C:\\\\Users\\\\me\\\\w.pt; see https://x.org/a/b")
    'looked at .../MNIST, .../w.pt; see https://x.org/a/b'
    """
    return _PATH.sub(".../", text)


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {_shortened(key): _shortened(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_shortened(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: _shortened(getattr(value, f.name)) for f in fields(value)}
        return replace(value, **parts)
    return short(value) if type(value) is str else value  # a word of an enum is none
