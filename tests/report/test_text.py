"""What is shown on a terminal: with colours where it has any."""

import io
import sys

import pytest
from rich.text import Text

from harness.report.text import show


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("term", "no_color", "styled"),
    [
        ("xterm", None, True),
        ("xterm", "", True),
        ("xterm", "1", False),
        ("dumb", None, False),
    ],
)
def test_a_terminal_that_knows_no_colours_gets_none(
    monkeypatch, term, no_color, styled
):
    """As one within an editor, which would show the letters of every escape."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr(sys, "stdout", Terminal())

    show([Text("metrics", style="bold")])

    assert ("\x1b[1m" in sys.stdout.getvalue()) is styled
    assert "metrics" in sys.stdout.getvalue()
