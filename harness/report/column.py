"""Columns of tables, and the values that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from harness.analysis.correlation import Undefined


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval.

    Attributes
    ----------
    value
        The number.
    low, high
        The ends of the interval; the table's note says of which level and how made.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A number in words of its own: "12 of 13", "25 %".

    Attributes
    ----------
    text
        The words.
    number
        What the page sorts by; None to sort it last.
    held
        What files hold in place of the words, where these are a number in a unit of the
        row's own.
    """

    text: str
    number: float | None = None
    held: float | Estimate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plotted:
    """The name of a metric that the page's plot can show.

    Attributes
    ----------
    label, model
        Its name, and a model's to choose there; empty for none.
    note
        What stands behind the name.
    """

    label: str
    model: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """From where to where: an interval, or the least and the most.

    Attributes
    ----------
    low, high
        Its ends.
    """

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A number with a mark behind it, which a text below the table explains.

    Attributes
    ----------
    value
        The number.
    mark
        A letter or two.
    """

    value: float
    mark: str


# None where there is nothing to say; Undefined where there is no value, because.
Value: TypeAlias = (
    str | float | Undefined | Estimate | Range | Marked | Said | Plotted | None
)
Writer: TypeAlias = Literal["terminal", "page", "markdown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: of names, or of numbers where it has a form.

    Attributes
    ----------
    name
        What its head says.
    unit
        Of its numbers as they are shown: "%", "points", "ms".
    group
        A heading that it shares with its neighbours; empty for none.
    short, group_short
        The same in fewer letters, for a terminal: of a group several, the longest
        first, of which it takes what has room. Empty where there are none.
    form
        How a number is written, as in `format`: ".3f", "+.2f", ".0f", ".4g". Empty for
        a column of texts.
    scale
        What numbers are multiplied by before they are shown: 100 for shares in
        percent. Files (CSV, Parquet, JSON) hold the numbers themselves.
    align
        "left" or "right"; empty for texts to the left and numbers to the right.
    suffix
        What stands behind each number: " %".
    goes
        When it is left out of a terminal that is too narrow: the largest first, those
        of 0 never.
    repeats
        Whether a terminal may leave it out without a word: what it says stands
        elsewhere.
    limits
        Below the first a number is bad, from the second good: a terminal colours it.
    width
        Letters that a number has at least on a terminal; negative for what stands to
        the left there.
    bounded
        Whether a number has no more letters than that there: of a longer one the last
        digits go. A range stands in brackets then.
    widest, cut
        Letters that a name has at most there; and whether longer ones are cut, where
        that leaves them apart, or else folded.
    order
        Of the rows by this column, where they have one: the page marks it.
    """

    name: str
    unit: str = ""
    group: str = ""
    short: str = ""
    group_short: tuple[str, ...] = ()
    form: str = ""
    scale: float = 1.0
    align: Literal["", "left", "right"] = ""
    suffix: str = ""
    goes: int = 0
    repeats: bool = False
    limits: tuple[float, float] | None = None
    width: int = 0
    bounded: bool = False
    widest: int = 24
    cut: bool = False
    order: Literal["none", "ascending", "descending"] = "none"

    def __post_init__(self) -> None:
        """Refuse a form that no number can be written in."""
        try:
            format(0.0, self.form)
        except ValueError as error:
            raise ValueError(
                f"the form of column {self.name!r} must be one of `format`, such as "
                f"'.3f', got {self.form!r}"
            ) from error

    @property
    def numeric(self) -> bool:
        """Whether it stands to the right, as numbers do."""
        return self.align == "right" or (not self.align and bool(self.form))

    @property
    def head(self) -> str:
        """Its name and its unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def shown(self, value: Value) -> str:
        """A value as people read it; a dash where there is none.

        Examples
        --------
        >>> accuracy = Column(name="top-1", unit="%", form=".1f", scale=100)
        >>> accuracy.shown(0.9312)
        '93.1'
        >>> accuracy.shown(Estimate(value=0.9312, low=0.925, high=0.937))
        '93.1 [92.5, 93.7]'
        >>> accuracy.shown(None), accuracy.shown(Undefined("no labels"))
        ('-', '-')
        """
        if value is None or isinstance(value, Undefined):
            return "-"
        if isinstance(value, Estimate):
            ends = f"[{self.shown(value.low)}, {self.shown(value.high)}]"
            return f"{self.shown(value.value)} {ends}"
        if isinstance(value, Range):
            return f"{self.shown(value.low)} to {self.shown(value.high)}"
        if isinstance(value, Marked):
            return f"{self.shown(value.value)}{value.mark}"
        if isinstance(value, str):
            return value
        if isinstance(value, Said):
            return value.text
        if isinstance(value, Plotted):
            return f"{value.label} {value.note}".strip()
        return format(self.scale * value, self.form) + self.suffix

    def fitted(self, value: Value) -> str:
        """A value as a terminal shows it: in `width` letters where it is `bounded`.

        Examples
        --------
        >>> r2 = Column(name="R²", form=".3f", width=6, bounded=True)
        >>> [r2.fitted(value) for value in (-3.8, -12.34567, -12345.6, -1.23e7)]
        ['-3.800', '-12.35', '-12346', '-1e+07']
        >>> Column(name="95 %", form=".2f", width=9, bounded=True).fitted(
        ...     Range(low=0.375, high=0.9962)
        ... )
        '[.38,1.0]'
        >>> [
        ...     Column(name="95 %", form=".1f", width=9, bounded=True).fitted(value)
        ...     for value in (Range(low=4.5, high=6.91), Range(low=9.96, high=23.44))
        ... ]
        ['[4.5,6.9]', '[10,23.4]']
        """
        if isinstance(value, Marked):
            return self.fitted(value.value) + value.mark
        if self.bounded and isinstance(value, Range):
            return self._closed(value)
        if not self.bounded or not isinstance(value, float | int):
            return self.shown(value)
        texts = (self.shown(value), *self._shorter(value))
        return next((one for one in texts if len(one) <= self.width), texts[-1])

    def _shorter(self, value: float) -> Iterator[str]:
        """A number with fewer and fewer digits, at last as a power of ten."""
        if found := _DIGITS.fullmatch(self.form):
            before, digits, kind = found.groups()
            for fewer in range(int(digits) - 1, -1, -1):
                yield replace(self, form=f"{before}.{fewer}{kind}").shown(value)
            yield replace(self, form=f"{before}.0e").shown(value)

    def _closed(self, value: Range) -> str:
        """A range in brackets, of which the longer end shrinks until there is room."""
        low, high = self.shown(value.low), self.shown(value.high)
        room = self.width - len("[,]")
        if len(low) + len(high) <= room:
            return f"[{low},{high}]"
        ends = [self._lengths(value.low), self._lengths(value.high)]
        while sum(len(texts[0]) for texts in ends) > room:
            longer = max(ends, key=lambda texts: (len(texts) > 1, len(texts[0])))
            if len(longer) == 1:
                break
            longer.pop(0)
        return f"[{ends[0][0]},{ends[1][0]}]"

    def _lengths(self, value: float) -> list[str]:
        """A number without the zero before its point, then with ever fewer digits."""
        texts = [_ZERO.sub(r"\1.", self.shown(value))]
        for text in self._shorter(value):
            if len(short := _ZERO.sub(r"\1.", text)) < len(texts[-1]):
                texts.append(short)
        return texts


_DIGITS = re.compile(r"(.*)\.(\d+)([fge])")
_ZERO = re.compile(r"^([+-]?)0\.")
