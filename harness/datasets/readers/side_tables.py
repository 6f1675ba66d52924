"""Side tables: numbers of images as CSV, joined by the images' names.

The first column names an image, every other one is a number of it. A first row whose
other cells are no numbers is a header; without one the columns are called after the
file. So search difficulty comes (``VSD_dataset.csv``: name, score), with a header and
without.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.datasets.image_names import rows_by_name
from harness.errors import BadData

MISSING = ("", "nan", "na", "n/a")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SideTable:
    """A table that was read.

    Attributes
    ----------
    path
        Of the file.
    names
        Of its images, all different.
    columns
        By name (n,) float64, nan where a cell is empty.
    """

    path: Path
    names: tuple[str, ...]
    columns: dict[str, NDArray[np.float64]]

    def of(self, names: Sequence[str], column: str) -> NDArray[np.float64]:
        """(m,) a column for images of these names; nan of those it does not name.

        Names are compared as `rows_by_name` does: with their folders or without, with
        the file's ending or without.
        """
        rows = rows_by_name(names, self.names)
        return np.where(rows < 0, np.nan, self.columns[column][np.maximum(rows, 0)])


def read_side_table(path: Path) -> SideTable:
    """Read a CSV of numbers of images.

    Raises
    ------
    BadData
        If it cannot be read, a row has another number of cells, a cell is no number, or
        an image is named twice; the message says where.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            rows = [row for row in csv.reader(handle) if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadData(f"{path} must be a CSV file in UTF-8: {error}") from error
    if not rows or len(rows[0]) < 2:
        raise BadData(f"{path} must have names of images and a column of numbers")
    width = len(rows[0])
    header = any(_number(cell) is None for cell in rows[0][1:])
    called = path.stem if width == 2 else f"{path.stem}-%d"
    columns = (
        [cell.strip() for cell in rows[0][1:]]
        if header
        else [called % i if width > 2 else called for i in range(1, width)]
    )
    if "" in columns or len(set(columns)) < len(columns):
        raise BadData(f"{path} must have different names of columns, got {columns}")
    body = rows[1:] if header else rows
    if not body:
        raise BadData(f"{path} must have a row for some image, and has a header alone")
    values = np.empty((len(body), width - 1))
    for i, row in enumerate(body):
        line = i + 1 + header
        if len(row) != width:
            raise BadData(
                f"row {line} of {path} must have {width} cells, got {len(row)}"
            )
        for j, cell in enumerate(row[1:]):
            number = _number(cell)
            if number is None or np.isinf(number):
                raise BadData(
                    f"row {line} of {path} must have a number in {columns[j]}, or "
                    f"nothing, got {cell!r}"
                )
            values[i, j] = number
    names = tuple(row[0].strip() for row in body)
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise BadData(f"{path} must name an image once, and names {twice!r} twice")
    return SideTable(
        path=path,
        names=names,
        columns={name: values[:, j] for j, name in enumerate(columns)},
    )


def _number(cell: str) -> float | None:
    text = cell.strip()
    if text.lower() in MISSING:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        return None
