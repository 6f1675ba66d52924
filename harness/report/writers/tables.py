"""Tables of sections as files: CSV and Parquet, with the numbers themselves."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from harness.analysis.correlation import Undefined
from harness.printable import printable
from harness.report.file_names import file_names, words
from harness.report.run_file.json import write_report
from harness.report.run_file.table_files import guarded
from harness.report.sections.own import PAGE, named
from harness.report.table import (
    Curve,
    Estimate,
    Marked,
    Plotted,
    Range,
    Said,
    Table,
    Value,
    for_writer,
)

if TYPE_CHECKING:
    from harness.report.section import Shown
    from harness.report.summary import Summary

Cell: TypeAlias = str | float | None
Flat: TypeAlias = dict[str, list[Cell]]


def write_tables_csv(folder: Path, summary: Summary) -> None:
    """Write SECTION.csv, or SECTION-TITLE.csv, for every table and curve of a section.

    Raises
    ------
    HarnessError
        If a file cannot be written.
    """
    for name, table, _ in named_tables(summary):
        columns = flat(table)
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(map(guarded, columns))
        for row in zip(*columns.values(), strict=True):
            writer.writerow([guarded(c) if isinstance(c, str) else c for c in row])
        write_report(folder / f"{name}.csv", out.getvalue())


def write_tables_parquet(folder: Path, summary: Summary) -> None:
    """Write the same as Parquet; a column of numbers holds floats.

    Raises
    ------
    HarnessError
        If a file cannot be written.
    """
    import pyarrow
    import pyarrow.parquet

    for name, table, _ in named_tables(summary):
        arrays = {}
        for column, cells in flat(table).items():
            mixed = any(isinstance(cell, str) for cell in cells)
            kind = pyarrow.string() if mixed else pyarrow.float64()
            written = [
                cell if cell is None else printable(str(cell)) if mixed else float(cell)
                for cell in cells
            ]
            arrays[printable(column)] = pyarrow.array(written, type=kind)
        content = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table(arrays), content)
        write_report(folder / f"{name}.parquet", content.getvalue())


def named_tables(summary: Summary) -> Iterator[tuple[str, Table, str]]:
    """Every table of every section, with a name that a file can have, and its title."""
    found = [
        (
            "-".join(filter(None, (shown.name, words(title)))),
            part.table() if isinstance(part, Curve) else part,
            ": ".join(dict.fromkeys(filter(None, (shown.title, title)))),
        )
        for section in PAGE
        for shown in named(summary, section)
        for part, title in _titled(shown)
    ]
    names = file_names(name for name, _, _ in found)
    for name, (_, table, title) in zip(names, found, strict=True):
        yield name, table, title


def _titled(shown: Shown) -> Iterator[tuple[Table | Curve, str]]:
    """The tables of a section; one below another without a title of its own is named.

    By the other's title, which heads both where people read, and its first column.
    """
    above = ""
    for part in for_writer(shown.parts, "page"):
        if not isinstance(part, Table | Curve):
            continue
        below = ""
        if above and not part.title and isinstance(part, Table):
            below = f"{above}, {part.columns[0].name}"
        above = part.title or above
        yield part, below or part.title


def flat(table: Table) -> Flat:
    """The columns of a table by name, with the numbers as they are: not scaled.

    One of estimates has a column more for each end of their intervals, one of ranges
    has these alone; marks have a column. Where values do not exist, the last says why.
    """
    columns: Flat = {}
    for i, column in enumerate(table.columns):
        name = _new(f"{column.group} {column.name}".strip(), columns)
        values = [_held(row[i]) for row in table.rows]
        ranges = any(isinstance(value, Range) for value in values)
        if not ranges or not all(map(_no_number, values)):
            columns[name] = [_cell(value) for value in values]
        if ranges or any(isinstance(value, Estimate) for value in values):
            for end in ("low", "high"):
                columns[_new(f"{name} {end}", columns)] = [
                    getattr(value, end) if isinstance(value, Estimate | Range) else None
                    for value in values
                ]
        if any(isinstance(value, Marked) for value in values):
            columns[_new(f"{name} mark", columns)] = [
                value.mark if isinstance(value, Marked) else None for value in values
            ]
    reasons = [
        "; ".join(dict.fromkeys(v.reason for v in row if isinstance(v, Undefined)))
        for row in table.rows
    ]
    if any(reasons):
        columns[_new("why", columns)] = list(reasons)
    return columns


def _held(value: Value) -> Value:
    if isinstance(value, Said) and value.held is not None:
        return value.held
    return value


def _cell(value: Value) -> Cell:
    if isinstance(value, Estimate | Marked):
        return value.value
    if isinstance(value, Said):
        return value.text
    if isinstance(value, Plotted):
        return value.label
    return None if isinstance(value, Undefined | Range) else value


def _no_number(value: Value) -> bool:
    return value is None or isinstance(value, Undefined | Range)


def _new(name: str, taken: Flat) -> str:
    """The name, with a number where there is one already."""
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name} {count}"
    return found
