"""Tables, curves and texts that know nothing of who writes them.

A section makes them; each writer (terminal, HTML, Markdown, CSV, Parquet, plots, JSON)
writes them all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from harness.analysis.correlation import Undefined
from harness.measurement import number_of
from harness.report.column import (
    Column,
    Estimate,
    Marked,
    Plotted,
    Range,
    Said,
    Value,
    Writer,
)
from harness.report.gallery import Gallery, Picture, Strip

__all__ = [
    "PLACES",
    "Column",
    "Curve",
    "Estimate",
    "Gallery",
    "Item",
    "Listing",
    "Marked",
    "Part",
    "Picture",
    "Plotted",
    "Range",
    "Said",
    "Series",
    "Strip",
    "Table",
    "Text",
    "Value",
    "Writer",
    "for_writer",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns.

    Attributes
    ----------
    columns
        From the left; the first names the row.
    rows
        A value for each column.
    title
        Above it; empty for the section's own.
    note, note_short
        Below it: what its numbers are; and the same in the words of short heads, for a
        terminal, where these are others.
    without
        What has no row, and why: a sentence for each reason.
    long
        Whether it is one to search. The page has a field to do so; a terminal has a
        table for each name in the first column, in its short report none, and Markdown
        has none either.
    most
        Rows that a terminal shows, which then says how many more there are; 0 for all.
    close
        Whether its numbers stand close together on a terminal, each below the heading
        of its group; else each group stands apart.
    folded
        What the page shows of it until it is opened; empty to show it. What cannot be
        folded, a terminal or Markdown, leaves such a table out.
    where
        The writers that show it; empty for all of them. Files hold it if the page does.
    stacked
        Whether a narrow page shows each row as a list of names and values, so that
        nothing lies beside the screen: of a table that is read before all others.

    Raises
    ------
    ValueError
        If there is no column, or a row has not a value for each.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    title: str = ""
    note: str = ""
    note_short: str = ""
    without: tuple[str, ...] = ()
    long: bool = False
    most: int = 0
    close: bool = False
    folded: str = ""
    where: tuple[Writer, ...] = ()
    stacked: bool = False

    def __post_init__(self) -> None:
        """Hold every row to the columns."""
        if not self.columns:
            raise ValueError(f"table {self.title!r} must have a column, got none")
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"a row of table {self.title!r} must have {len(self.columns)} "
                    f"values, one a column, got {len(row)}"
                )

    def reasons(self) -> Iterator[str]:
        """Why values are missing, a line for each reason; then what has no row."""
        for (heads, reason), names in self.gaps().items():
            yield f"no {heads} of {_some(names)}: {reason}"
        yield from self.without

    def gaps(self) -> dict[tuple[str, str], dict[str, None]]:
        """(what is missing, why) -> the names of the rows."""
        places: dict[str, tuple[dict[int, None], dict[str, None]]] = {}
        for row in self.rows:
            for i, value in enumerate(row):
                if isinstance(value, Undefined):
                    columns, names = places.setdefault(value.reason, ({}, {}))
                    columns[i] = names[self.columns[0].shown(row[0])] = None
        return {
            (self._heads(columns), reason): names
            for reason, (columns, names) in places.items()
        }

    def _heads(self, places: Collection[int]) -> str:
        """What columns are called, those of a whole group together."""
        groups: dict[str, set[int]] = {}
        for i, column in enumerate(self.columns):
            groups.setdefault(column.group, set()).add(i)
        whole = {
            group
            for group, own in groups.items()
            if group and len(own) > 1 and own <= set(places)
        }
        if len(whole) > 1 and whole == groups.keys() - {""}:
            return "numbers"
        heads: dict[str, None] = {}
        for i in places:
            column = self.columns[i]
            alone = f"{column.group} {column.name}".strip()
            heads[f"{column.group} numbers" if column.group in whole else alone] = None
        return _some(heads)


_MANY = 3  # how many names of a long list are said


def _some(names: dict[str, None]) -> str:
    shown = ", ".join(list(names)[:_MANY])
    return shown if len(names) <= _MANY else f"{shown} and {len(names) - _MANY} more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a curve.

    Attributes
    ----------
    name
        Whose.
    values
        One for each place along the axis; None or Undefined where there is a gap.
    """

    name: str
    values: tuple[float | Undefined | Estimate | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Numbers along an axis: a table with the axis in its columns, and a line plot.

    Attributes
    ----------
    axis
        Its name: "k", "layer", "epoch".
    at
        The places along it, in order. Where all are numbers, a plot puts them at their
        size; else one step apart.
    series
        The lines.
    who
        What a series is of: "model".
    value
        What the numbers are, with their unit; the axis of a plot.
    unit, form, scale
        As of a `Column`.
    title, note
        As of a `Table`.

    Raises
    ------
    ValueError
        If there is no place, a place is twice, or a series has not a value for each.
    """

    axis: str
    at: tuple[str, ...]
    series: tuple[Series, ...]
    who: str = "model"
    value: str = "value"
    unit: str = ""
    form: str = ".4g"
    scale: float = 1.0
    title: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Hold every series to the axis."""
        if not self.at or len(set(self.at)) < len(self.at):
            raise ValueError(
                f"the places of a curve along {self.axis!r} must be some, each once, "
                f"got {', '.join(self.at) or 'none'}"
            )
        for one in self.series:
            if len(one.values) != len(self.at):
                raise ValueError(
                    f"series {one.name!r} of a curve along {self.axis!r} must have "
                    f"{len(self.at)} values, one a place, got {len(one.values)}"
                )

    def table(self, most: int | None = None) -> Table:
        """The same numbers with the series in rows and the axis in the columns.

        Parameters
        ----------
        most
            How many places to show; of more, so many evenly apart, the ends among them.
        """
        kept = _spread(len(self.at), most or len(self.at))
        places = tuple(
            Column(
                name=self.at[i],
                group=self.axis,
                form=self.form,
                scale=self.scale,
                goes=goes,
            )
            for i, goes in zip(kept, _turns(len(kept)), strict=True)
        )
        left = f"{len(kept)} of {len(self.at)} places along {self.axis} are shown."
        return Table(
            columns=(Column(name=self.who), *places),
            rows=tuple(
                (one.name, *(one.values[i] for i in kept)) for one in self.series
            ),
            title=self.title,
            note=f"{self.note} {left if len(kept) < len(self.at) else ''}".strip(),
        )

    @property
    def head(self) -> str:
        """What its numbers are, with their unit."""
        return f"{self.value} ({self.unit})" if self.unit else self.value

    def sizes(self) -> tuple[float, ...]:
        """Where a plot puts the places: at their size where all are numbers, else 0, 1.

        Examples
        --------
        >>> Curve(axis="k", at=("1", "20"), series=()).sizes()
        (1.0, 20.0)
        >>> Curve(axis="layer", at=("stage1", "stage2"), series=()).sizes()
        (0.0, 1.0)
        """
        numbers = [number_of(place) for place in self.at]
        known = [number for number in numbers if number is not None]
        if len(known) == len(self.at):
            return tuple(known)
        return tuple(map(float, range(len(self.at))))


def _turns(n: int) -> list[int]:
    """When each of n places goes for want of room: the ends never, halves last.

    Examples
    --------
    >>> _turns(5)
    [0, 2, 1, 3, 0]
    """
    turns, turn = [0] * n, 0
    gaps = [(0, n - 1)]
    while gaps:
        low, high = gaps.pop(0)
        if high - low > 1:
            turn, middle = turn + 1, (low + high) // 2
            turns[middle] = turn
            gaps += [(low, middle), (middle, high)]
    return turns


def _spread(n: int, most: int) -> tuple[int, ...]:
    """So many of n places as evenly as they go, the first and the last among them."""
    if n <= most:
        return tuple(range(n))
    return tuple(round(i * (n - 1) / (most - 1)) for i in range(most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A sentence or two; what its letters mean to a writer is escaped.

    Attributes
    ----------
    text
        Of one paragraph.
    hang
        Letters by which a terminal sets its further lines in.
    small
        Whether the page shows it as a note.
    strong
        Whether the page shows it in bold letters.
    where
        The writers that show it; empty for all of them.
    """

    text: str
    hang: int = 0
    small: bool = False
    strong: bool = False
    where: tuple[Writer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a listing.

    Attributes
    ----------
    word
        What it is: "passed", "skipped:".
    name, text
        Whose, and what is said of it.
    among
        Names that it is about, of which there may be many.
    fine
        Whether it is as it should be; None where that is no question.
    """

    word: str
    name: str
    text: str
    among: tuple[str, ...] = ()
    fine: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Things with a sentence each. Where what is not fine is read first, it is first.

    Attributes
    ----------
    items
        In order.
    of
        What they are: "gate".
    headline
        What they come to: the page begins with it.
    """

    items: tuple[Item, ...]
    of: str
    headline: str = ""

    def by_word(self) -> list[tuple[Item, ...]]:
        """The items of each word together, those that are not fine first."""
        words = dict.fromkeys(one.word for one in sorted(self.items, key=_is_fine))
        return [tuple(one for one in self.items if one.word == word) for word in words]

    def open_and_folded(self) -> tuple[list[Item], list[tuple[Item, ...]]]:
        """What is read at once, in order, and of what is fine the many of a word."""
        words = self.by_word()
        folded = [items for items in words if len(items) > MANY and items[0].fine]
        return [one for items in words if items not in folded for one in items], folded


MANY = 12  # items of one word that are listed; of more, what is fine is folded


def _is_fine(one: Item) -> bool:
    return one.fine is not False


Part: TypeAlias = Table | Curve | Text | Listing | Gallery


def for_writer(
    parts: Iterable[Part], writer: Writer, *, short: bool = False
) -> Iterator[Part]:
    """The parts that a writer shows; in a short report no long tables."""
    for part in parts:
        where = part.where if isinstance(part, Table | Text) else ()
        left_out = isinstance(part, Table) and (
            part.folded or (part.long and (short or writer == "markdown"))
        )
        if (writer == "page" or not left_out) and (not where or writer in where):
            yield part


PLACES = 12  # of a curve where there is no room to scroll
