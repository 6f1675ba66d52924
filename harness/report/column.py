"""Columns of tables, and the values that stand in them."""

from __future__ import annotations

from dataclasses import dataclass
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
    """

    text: str
    number: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plotted:
    """The name of a metric that the page's plot can show.

    Attributes
    ----------
    label, model
        Its name, and a model's to choose there; empty for none.
    """

    label: str
    model: str = ""


# None where there is nothing to say; Undefined where there is no value, because.
Value: TypeAlias = str | float | Undefined | Estimate | Said | Plotted | None
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
    width
        Letters that a number has at least on a terminal.
    widest, cut
        Letters that a name has at most there; and whether longer ones are cut, where
        that leaves them apart, or else folded.
    order
        Of the rows by this column, where they have one: the page marks it.
    """

    name: str
    unit: str = ""
    group: str = ""
    form: str = ""
    scale: float = 1.0
    align: Literal["", "left", "right"] = ""
    suffix: str = ""
    goes: int = 0
    width: int = 0
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
        if isinstance(value, str):
            return value
        if isinstance(value, Said):
            return value.text
        if isinstance(value, Plotted):
            return value.label
        return format(self.scale * value, self.form) + self.suffix
