"""Unmatched: what -k and -m ask for and no collected test has, with what is near it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from harness.fixtures.cells import place_of
from harness.printable import printable


class Unmatched:
    """Tells of words that are mistyped where they have left nothing to run.

    Parameters
    ----------
    config
        Its -k and -m are looked at.
    """

    def __init__(self, config: pytest.Config) -> None:
        option = config.option
        self._words = {name for name, _ in _asked(getattr(option, "keyword", ""))}
        self._marks = _asked(getattr(option, "markexpr", ""))
        self._known = {
            re.split("[(:]", line, maxsplit=1)[0].strip()
            for line in config.getini("markers")
        }
        self._names: set[str] = set()
        self._metrics: set[str] = set()
        self._seen: set[tuple[int, str]] = set()
        self._told: tuple[str, ...] = ()  # by a worker, which alone collects
        self._cells = False  # without any it is a project that we are no part of

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Keep what they are called by."""
        for item in items:
            named = str(getattr(item, "originalname", None) or item.name)
            place = place_of(item)
            self._cells |= place is not None
            self._names |= {named.removeprefix("test_"), *(place or ())[:3]} - {""}
            self._strike(item.nodeid)
            if (id(item.parent), named) in self._seen:
                continue  # another cell of the same test
            self._seen.add((id(item.parent), named))
            for keyword in item.keywords:
                self._strike(keyword)
            for marker in item.iter_markers():
                self._known.add(marker.name)
                if marker.name == "metric":
                    self._metrics.add(str(marker.kwargs.get("name")))

    def _strike(self, text: str) -> None:
        """Words of -k that are part of it, in any case, are of some test."""
        if self._words:
            lower = text.lower()
            self._words = {word for word in self._words if word.lower() not in lower}

    def hear(self, lines: Sequence[str]) -> None:
        """Take what the same has found in a worker."""
        self._told = tuple(lines)

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        """Name them, if nothing was left."""
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            for line in self._told or self.lines():
                terminalreporter.write_line(f"harness: {printable(line)}")

    def lines(self) -> Iterator[str]:
        """One for each word that no test is called by."""
        if not self._cells:
            return
        for word in sorted(self._words):
            yield f"-k: no test, model or dataset is called {word!r}" + _near(
                word, self._names | self._metrics
            )
        for mark, facts in self._marks:
            if mark not in self._known:
                yield f"-m: no test is marked {mark!r}" + _near(mark, self._known)
            elif mark == "metric" and "name" not in facts:
                yield "-m: a metric is chosen by metric(name='...')"
            elif mark == "metric" and facts["name"] not in self._metrics:
                name = str(facts["name"])
                yield f"-m: no metric is called {name!r}" + _near(name, self._metrics)


def _asked(expression: str) -> list[tuple[str, dict[str, Any]]]:
    """The names in an expression of -k or -m, each once, with their arguments."""
    from _pytest.mark.expression import Expression

    found: list[tuple[str, dict[str, Any]]] = []

    def note(answer: bool) -> Any:
        def matches(name: str, /, **facts: Any) -> bool:
            if (name, facts) not in found:
                found.append((name, facts))
            return answer

        return matches

    if expression:
        try:
            compiled = Expression.compile(expression)
        except SyntaxError:  # which pytest tells of
            return found
        for answer in (True, False):  # so that neither `or` nor `and` stops short
            compiled.evaluate(note(answer))
    return found


def _near(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""
