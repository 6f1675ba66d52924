"""The report of an earlier run, or accuracy on the line over a table of accuracies.

A run's JSON report, or its measurements as CSV or Parquet, are printed as at the end of
the run, and written in other forms:

    harness report report.json --html report.html
    harness report measurements.csv --short

Measurements are fitted again; gates, losses and details are in the JSON alone. A table
is a CSV file with one row a model and one column a dataset:

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
from typing import TYPE_CHECKING, Any

from harness.commands.arguments import a_path
from harness.errors import BadData, HarnessError, UnknownName

if TYPE_CHECKING:
    from harness.analysis.tables import AccuracyTable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to read, and how."""
    parser.add_argument("files", nargs="+", type=a_path, metavar="FILE")
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
    parser.add_argument(
        "--json",
        type=a_path,
        metavar="PATH",
        help="write the report, or lines, as JSON",
    )
    parser.add_argument(
        "--short",
        action="store_true",
        help="leave out the table of each metric and the plot",
    )
    for field, (metavar, what) in _WRITTEN.items():
        help_ = f"write a run's {what}"
        parser.add_argument(
            _option(field), dest=field, type=a_path, metavar=metavar, help=help_
        )


def _option(field: str) -> str:
    """What it is called on the command line."""
    return f"--{field.removeprefix('report_').replace('_', '-')}"


# As in `harness.report.files.WRITERS`; JSON has an option of both kinds of input.
_WRITTEN = {
    "report_html": ("PATH", "page"),
    "report_md": ("PATH", "Markdown"),
    "report_csv": ("PATH", "measurements as CSV"),
    "report_parquet": ("PATH", "measurements as Parquet"),
    "tables_csv": ("DIR", "tables of sections as CSV"),
    "tables_parquet": ("DIR", "tables of sections as Parquet"),
    "tables_latex": ("DIR", "tables of sections in LaTeX"),
    "report_bib": ("PATH", "BibTeX of its metrics"),
    "plots": ("DIR", "pictures"),
}
# What only tables of accuracies know: field, and its value where it is not given.
_OF_TABLES = {
    "key": None,
    "column": None,
    "percent": False,
    "header_rows": 1,
    "against": None,
    "on": None,
    "drop_zeros": False,
    "scale": "probit",
}


def run(arguments: argparse.Namespace) -> int:
    """Print a run's report or the lines of a table; 0, or HarnessError."""
    from harness.report.run_file.reopening import kind_of

    runs = [path for path in arguments.files if kind_of(path) != "other"]
    if not runs:
        given = [f for f in _WRITTEN if getattr(arguments, f)]
        given += ["short"] if arguments.short else []
        _refuse(given, "is for a run's report", arguments.files[0])
        return _lines(arguments)
    if len(arguments.files) > 1:
        raise HarnessError(f"a run's report is printed alone: name only {runs[0]}")
    given = [f for f, usual in _OF_TABLES.items() if getattr(arguments, f) != usual]
    _refuse(given, "is for tables of accuracies", runs[0])
    return _reprint(runs[0], arguments)


def _refuse(given: list[str], rule: str, path: Path) -> None:
    if given:
        raise HarnessError(f"{_option(given[0])} {rule}, which {path} is not")


def _reprint(path: Path, arguments: argparse.Namespace) -> int:
    from harness.report.files import check_files, write_files
    from harness.report.run_file.reopening import reopen
    from harness.report.terminal import report_parts
    from harness.report.text import show, terminal_width

    paths = {f: p for f in _WRITTEN if (p := getattr(arguments, f)) is not None}
    if arguments.json:
        paths["report_json"] = arguments.json
    check_files(paths, option=_option)
    summary = reopen(path)
    show(_opening(summary.run))
    try:
        show(report_parts(summary, width=terminal_width(), short=arguments.short))
        write_files(paths, summary)
    except (ArithmeticError, ValueError) as error:  # of numbers that no run finds
        raise BadData(f"report {path} is damaged: {error}") from error
    return 0


def _opening(run: dict[str, Any]) -> list[str]:
    """What the run that is printed again was."""
    from harness.report.provenance import provenance

    names = [str(name) for name in run.get("models", [])]
    parts = (
        f"base {run['base']}" if "base" in run else "",
        f"models {', '.join(names)}" if names else "",
        provenance(run),
    )
    return [part for part in parts if part]


def _lines(arguments: argparse.Namespace) -> int:
    from harness.analysis.accuracy_lines import table_lines
    from harness.analysis.fits.scales import Scale
    from harness.report.run_file.json import plain, write_report
    from harness.report.sections.lines import LinesSection, line_table
    from harness.report.text import show, terminal_width
    from harness.report.writers.terminal import part_lines

    given = _table(arguments)
    against = arguments.against or given.datasets[0]
    if against not in given.datasets:
        raise UnknownName("dataset", against, given.datasets)
    rows = table_lines(_chosen(given, against, arguments), against)
    scale = Scale(arguments.scale)
    if rows:
        table = line_table(rows, scale=scale, against=against, most=0)
        show(part_lines(table, LinesSection.title, terminal_width()))
    if arguments.json:
        content = {"against": against, "lines": plain(rows)}
        write_report(arguments.json, json.dumps(content, indent=1))
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
    except UnicodeDecodeError as error:
        raise BadData(
            f"{path} must be a report or a CSV table, but is no text"
        ) from error
    except OSError as error:
        raise BadData(f"table {path} cannot be read: {error}") from error
    except ValueError as error:
        unnamed = not header and not arguments.key
        raise BadData(
            f"table {path} cannot be read: {error}{_UNNAMED if unnamed else ''}"
        ) from error


_UNNAMED = (
    ". Its first column, which has no name, was taken for the names of the models; "
    "where that is an index that pandas wrote, name the right column with --key"
)


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
