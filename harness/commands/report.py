"""Accuracy on the line over a table of accuracies, without running a network.

A table is a CSV file with one row a model and one column a dataset:

    harness report accuracies.csv --percent
    harness report val.csv v2.csv --column top1 --key model --key img_size --percent

With several files the chosen column of each is a dataset, named after the file. The
report fits accuracy on every dataset against accuracy on one (the first, or --against)
as it is, on the probit and on the logit scale.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import BadData, HarnessError, MissingData, UnknownName

if TYPE_CHECKING:
    from harness.analysis.tables import AccuracyTable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to read, and how."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--key",
        action="append",
        metavar="COLUMN",
        help="column that names the model (default: the first); several are joined "
        "where one alone does not tell models apart",
    )
    parser.add_argument(
        "--column",
        action="append",
        metavar="COLUMN",
        help="a column of accuracies (repeatable; default: all but the keys)",
    )
    parser.add_argument(
        "--percent", action="store_true", help="accuracies are written in percent"
    )
    parser.add_argument(
        "--header-rows",
        type=int,
        default=1,
        metavar="N",
        help="lines of column names; names of several are joined by '-' (default 1)",
    )
    parser.add_argument(
        "--against", metavar="DATASET", help="the reference (default: the first)"
    )
    parser.add_argument(
        "--on",
        action="append",
        metavar="DATASET",
        help="only these others, names or wildcards (repeatable; default: all)",
    )
    parser.add_argument(
        "--drop-zeros",
        action="store_true",
        help="leave out models whose accuracy is 0, which has no probit or logit",
    )
    parser.add_argument(
        "--scale",
        choices=("probit", "logit", "linear"),
        default="probit",
        help="of the printed slope, bias and error (default probit)",
    )
    parser.add_argument("--json", type=Path, metavar="PATH", help="write lines as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the lines; 0, or HarnessError."""
    from harness.analysis.scales import Scale
    from harness.report.json import plain, write_atomically
    from harness.report.on_the_line import line_table, table_lines
    from harness.report.text import show

    table = _table(arguments)
    against = arguments.against or table.datasets[0]
    if against not in table.datasets:
        raise UnknownName("dataset", against, table.datasets)
    rows = table_lines(_chosen(table, against, arguments), against)
    show(
        line_table(rows, scale=Scale(arguments.scale), against=against, most=len(rows))
    )
    if arguments.json:
        content = {"against": against, "lines": plain(rows)}
        write_atomically(arguments.json, json.dumps(content, indent=1))
    return 0


def _table(arguments: argparse.Namespace) -> AccuracyTable:
    from harness.analysis.tables import join_tables

    tables = [_read(path, arguments) for path in arguments.files]
    try:
        return join_tables(*tables)
    except ValueError as error:
        raise BadData(f"{error}; name one --column a file") from error


def _read(path: Path, arguments: argparse.Namespace) -> AccuracyTable:
    from harness.analysis.tables import read_table

    if not path.is_file():
        raise MissingData("table", [path], "name a CSV file of accuracies")
    try:
        text = path.read_text(encoding="utf-8-sig")
        header = text.partition("\n")[0].partition(",")[0].strip()
        columns = None
        if arguments.column:
            alone = len(arguments.files) > 1 and len(arguments.column) == 1
            columns = {name: path.stem if alone else name for name in arguments.column}
        return read_table(
            text,
            keys=tuple(arguments.key or (header,)),
            columns=columns,
            percent=arguments.percent,
            header_rows=arguments.header_rows,
        )
    except (ValueError, OSError) as error:
        raise BadData(f"table {path} cannot be read: {error}") from error


def _chosen(
    table: AccuracyTable, against: str, arguments: argparse.Namespace
) -> AccuracyTable:
    """The reference and the datasets asked for; zeros as if they were not measured."""
    import numpy as np

    from harness.analysis.tables import AccuracyTable
    from harness.errors import select

    others = tuple(name for name in table.datasets if name != against)
    if arguments.on:
        others = select("dataset", arguments.on, others)
    if not others:
        raise HarnessError(f"the table has no dataset but {against}")
    datasets = (against, *others)
    accuracies = np.column_stack([table.column(name) for name in datasets])
    if arguments.drop_zeros:
        accuracies = np.where(accuracies == 0, np.nan, accuracies)
    return AccuracyTable(models=table.models, datasets=datasets, accuracies=accuracies)
