"""Tables of accuracies, models by datasets, read from the text of CSV files."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.arrays import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyTable:
    """Accuracies of models on datasets; nan where a model was not measured.

    Attributes
    ----------
    models, datasets
        Names of the rows and columns, each once.
    accuracies
        (models, datasets) in [0, 1] or nan.
    """

    models: tuple[str, ...]
    datasets: tuple[str, ...]
    accuracies: Array

    def column(self, dataset: str) -> Array:
        """Return a dataset's accuracies, one per model, nan where absent."""
        if dataset not in self.datasets:
            known = ", ".join(self.datasets[:8])
            more = ", ..." if len(self.datasets) > 8 else ""
            raise KeyError(f"no dataset {dataset!r} in the table; it has {known}{more}")
        return np.asarray(self.accuracies[:, self.datasets.index(dataset)])

    def pair(self, x: str, y: str) -> tuple[tuple[str, ...], Array, Array]:
        """Return the models measured on both datasets, and their accuracies there."""
        first, second = self.column(x), self.column(y)
        both = np.isfinite(first) & np.isfinite(second)
        names = tuple(m for m, there in zip(self.models, both, strict=True) if there)
        return names, first[both], second[both]


def read_table(
    text: str,
    *,
    keys: Sequence[str] = ("model",),
    columns: Mapping[str, str] | None = None,
    percent: bool = False,
    header_rows: int = 1,
) -> AccuracyTable:
    """Return the table that the text of a CSV file holds, one model per row.

    Parameters
    ----------
    text : str
        Of the file.
    keys : sequence of str
        Columns that together name a model, joined by ``@``.
    columns : mapping, optional
        Which columns to read, and what dataset each is. All that have a name, but the
        keys, unless given.
    percent : bool
        Whether accuracies are written in percent.
    header_rows : int
        Lines of column names; with several, a column's names are joined by ``-``.

    Returns
    -------
    AccuracyTable
        Rows and columns in the order of the file.

    Raises
    ------
    ValueError
        If a column is missing or ambiguous, a line has too few or too many cells, a
        cell is not a number in range, or a model comes twice; if `percent` is said of a
        table with nothing above 1; or if `csv` cannot read it. The message names the
        line and the column.

    Examples
    --------
    >>> table = read_table("model,val,v2\\na,0.75,0.5\\nb,0.5,\\n")
    >>> table.models, table.datasets, table.accuracies.tolist()
    (('a', 'b'), ('val', 'v2'), [[0.75, 0.5], [0.5, nan]])
    >>> read_table("model,size,top1\\na,224,75\\n", keys=("model", "size"),
    ...            columns={"top1": "val"}, percent=True).models
    ('a@224',)
    >>> text = ",fog,fog\\n,1,2\\na,0.5,0.25\\n"
    >>> read_table(text, keys=("",), header_rows=2).datasets
    ('fog-1', 'fog-2')
    """
    try:
        rows = list(csv.reader(text.splitlines()))
    except csv.Error as error:  # such as a cell of 200,000 letters
        raise ValueError(f"no CSV table: {error}") from error
    if len(rows) < header_rows:
        raise ValueError(f"a table needs {header_rows} lines of names, got {len(rows)}")
    names = [
        "-".join(part for part in parts if part)
        for parts in zip(*rows[:header_rows], strict=False)
    ]
    key_places = [_place(names, key) for key in keys]
    if columns is None:
        # A column without a name, such as an index that pandas wrote, is no dataset.
        rest = [n for i, n in enumerate(names) if i not in key_places and n]
        columns = {name: name for name in rest}
    places = [_place(names, name) for name in columns]
    if not places:
        raise ValueError(
            f"a table needs a column of accuracies besides {' and '.join(keys)!r}, its "
            "columns joined by commas"
        )
    models: dict[str, int] = {}
    values = []
    for line, row in enumerate(rows[header_rows:], start=header_rows + 1):
        if not row:
            continue
        if len(row) != len(names):
            raise ValueError(f"line {line} has {len(row)} cells, not {len(names)}")
        model = "@".join(row[place] for place in key_places)
        if model in models:
            raise ValueError(
                f"model {model!r} is on line {models[model]} and on line {line}; "
                "name the columns that tell them apart as keys"
            )
        models[model] = line
        values.append(
            [_accuracy(row[p], percent, f"line {line}, {names[p]!r}") for p in places]
        )
    accuracies = np.array(values, dtype=np.float64).reshape(-1, len(places))
    if percent and np.isfinite(accuracies).any() and np.nanmax(accuracies) <= 0.01:
        raise ValueError(
            "no accuracy is above 1 %, so they seem to be shares of 1 already; read "
            "them as they are, not as percent"
        )
    return AccuracyTable(
        models=tuple(models), datasets=tuple(columns.values()), accuracies=accuracies
    )


def join_tables(*tables: AccuracyTable) -> AccuracyTable:
    """Return one table of all models and datasets; nan where none has an accuracy.

    Raises
    ------
    ValueError
        If two tables have the same dataset.

    Examples
    --------
    >>> one = read_table("model,val\\na,0.75\\nb,0.5\\n")
    >>> two = read_table("model,v2\\nb,0.25\\nc,0.5\\n")
    >>> joined = join_tables(one, two)
    >>> joined.models, joined.accuracies.tolist()
    (('a', 'b', 'c'), [[0.75, nan], [0.5, 0.25], [nan, 0.5]])
    """
    datasets = [name for table in tables for name in table.datasets]
    if len(set(datasets)) < len(datasets):
        twice = next(name for name in datasets if datasets.count(name) > 1)
        raise ValueError(f"dataset {twice!r} is in more than one table")
    places: dict[str, int] = {}
    for table in tables:
        for model in table.models:
            places.setdefault(model, len(places))
    accuracies = np.full((len(places), len(datasets)), np.nan)
    start = 0
    for table in tables:
        rows = [places[model] for model in table.models]
        accuracies[rows, start : start + len(table.datasets)] = table.accuracies
        start += len(table.datasets)
    return AccuracyTable(
        models=tuple(places), datasets=tuple(datasets), accuracies=accuracies
    )


def _place(names: Sequence[str], name: str) -> int:
    found = [i for i, known in enumerate(names) if known == name]
    if len(found) != 1:
        problem = "no column" if not found else f"{len(found)} columns"
        shown = ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")
        raise ValueError(f"{problem} named {name!r}; the columns are {shown}")
    return found[0]


def _accuracy(cell: str, percent: bool, where: str) -> float:
    if not cell.strip():
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(f"{where}: {cell!r} is not a number") from None
    value = value / 100 if percent else value
    if not 0 <= value <= 1:  # catches nan
        limit, cure = ("[0, 100]", "") if percent else ("[0, 1]", "; is it percent?")
        raise ValueError(f"{where}: accuracy must be in {limit}, got {cell}{cure}")
    return value
