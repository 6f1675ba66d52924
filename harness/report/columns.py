"""Columns: tables of numbers that lose columns in a narrow terminal, never digits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Column
    from rich.text import Text

_GAP = 3  # letters between two columns
_LEAST = 8  # letters that a name keeps where numbers can go instead
_LINES = 3  # that a name may be folded over; files have it whole

Value = str | tuple[str, str]  # a text, or one with its style


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A column of names.

    Attributes
    ----------
    head
        Of the column.
    widest
        Letters that they may take.
    cut
        Whether longer ones are cut, where that leaves them apart; else they are folded.
    right
        Whether they stand to the right.
    whole
        Whether all else gives way before they are folded.
    last
        Whether they stand behind the numbers.
    """

    head: str
    widest: int
    cut: bool = False
    right: bool = False
    whole: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A column of numbers.

    Attributes
    ----------
    name, over
        Its head, and a line above that.
    width
        Letters that it has at least; negative for what stands to the left.
    goes
        When it is left out for want of room: the largest first, those of 0 never.
    quiet
        Whether that is not said.
    """

    name: str
    over: str = ""
    width: int = 0
    goes: int = 0
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Numbers that stand close together.

    Attributes
    ----------
    numbers
        Its columns.
    head, short
        Above all of them; and above some of them, the longest that is no wider than
        they.
    """

    numbers: tuple[Number, ...]
    head: str = ""
    short: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Columns:
    """A table for `rich` that shows as many columns as there is room for.

    Attributes
    ----------
    names, blocks
        Its columns, from the left.
    title
        Above it.
    rows
        What was added: names, and the values of each block.
    """

    names: tuple[Names, ...]
    blocks: tuple[Block, ...]
    title: str = ""
    rows: list[tuple[tuple[Value, ...], tuple[tuple[Value, ...], ...]]] = field(
        default_factory=list
    )

    def add(self, names: Iterable[Value], *blocks: Iterable[Value]) -> None:
        """Append a row."""
        self.rows.append((tuple(names), tuple(map(tuple, blocks))))

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """The table, and what there was no room for."""
        beside = sum(not column.last for column in self.names)
        if beside > 1 and self._least(self._levels()[-1]) > options.max_width:
            yield self._merged()
            return
        from rich import box
        from rich.table import Column, Table
        from rich.text import Text

        levels = self._levels()
        room = options.max_width
        last = next((one for one in levels if self._least(one) <= room), levels[-1])
        shown = self._shown(last)
        spare = room - sum(block.width + _GAP for block in shown)
        spare = self._letters(spare - _GAP * (len(self.names) - 1))
        made = [
            (
                Column(block.head, no_wrap=True),
                [block.text(values) for _, values in self.rows],
            )
            for block in shown
        ]
        named = [self._named(i, spare, room, last) for i in range(len(self.names))]
        made = named[:beside] + made + named[beside:]
        table = Table(
            *(column for column, _ in made),
            box=box.SIMPLE,
            show_edge=False,
            pad_edge=False,
        )
        for cells in zip(*(cells for _, cells in made), strict=True):
            table.add_row(*cells)
        if len(self.title) <= console.measure(table, options=options).maximum:
            table.title, table.title_justify = self.title or None, "left"
            table.title_style = "bold"
        else:
            yield Text(self.title, style="bold")
        yield table
        gone = [
            n for b in self.blocks for n in b.numbers if n.goes > last and not n.quiet
        ]
        if gone:
            lost = dict.fromkeys(f"{n.over} {n.name}".strip() for n in gone)
            yield f"  no room for {', '.join(lost)}"

    def _letters(self, spare: int) -> int:
        """Letters of each name: all where those of every column fit, else a share."""
        longest = [
            min(max((len(_text(row[i])) for row, _ in self.rows), default=0), c.widest)
            for i, c in enumerate(self.names)
        ]
        return spare if sum(longest) <= spare else spare // len(self.names)

    def _named(
        self, place: int, letters: int, room: int, last: int
    ) -> tuple[Column, list[Text]]:
        """A column of names that has so many letters, and its cells."""
        from rich.table import Column

        column = self.names[place]
        values = [own[place] for own, _ in self.rows]
        texts = list(map(_text, values))
        most = min(column.widest, max(letters, 4))
        cut = shortened(texts, most) if column.cut else None
        if not column.whole:
            texts = _folded(texts, max(most, _LEAST))
        firm = column.whole and self._least(last) <= room
        return (
            Column(
                column.head,
                justify="right" if column.right else "left",
                no_wrap=cut is not None or firm,
                overflow="fold",
                max_width=column.widest if cut is None else None,
            ),
            list(map(_styled, cut or texts, values)),
        )

    def _merged(self) -> Columns:
        """The same with all of a row's names in one column."""
        heads = ", ".join(column.head.strip() for column in self.names)
        widest = sum(column.widest for column in self.names)
        found = Columns(
            names=(Names(head=heads, widest=widest),),
            blocks=self.blocks,
            title=self.title,
        )
        names = [
            _folded([_text(own[i]) for own, _ in self.rows], column.widest)
            for i, column in enumerate(self.names)
        ]
        for own, (_, values) in zip(zip(*names, strict=True), self.rows, strict=True):
            found.add((", ".join(own),), *values)
        return found

    def _levels(self) -> list[int]:
        """What may go, the first first; -1 where all may."""
        every = {n.goes for block in self.blocks for n in block.numbers}
        return sorted(every, reverse=True) + [-1] * (0 not in every)

    def _least(self, last: int) -> int:
        """Letters that the columns take at the least, without what goes before."""
        names = 0
        for i, column in enumerate(self.names):
            longest = max((len(_text(row[i])) for row, _ in self.rows), default=0)
            natural = min(longest, column.widest)
            firm = column.cut or column.whole
            names += natural if firm else min(natural, _LEAST)
        numbers = [block.width for block in self._shown(last)]
        return names + sum(numbers) + _GAP * (len(self.names) + len(numbers) - 1)

    def _shown(self, last: int) -> list[_Shown]:
        """The blocks without the numbers that have gone."""
        shown = []
        for i, block in enumerate(self.blocks):
            kept = tuple(j for j, n in enumerate(block.numbers) if n.goes <= last)
            if kept:
                values = [tuple(blocks[i][j] for j in kept) for _, blocks in self.rows]
                shown.append(_Shown.of(i, block, kept, values))
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What there is room for of a block: which one, which of its numbers, how wide."""

    block: int
    kept: tuple[int, ...]
    widths: tuple[int, ...]
    head: str
    width: int

    @classmethod
    def of(
        cls,
        index: int,
        block: Block,
        kept: tuple[int, ...],
        rows: Sequence[tuple[Value, ...]],
    ) -> _Shown:
        numbers = [block.numbers[j] for j in kept]
        widths = []
        for j, number in enumerate(numbers):
            texts = [number.name, number.over, *(_text(row[j]) for row in rows)]
            width = max(abs(number.width), *map(len, texts))
            widths.append(-width if number.width < 0 else width)
        length = sum(map(abs, widths)) + len(widths) - 1
        lines = [_joined([n.name for n in numbers], widths)]
        if block.head:
            heads = (block.head, *block.short)
            whole = len(kept) == len(block.numbers)
            fitting = (head for head in heads if whole or len(head) <= length)
            lines.insert(0, next(fitting, heads[-1]))
        elif any(n.over for n in numbers):
            lines.insert(0, _joined([n.over for n in numbers], widths))
        return cls(
            block=index,
            kept=kept,
            widths=tuple(widths),
            head="\n".join(lines),
            width=max(map(len, lines)),
        )

    def text(self, values: Sequence[Sequence[Value]]) -> Text:
        """A row's numbers."""
        from rich.text import Text

        mine = [values[self.block][j] for j in self.kept]
        line = Text()
        for i, (value, width) in enumerate(zip(mine, self.widths, strict=True)):
            line.append(" " if i else "")
            pad = " " * (abs(width) - len(_text(value)))
            line.append("" if width < 0 else pad)
            line.append_text(_styled(_text(value), value))
            line.append(pad if width < 0 else "")
        return line


def _joined(texts: Sequence[str], widths: Sequence[int]) -> str:
    return " ".join(
        text.ljust(-width) if width < 0 else text.rjust(width)
        for text, width in zip(texts, widths, strict=True)
    )


def _text(value: Value) -> str:
    return value if isinstance(value, str) else value[0]


def _styled(text: str, value: Value) -> Text:
    """A text in the style of the value that it shows."""
    from rich.text import Text

    return Text(text, style="" if isinstance(value, str) else value[1])


def _folded(texts: Sequence[str], width: int) -> list[str]:
    """Texts of which none that is one word takes more than a few lines of a width.

    In the middle of longer ones is an ellipsis, where that leaves them apart.
    """
    names = [text for text in texts if " " not in text]
    cut = shortened(names, _LINES * width, middle=True) or names
    known = dict(zip(names, cut, strict=True))
    return [known.get(text, text) for text in texts]


def shortened(
    names: Sequence[str], width: int, *, middle: bool = False
) -> list[str] | None:
    """Names cut to a width; None where names that differ would be alike.

    They keep as little of their end as leaves them apart; with `middle` half, or more.

    Examples
    --------
    >>> shortened(["resnet20", "vgg"], 6), shortened(["resnet20", "resnet44"], 6)
    (['resne…', 'vgg'], ['resn…0', 'resn…4'])
    >>> shortened(["a" * 30, "a" * 15 + "b" + "a" * 14], 6) is None
    True
    """
    tails = range(max(1, width - 1))
    half = len(tails) // 2
    for tail in (*tails[half:], *tails[:half]) if middle else tails:
        cut = [
            n
            if len(n) <= width
            else f"{n[: width - 1 - tail]}…{n[len(n) - tail :] if tail else ''}"
            for n in names
        ]
        if len(set(cut)) == len(set(names)):
            return cut
    return None
