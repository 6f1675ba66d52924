"""Reports to pass on: no path of the machine that made them is in them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.report.summary import Summary

# An absolute path, in a sentence or alone; not the end of an address or a fraction.
_MARKS = r"\s/\\'\",;:()\[\]"
_PATH = re.compile(rf"(?<![\w:/.\\])(?:[A-Za-z]:)?[/\\](?:[^{_MARKS}]+[/\\])+")


def portable(summary: Summary) -> Summary:
    """A summary whose paths have no folders: what ran, what was lost and left out."""
    return replace(
        summary,
        run=_shortened(summary.run),
        absent={name: short(why) for name, why in summary.absent.items()},
        failed=tuple(replace(one, reason=short(one.reason)) for one in summary.failed),
        skipped=tuple(
            replace(one, reason=short(one.reason)) for one in summary.skipped
        ),
        found={
            name: replace(one, notes=tuple(map(short, one.notes)))
            for name, one in summary.found.items()
        },
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
        return {key: _shortened(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_shortened(part) for part in value]
    return short(value) if isinstance(value, str) else value
