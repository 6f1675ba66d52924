"""Texts of gates: words with their places, numbers, and refusals that show where."""

import math
import operator
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
# After a colon nothing has a name in which such a mark could stand.
CONDITION = re.compile(r"[<>=!~≤≥]+|[^\s<>=!~≤≥]+")
SPACED = re.compile(r"\S+")
# Names may have them in brackets, and a "~" anywhere.
NAMES = re.compile(r"[<>=!]+|(?:\[[^\[\]]*\]|[^\s<>=!])+")
_LONGEST = 40


class GateSyntaxError(ValueError):
    """The text is not a gate; the message says what was expected, and where."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word, and the place in the text where it begins."""

    word: str
    at: int


class Words:
    """The words of a text, taken one by one.

    Parameters
    ----------
    text
        The whole text, for messages.
    start
        Where the words begin.
    words
        What a word is.
    kind, example
        What the text is meant to be, and one that is right.
    """

    def __init__(
        self,
        text: str,
        *,
        start: int = 0,
        words: re.Pattern[str],
        kind: str = "gate",
        example: str,
    ) -> None:
        self.text, self.kind, self.example = text, kind, example
        self._tokens = [
            Token(m.group(), m.start()) for m in words.finditer(text, start)
        ]
        self._place = 0

    def ahead(self, steps: int = 0) -> str:
        """The next word, or one further on; empty behind the end."""
        place = self._place + steps
        return self._tokens[place].word if place < len(self._tokens) else ""

    def take(self) -> str:
        """The next word, which is then behind."""
        word = self.ahead()
        self._place += 1
        return word

    def rest(self) -> str:
        """What is left, for messages."""
        return " ".join(token.word for token in self._tokens[self._place :])

    def one_of(
        self,
        what: str,
        known: Collection[str],
        *,
        also: Collection[str] = (),
        end: str = "",
    ) -> str:
        """Take a word that must be one of those known.

        Parameters
        ----------
        what
            It is called in messages.
        known
            What it may be.
        also
            What may have been meant in its place.
        end
            How to say that no word is left.
        """
        word = self.ahead()
        rule = f"{what} must be one of {', '.join(known)}"
        if not word:
            self.refuse(f"{rule}, {end}" if end else f"{what} is missing at the end")
        if word not in known:
            self.refuse(f"{rule}, got {word!r}{hint(word.lower(), [*known, *also])}")
        return self.take()

    def threshold(self, *, percent: bool = False) -> float:
        """Take the number, which must be the last word.

        Parameters
        ----------
        percent
            Whether it may be written so: 60% is 0.6.
        """
        if not self.ahead():
            self.refuse("the number is missing at the end")
        if self.ahead(1):
            self.take()
            self.refuse(f"nothing may follow the number, got {self.rest()!r}")
        value = number_of(self.ahead(), percent=percent)
        if not math.isfinite(value):
            or_percent = " or a percentage" if percent else ""
            self.refuse(
                f"the threshold must be a finite number{or_percent}, "
                f"got {self.ahead()!r}"
            )
        self.take()
        return value

    def refuse(self, problem: str, *, at: int | None = None) -> NoReturn:
        """Say what is wrong with the next word, or at a place in the text."""
        if at is None:
            left = self._tokens[self._place : self._place + 1]
            at = left[0].at if left else len(self.text)
        refuse(self.text, problem, at=at, kind=self.kind, example=self.example)


def refuse(
    text: str, problem: str, *, at: int, kind: str = "gate", example: str
) -> NoReturn:
    """Raise GateSyntaxError: the text, what is wrong with it, where, and an example."""
    stop = "" if problem.endswith("?") else "."
    rest = text[at:].strip()
    shown = rest if len(rest) <= _LONGEST else f"{rest[:_LONGEST]}..."
    where = f"At character {at + 1}: {shown!r}" if rest else "At the end"
    raise GateSyntaxError(
        f"{kind} {text!r}: {problem}{stop} {where}. Example: {example!r}"
    )


def is_operator_like(word: str) -> bool:
    """Whether a word is an operator, or meant to be one."""
    return bool(word) and not word.strip("<>=!~≤≥")


def hint(word: str, known: Collection[str]) -> str:
    """A question whether something close to `word` was meant, if anything is close."""
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def number_of(word: str, *, percent: bool = False) -> float:
    """The number that a word is, nan if it is none; with `percent`, also 60%."""
    share = percent and word.endswith("%")
    try:
        return float(word[:-1]) / 100 if share else float(word)
    except ValueError:
        return math.nan


def number(value: float) -> str:
    """The shortest text that reads back as the value: 5, 0.5, 1e-09."""
    return (
        repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    )


def apart(value: float, threshold: float) -> str:
    """The value, to four digits or as many as leave it on its side of the threshold."""
    for digits in range(4, 17):
        text = f"{value:.{digits}g}"
        shown = float(text)
        if (shown < threshold, shown > threshold) == (
            value < threshold,
            value > threshold,
        ):
            return text
    return repr(value)


def several(names: Collection[str], *, most: int = 3) -> str:
    """The first few names."""
    shown = ", ".join(list(names)[:most])
    return shown + (", ..." if len(names) > most else "")
